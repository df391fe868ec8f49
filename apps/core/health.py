"""Whether this installation can do its work: probes that any app may add to.

A probe takes no argument, asks one cheap question and names no person: its answer is public.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.core.models import Canary, Pulse

PULSE_LIMIT = 15  # seconds without a beat
MIGRATIONS_FRESH = 60  # seconds for which "all applied" is believed


@dataclass(frozen=True)
class Probe:
    name: str
    ok: bool
    detail: str


ProbeCallable = Callable[[], Probe]
_registered: list[ProbeCallable] = []
_applied_until = 0.0


def register(probe: ProbeCallable) -> ProbeCallable:
    """Add `probe` to what /readyz asks; works as a decorator, twice is once."""
    if probe not in _registered:
        _registered.append(probe)
    return probe


def probes() -> list[Probe]:
    """Ask every probe. Without a database the others are not asked: each would wait for it."""
    first = _asked(database)
    if not first.ok:
        return [first]
    return [first, *(_asked(probe) for probe in (migrations, pulse, queue, *_registered))]


def _asked(probe: ProbeCallable) -> Probe:
    try:
        return probe()
    except Exception as error:  # whatever a probe dies of is its answer
        return Probe(getattr(probe, "__name__", "probe"), ok=False, detail=type(error).__name__)


def database() -> Probe:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Probe("database", ok=True, detail=connection.vendor)


def migrations() -> Probe:
    """Compare the code's migrations with the database's; a clean answer is kept for a minute."""
    global _applied_until  # noqa: PLW0603
    if time.monotonic() < _applied_until:
        return Probe("migrations", ok=True, detail="all applied")
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        return Probe("migrations", ok=False, detail=f"{missing} to apply: run manage.py migrate")
    _applied_until = time.monotonic() + MIGRATIONS_FRESH
    return Probe("migrations", ok=True, detail="all applied")


def pulse() -> Probe:
    beat = Pulse.objects.values_list("beat_at", flat=True).first()
    if beat is None:
        return Probe("pulse", ok=False, detail="has never beaten: run manage.py pulse")
    age = (timezone.now() - beat).total_seconds()
    return Probe("pulse", ok=age < PULSE_LIMIT, detail=f"last beat {age:.0f} s ago")


def queue() -> Probe:
    """Ask how long ago any worker answered the canary."""
    answered = Canary.objects.exclude(answered_at=None).order_by("-answered_at").first()
    if answered is None or answered.answered_at is None:
        return Probe("queue", ok=False, detail="no worker has answered yet")
    age = (timezone.now() - answered.answered_at).total_seconds()
    return Probe("queue", ok=age < settings.CANARY_LIMIT, detail=f"answered {age:.0f} s ago")
