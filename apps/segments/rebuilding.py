"""Applying a new or edited rule to all contacts: one set-based difference, in ranges of ids."""

from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from apps.contacts.models import Contact
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.segments.marks import mark
from apps.segments.models import Membership, Rebuild, Segment, Transition
from apps.segments.plan import Planned, live_plan
from apps.segments.population import Population
from apps.segments.settling import Move, effective_now, write

RANGE = 2000  # contacts locked at once
FORGOTTEN_AFTER = timedelta(seconds=15)
REBUILD_JOB = "apps.segments.jobs.rebuild"


def order(segment: Segment, *, now: datetime, enrol_existing: bool = False) -> Rebuild:
    """Write down that the segment's present revision must be applied, and wake a worker."""
    Rebuild.objects.filter(segment=segment, state=Rebuild.State.WAITING).update(
        state=Rebuild.State.SUPERSEDED, finished_at=now
    )
    rebuild = Rebuild.objects.create(
        segment=segment,
        revision=segment.revision,
        enrol_existing=enrol_existing,
        started_at=now,
        touched_at=now,
    )
    ring(REBUILD_JOB, rebuild.pk)
    return rebuild


def resume(*, now: datetime) -> None:
    """Wake a worker for each rebuild that nobody has touched for a while."""
    forgotten = Rebuild.objects.filter(
        state=Rebuild.State.WAITING, touched_at__lt=now - FORGOTTEN_AFTER
    )
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now) == 1:
            ring(REBUILD_JOB, pk)


def run(rebuild_id: int, *, now: datetime | None = None) -> None:
    """Carry a rebuild to its end, from where it last committed. Safe to run twice at once."""
    while rebuild_range(rebuild_id, now=now or timezone.now()):
        reached("rebuild.between_ranges")


def rebuild_range(rebuild_id: int, *, now: datetime) -> bool:
    """Apply the rule to the next range of contacts; return whether there is more to do.

    The range, the row's own progress and the transitions commit together, so a killed
    worker's successor goes on where it stood and nobody enters twice.
    """
    with transaction.atomic():
        rebuild = Rebuild.objects.select_for_update().select_related(None).get(pk=rebuild_id)
        if rebuild.state != Rebuild.State.WAITING:
            return False
        locked = _lock_range(after=rebuild.done_to)
        segment = Segment.objects.get(pk=rebuild.segment_id)
        if segment.revision != rebuild.revision:
            return _finish(rebuild, Rebuild.State.SUPERSEDED, now)
        if not locked:
            return _finish(rebuild, Rebuild.State.DONE, now)
        moves = _moves(segment, locked[0], locked[-1], now=now)
        _apply(rebuild, moves, now=effective_now(now))
        rebuild.done_to = locked[-1]
        rebuild.touched_at = now
        rebuild.save()
        reached("rebuild.before_commit")
    return True


def _lock_range(*, after: int) -> list[int]:
    rows = Contact.objects.select_for_update().filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:RANGE])


def _finish(rebuild: Rebuild, state: Rebuild.State, now: datetime) -> bool:
    rebuild.state = state
    rebuild.finished_at = now
    rebuild.save()
    return False


def _moves(segment: Segment, first: int, last: int, *, now: datetime) -> list[Move]:
    """Return who must enter and who must leave between two ids, found by two queries."""
    plan = live_plan()
    planned = plan.by_slug.get(segment.slug)
    if planned is None and segment.slug in plan.broken:
        return []
    here = Contact.objects.filter(pk__gte=first, pk__lte=last)
    stored = Membership.objects.filter(segment=segment.pk, contact=OuterRef("pk"))
    cause = f"revision:{segment.revision}"
    if planned is None:  # no longer live: everybody leaves
        gone = Planned(segment.pk, segment.slug, segment.name, None)
        leaving = here.filter(Exists(stored)).values_list("pk", flat=True)
        return [Move(pk, gone, Transition.Kind.LEFT, cause) for pk in leaving]
    belongs = (
        Population(plan, effective_now(now)).members(planned).filter(pk__gte=first, pk__lte=last)
    )
    entering = belongs.exclude(Exists(stored)).values_list("pk", flat=True)
    staying = belongs.filter(pk=OuterRef("pk"))
    leaving = here.filter(Exists(stored)).exclude(Exists(staying)).values_list("pk", flat=True)
    return sorted(
        chain(
            (Move(pk, planned, Transition.Kind.ENTERED, cause) for pk in entering),
            (Move(pk, planned, Transition.Kind.LEFT, cause) for pk in leaving),
        ),
        key=lambda move: move.contact_id,
    )


def _apply(rebuild: Rebuild, moves: list[Move], *, now: datetime) -> None:
    """Write the moves, and mark who moved for the segments that refer to this one.

    Those follow as quietly: an edit must not start the sequences of others either.
    """
    quiet = not rebuild.enrol_existing
    write(moves, now=now, quiet=quiet)
    mark({move.contact_id: {f"segment:{move.segment.slug}"} for move in moves}, quiet=quiet)
    entered = sum(move.kind == Transition.Kind.ENTERED for move in moves)
    rebuild.entered = F("entered") + entered
    rebuild.departed = F("departed") + len(moves) - entered
