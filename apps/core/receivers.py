"""What this app does when django-q2's worker begins and ends a task."""

from django_q.signals import post_execute_in_worker, pre_execute

from apps.core import attempts, busy

pre_execute.connect(attempts.begins)
pre_execute.connect(busy.begins)
post_execute_in_worker.connect(busy.ends)
