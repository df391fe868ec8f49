"""Time: every second, mark the contacts whose facts slid across the edge of a window.

For each edge only the sliver since the last tick is looked up, by index: the cost follows the
number that flip, never the number that exist.

A tick first moves the watermark, and commits: from then on nobody settles behind it. Only then
it sweeps what lies between, so whatever a settling before it left is seen. It sweeps in pieces,
each committed, so that a midnight at which a hundred thousand flip holds up nobody; the next
tick goes on where a killed one stood.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from apps.core.crashpoints import reached
from apps.segments import rebuilding, sizes
from apps.segments.calendar import installed
from apps.segments.marks import wake
from apps.segments.models import Watermark
from apps.segments.plan import live_plan
from apps.segments.settling import settle_waiting
from apps.segments.sweeping import mark_swept, slivers

A_SECOND_OF_WORK = 500  # marks a beat settles itself; workers take the rest
PIECE = 10_000  # contacts marked in one transaction: a fifth of a second
_SETTINGS = """
SELECT set_config('synchronous_commit', 'off', true), set_config('jit', 'off', true)
"""


def beat(*, now: datetime) -> None:
    """Tick, settle what is waiting (what slid just now, what a killed process left), count."""
    tick(now=now)
    settle_waiting(limit=A_SECOND_OF_WORK)
    sizes.fold()
    rebuilding.resume(now=now)


def tick(*, now: datetime) -> int:
    """Mark every contact that time alone may move since the last tick; return how many.

    However many processes tick, and however long none did, each instant is swept once.
    """
    marked = 0
    while (target := _set_out(now)) is not None:
        marked += _sweep()
        if target >= now:
            break
    return marked


def _set_out(now: datetime) -> datetime | None:
    """Move the watermark, unless a sweep is under way; return up to when to sweep."""
    with _transaction():
        watermark = _locked()
        if watermark is None:
            Watermark.objects.create(pk=1, ticked_to=now)
            return None
        if watermark.swept_to is None:
            if now <= watermark.ticked_to:
                return None
            watermark.swept_to, watermark.ticked_to = watermark.ticked_to, now
            watermark.save()
    reached("tick.set_out")
    return watermark.ticked_to


def _sweep() -> int:
    """Carry the sweep that is under way to its end; return how many contacts were marked."""
    marked = 0
    while True:
        piece = _sweep_piece()
        marked += piece
        if piece < PIECE:
            return marked
        reached("tick.between_pieces")


def _sweep_piece() -> int:
    """Mark the next contacts by id, in one transaction with how far that is."""
    with _transaction():
        watermark = _locked()
        if watermark is None or watermark.swept_to is None:
            return 0
        since, until = watermark.swept_to, watermark.ticked_to
        found = slivers(live_plan().edges, since=since, until=until, calendar=installed())
        ids = mark_swept(found, since=since, until=until, after=watermark.done_to, limit=PIECE)
        wake(ids)
        if len(ids) < PIECE:
            watermark.swept_to, watermark.done_to = None, 0
        else:
            watermark.done_to = max(ids)
        watermark.save()
        reached("tick.before_commit")
    return len(ids)


@contextmanager
def _transaction() -> Iterator[None]:
    """Commit without waiting for the disk: what a power cut takes of a tick, the next one does.

    PostgreSQL keeps commits in order, so nothing that was settled on the ground of it outlives it.
    So many look-ups are thought dear there, and would be compiled at ten times their cost.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(_SETTINGS)
        yield


def _locked() -> Watermark | None:
    return Watermark.objects.select_for_update().order_by("pk").first()
