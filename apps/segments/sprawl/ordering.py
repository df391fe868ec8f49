"""Asking for a report, and seeing to it that a worker is at it."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.core.jobs import ring
from apps.segments.models import SprawlReport

JOB = "apps.segments.jobs.carry_on_report"
FORGOTTEN_AFTER = timedelta(seconds=70)  # longer than a task may take: it is dead by then


def order(*, now: datetime) -> SprawlReport:
    """Write down that a report is wanted, and wake a worker; one under way is the one."""
    latest = SprawlReport.objects.done().order_by("-pk").first()
    try:
        with transaction.atomic():
            report = SprawlReport.objects.create(
                proved=latest.proved if latest else {}, asked_at=now, touched_at=now
            )
            ring(JOB, report.pk)
    except IntegrityError:
        return SprawlReport.objects.under_way().get()
    return report


def resume(*, now: datetime) -> None:
    """Wake a worker for a report that nobody has touched for a while."""
    forgotten = SprawlReport.objects.under_way().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now):
            ring(JOB, pk)
