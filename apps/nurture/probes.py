"""What nurture tells /readyz."""

from datetime import timedelta

from django.utils import timezone

from apps.core.health import Probe, register
from apps.nurture.models import Message

RECENT = timedelta(days=1)
BACKLOG = timedelta(minutes=5)


@register
def mail() -> Probe:
    """Say how much mail waits for a person, and whether any waits for a worker in vain."""
    now = timezone.now()
    doubts = Message.objects.in_doubt().count()
    dead = Message.objects.dead().filter(changed_at__gt=now - RECENT).count()
    stuck = Message.objects.neglected(now - BACKLOG).exists()
    detail = f"{doubts} in doubt, {dead} failed within a day"
    return Probe(
        "mail", ok=not stuck, detail=f"{detail}, some waits unattended" if stuck else detail
    )
