"""The pulse: once a second, one process of all says so, and the apps do what is due.

Several may run, on several hosts: a conditional update of one row decides who acts. No lock is
held while the receivers work, so each claims what it does; a receiver that fails stops no other.
"""

import time
from datetime import datetime, timedelta
from threading import Event

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections
from django.db.models.functions import Now
from django.utils import timezone

from apps.core import canary, nightly
from apps.core.models import Pulse
from apps.core.signals import second_passed

SECOND = timedelta(milliseconds=950)  # two beats are at least this far apart
LONGEST_PAUSE = 5.0  # seconds between two looks for a database that is away

log = structlog.get_logger(__name__)


def claim_second() -> datetime | None:
    """Return now, by the database's clock, if this process is the one to act; else None."""
    row = Pulse.objects.annotate(now=Now()).first()
    if row is None:
        Pulse.objects.bulk_create([Pulse(beat_at=timezone.now())], ignore_conflicts=True)
        return None
    if abs(row.now - row.beat_at) < SECOND:
        return None
    won = Pulse.objects.filter(beat_at=row.beat_at).update(beat_at=row.now)
    return row.now if won else None


def beat(*, now: datetime) -> None:
    """Ring the canaries, then tell every app that a second has passed."""
    canary.ring_due(now=now)
    second_passed.send_robust(sender=Pulse, now=now)  # logs what a receiver raises


def run(stopping: Event) -> None:
    """Beat until `stopping` is set; a beat under way is finished."""
    pause = 0.0
    scheduled = False
    while not stopping.wait(pause or _until_the_next_second()):
        close_old_connections()
        try:
            if not scheduled:
                nightly.declare(now=timezone.now())
                scheduled = True
            if now := claim_second():
                beat(now=now)
            pause = 0.0
        except (OperationalError, InterfaceError) as error:
            pause = min(LONGEST_PAUSE, pause * 2 or 0.5)
            log.warning("the pulse waits for its database", error=type(error).__name__)


def _until_the_next_second() -> float:
    return 1.0 - time.time() % 1.0
