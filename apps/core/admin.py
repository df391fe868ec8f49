"""Dead tasks, for admins. django-q2's own pages are taken away: they can run any function."""

import django_q.admin  # noqa: F401 - registers its pages now, so that they can be taken away
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

from apps.core import attempts
from apps.core.models import DeadTask

admin.site.unregister([Failure, OrmQ, Schedule, Success])


@admin.register(DeadTask)
class DeadTaskAdmin(admin.ModelAdmin[DeadTask]):
    list_display = ["job", "ids", "attempts", "buried_at"]
    list_filter = ["job"]
    readonly_fields = ["job", "ids", "attempts", "error", "buried_at"]
    actions = ["retry"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Try again")
    def retry(self, request: HttpRequest, queryset: QuerySet[DeadTask]) -> None:
        revived = sum(attempts.revive(dead) for dead in queryset)
        self.message_user(request, f"{revived} tasks stand in the queue again.", messages.SUCCESS)
