"""What workers do for nurture. Idempotent: rows are the truth, a task is a doorbell."""

from django.utils import timezone

from apps.nurture import handing


def deliver(message_id: int) -> None:
    """Hand one message over to the mail server, if it is still to be."""
    handing.deliver(message_id, clock=timezone.now)
