"""What this app does when a task begins and ends in a worker, and when it is acknowledged."""

from django_q.signals import post_execute, post_execute_in_worker, pre_execute

from apps.core import attempts, busy, canary

pre_execute.connect(attempts.begins)
pre_execute.connect(busy.begins)
post_execute_in_worker.connect(busy.ends)
post_execute.connect(canary.heard)
