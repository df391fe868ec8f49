"""What workers do for nurture. Each is idempotent: rows are the truth, a task is a doorbell."""

from django.utils import timezone

from apps.nurture import handing, sweeping, walking


def deliver(message_id: int) -> None:
    """Hand one message over to the mail server, if it is still to be."""
    handing.deliver(message_id, clock=timezone.now)


def run_due() -> None:
    """Advance the enrolments whose wait is over and look after neglected messages."""
    now = timezone.now()
    walking.advance_due(now=now)
    sweeping.sweep(now=now)
