"""Jobs of the night: declared in settings.NIGHTLY, kept in django-q2's schedule."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django_q.models import OrmQ, Schedule, Task

from apps.core import canary
from apps.core.models import Attempt

FAILURES_KEPT = timedelta(days=7)


@transaction.atomic
def declare(*, now: datetime) -> None:
    """Make the schedule what settings say: add, move to another hour, remove."""
    Schedule.objects.exclude(func__in=settings.NIGHTLY).delete()
    for job, hour in settings.NIGHTLY.items():
        _declare(job, hour=hour, now=now)


def _declare(job: str, *, hour: str, now: datetime) -> None:
    """Leave a run that is overdue alone: it is caught up with once."""
    zone = ZoneInfo(settings.TIME_ZONE)
    kept = Schedule.objects.filter(func=job).first()
    if kept and kept.next_run and f"{kept.next_run.astimezone(zone):%H:%M}" == hour:
        return
    Schedule.objects.update_or_create(
        func=job,
        defaults={
            "name": job,
            "schedule_type": Schedule.DAILY,
            "next_run": next_time(hour, after=now, zone=zone),
        },
    )


def next_time(hour: str, *, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `after` at which a clock in `zone` shows `hour` (HH:MM)."""
    at = datetime.strptime(hour, "%H:%M").time()  # noqa: DTZ007
    local = after.astimezone(zone)
    today = datetime.combine(local.date(), at, tzinfo=zone)
    return today if today > local else today + timedelta(days=1)


def tidy() -> None:
    """Forget what the queue has left behind: ended tasks' counts, old failures, lost clusters."""
    now = datetime.now(tz=ZoneInfo("UTC"))
    Attempt.objects.exclude(task__in=OrmQ.objects.values("id")).delete()
    Task.objects.filter(stopped__lt=now - FAILURES_KEPT).delete()
    canary.dismiss_forgotten(now=now)
