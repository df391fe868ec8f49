"""Applying a new or edited rule to all contacts, or all rules: one set-based difference.

A rebuild is cut into parts, each the contacts between two ids, which workers take side by side.
A part first looks at all its contacts by one statement and holds nobody; then it writes who
differs in small pieces, each with its bucket held alone (locking.py). Whom something overtook
since then, it looks at again (overtaking.py). So whoever is settled meanwhile waits for one
small piece at most, and is judged by the new rule.
"""

import time
from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.contacts.models import Contact
from apps.core.attempts import goes_on_from
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.segments import overtaking
from apps.segments.deciding import differences_of, read_by_others
from apps.segments.locking import BUCKET_BITS, bucket, ends, next_size, take
from apps.segments.looking import Look, look_at
from apps.segments.marks import call_workers
from apps.segments.models import Change, Ladder, Rebuild, RebuildPart, Segment
from apps.segments.moving import Moved, given, mark_moved, move
from apps.segments.plan import Plan, live_plan
from apps.segments.scope import Scope
from apps.segments.settling import batches, effective_now, settle_apart, settle_waiting

PART = (
    16 << BUCKET_BITS
)  # ids: each part looks through all events of a name, however few its contacts
PIECE = 2000  # contacts written at once, to begin with
LEAST, LARGEST = 500, 20_000
TRIES = 5  # at a piece in which facts keep coming
PATIENCE = timedelta(seconds=2)  # marks older than this are settled first
FORGOTTEN_AFTER = timedelta(seconds=15)
REBUILD_JOB = "apps.segments.jobs.rebuild"


def order(
    segment: Segment, *, now: datetime, enrol_existing: bool = False, beside: Collection[str] = ()
) -> Rebuild:
    """Write down that the segment's present revision must be applied, and wake the workers.

    The live segments `beside` it are decided with it, and all that refer to any of them: where
    rungs change places, each alone would see the others where they stood before. What a
    rebuild that is not done yet had to decide stays to be decided.
    """
    waiting = Rebuild.objects.filter(segment=segment, state=Rebuild.State.WAITING)
    slugs = {*beside}.union(*(rebuild.beside for rebuild in waiting)) - {segment.slug}
    rungs = Segment.objects.live().filter(slug__in=slugs)
    waiting.update(state=Rebuild.State.SUPERSEDED, finished_at=now)
    rebuild = Rebuild.objects.create(
        segment=segment,
        revision=segment.revision,
        beside=dict(rungs.values_list("slug", "revision")),
        enrol_existing=enrol_existing,
        started_at=now,
    )
    _cut(rebuild, now=now)
    return rebuild


def order_ladder(ladder: Ladder, *, now: datetime) -> Rebuild:
    """Write down that the rungs of a ladder must be looked at anew, together: it was arranged.

    Whoever changes rungs leaves one and enters the other at the same instant. Nobody starts a
    sequence by it.
    """
    Rebuild.objects.filter(ladder=ladder, state=Rebuild.State.WAITING).update(
        state=Rebuild.State.SUPERSEDED, finished_at=now
    )
    rebuild = Rebuild.objects.create(ladder=ladder, revision=0, started_at=now)
    _cut(rebuild, now=now)
    return rebuild


@transaction.atomic
def order_all(*, now: datetime) -> Rebuild:
    """Write down that every live segment must be looked at anew: after a change of the zone.

    Nobody starts a sequence by it.
    """
    rebuild = Rebuild.objects.create(segment=None, revision=0, started_at=now)
    _cut(rebuild, now=now)
    return rebuild


def rebuild_all(*, now: datetime | None = None) -> Rebuild:
    """Apply every live rule to everybody, here and to the end."""
    rebuild = order_all(now=now or timezone.now())
    run(rebuild.pk, now=now)
    return rebuild


def resume(*, now: datetime) -> None:
    """Wake a worker for each part that nobody has touched for a while."""
    waiting = _open_parts().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in waiting.values_list("pk", flat=True):
        if RebuildPart.objects.filter(pk=pk, touched_at__lt=now - FORGOTTEN_AFTER).update(
            touched_at=now
        ):
            ring(REBUILD_JOB, pk)


def run(rebuild_id: int, *, now: datetime | None = None) -> None:
    """Carry all parts of a rebuild to their end, from where they last committed."""
    for pk in _open_parts().filter(rebuild=rebuild_id).values_list("pk", flat=True):
        run_part(pk, now=now)


def run_part(part_id: int, *, now: datetime | None = None) -> None:
    """Carry a part to its end, from where it last committed. Safe to run twice at once."""
    part = RebuildPart.objects.select_related("rebuild__segment").get(pk=part_id)
    if part.is_done or part.rebuild.state != Rebuild.State.WAITING:
        return
    _let_the_old_rule_end(part)
    RebuildPart.objects.filter(pk=part_id).update(touched_at=now or timezone.now())
    goes_on_from(part.done_to)
    look = look_at(part, now=now or timezone.now())
    movers = array("q", dict.fromkeys(look.contacts))
    size, done = PIECE, 0
    while done < len(movers):
        piece = _piece(movers[done : done + size])
        began = time.monotonic()
        if not _write(part_id, piece, look, now=now or timezone.now(), tries=TRIES):
            return
        reached("rebuild.between_ranges")
        done += len(piece)
        size = next_size(size, time.monotonic() - began, least=LEAST, largest=LARGEST)
        if done < len(movers):
            _give_way()
    _end(part, now=now or timezone.now())


def _open_parts() -> QuerySet[RebuildPart]:
    waiting = RebuildPart.objects.filter(rebuild__state=Rebuild.State.WAITING)
    return waiting.filter(done_to__lt=F("last")).order_by("pk")


def _cut(rebuild: Rebuild, *, now: datetime) -> None:
    starts = range(0, _newest() + 1, PART)
    lasts = [*(start - 1 for start in starts[1:]), RebuildPart.OPEN]
    parts = [
        RebuildPart(rebuild=rebuild, first=first, last=last, done_to=first - 1, touched_at=now)
        for first, last in zip(starts, lasts, strict=True)
    ]
    for part in RebuildPart.objects.bulk_create(parts):
        ring(REBUILD_JOB, part.pk)


def _newest() -> int:
    return Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _let_the_old_rule_end(part: RebuildPart) -> None:
    """Wait until whoever began to settle by the rules of before has committed.

    Afterwards nobody moves by the old rule unseen; whoever begins later reads the new one.
    With one writer whoever began before the edit had ended before it.
    """
    if connection.vendor != "postgresql":
        return
    for number in range(bucket(part.done_to + 1), bucket(min(part.last, _newest())) + 1):
        with transaction.atomic():
            take([number])


def _piece(movers: Sequence[int]) -> list[int]:
    """Return those of the first one's bucket."""
    _, last = ends(bucket(movers[0]))
    return [pk for pk in movers if pk <= last]


def _write(part_id: int, piece: Sequence[int], look: Look, *, now: datetime, tries: int) -> bool:
    """Write who moves of a piece; return whether the rebuild goes on.

    Facts that nobody has settled yet come first, in transactions of their own: who enters by
    a fact starts sequences, and moved by the rebuild would not.
    """
    for batch in batches(_with_facts(piece)):
        settle_apart(batch, now=now)
    with transaction.atomic():
        _need_not_last()
        part = RebuildPart.objects.select_for_update().get(pk=part_id)
        take([bucket(piece[0])])
        unsettled = _with_facts(piece)
        if not (tries and unsettled):
            return _write_held(part, piece, look, unsettled, now=now)
    return _write(part_id, piece, look, now=now, tries=tries - 1)


def _need_not_last() -> None:
    """Let the transaction commit without waiting for the disk.

    Should the server fail the next moment, the piece is lost with the part's progress, and done
    again. Whatever comes of it later, such as a mail, waits for the disk and so for this too.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


def _with_facts(piece: Sequence[int]) -> list[int]:
    """Return which of these contacts are marked; what an edit alone marked may wait."""
    marks = Change.objects.filter(quiet=False, contact__gte=piece[0], contact__lte=piece[-1])
    return sorted(set(marks.values_list("contact_id", flat=True)).intersection(piece))


def _write_held(
    part: RebuildPart,
    piece: Sequence[int],
    look: Look,
    unsettled: Collection[int],
    *,
    now: datetime,
) -> bool:
    """Write who moves of a piece whose part and bucket are held; return whether it is wanted.

    The movements and the part's own progress commit together, so a killed worker's
    successor goes on where it stood and nobody enters twice. Whether it is still wanted is
    asked after the rules are read: a newer one may have another wish for existing members.
    """
    plan = live_plan()
    rebuild = Rebuild.objects.select_related("segment").get(pk=part.rebuild_id)
    if not _is_wanted(rebuild, now=now):
        return False
    if left := piece[bisect_right(piece, part.done_to) :]:  # of a worker beside this one
        again = left if plan is not look.plan else _again(left, unsettled)
        moved = _write_moves(rebuild, plan, look, left, again, now=effective_now(now))
        part.done_to = left[-1]
        part.entered += moved.entered
        part.departed += moved.departed
    part.touched_at = now
    part.save()
    reached("rebuild.before_commit")
    return True


def _is_wanted(rebuild: Rebuild, *, now: datetime) -> bool:
    """Return whether no newer revision has taken the rebuild's place."""
    if rebuild.state != Rebuild.State.WAITING:
        return False
    if rebuild.segment is None or rebuild.segment.revision == rebuild.revision:
        return True
    Rebuild.objects.filter(pk=rebuild.pk).update(state=Rebuild.State.SUPERSEDED, finished_at=now)
    return False


def _again(piece: Sequence[int], unsettled: Collection[int]) -> list[int]:
    """Return those of a piece of whom what was found need not be so any more."""
    return sorted(overtaking.between(piece[0], piece[-1]).union(unsettled).intersection(piece))


def _write_moves(
    rebuild: Rebuild,
    plan: Plan,
    look: Look,
    piece: Sequence[int],
    again: Sequence[int],
    *,
    now: datetime,
) -> Moved:
    """Write who moves: as found, at the moment of the look, and some as they are now.

    Those are decided in all that the rebuild decides: whoever was settled meanwhile saw them
    where they stood before it. Who moved is marked for the segments that refer to this one, and
    as quietly: an edit must not start the sequences of others either.
    """
    overtaken = frozenset(again)
    as_found = [row for row in look.at(piece) if row[0] not in overtaken]
    found = [(given(as_found), look.now)] if as_found else []
    if again:
        differences = differences_of(rebuild, plan, Scope(ids=tuple(again)), now=now)
        found += [(sql, now) for sql in differences]
    if not found:
        return Moved(0, 0)
    quiet = not rebuild.enrol_existing
    whole = "ladder" if rebuild.ladder_id else "rebuild"
    cause = f"revision:{rebuild.revision}" if rebuild.segment else whole
    moved = move(found, cause=cause, now=now, quiet=quiet)
    if moved == Moved(0, 0):
        return moved
    overtaking.note_moved(rebuild)
    if key := read_by_others(rebuild, plan):
        mark_moved(key, quiet=quiet)
        call_workers()
    return moved


def _give_way() -> None:
    """Settle what waits too long before going on: what people do comes before."""
    while True:
        oldest = Change.objects.order_by("pk").values_list("created_at", flat=True).first()
        if oldest is None or timezone.now() - oldest < PATIENCE:
            return
        if not settle_waiting(limit=PIECE):
            return


def _end(part: RebuildPart, *, now: datetime) -> None:
    """Close the part, and with the last one the rebuild."""
    with transaction.atomic():
        rebuild = Rebuild.objects.select_for_update(of=("self",)).get(pk=part.rebuild_id)
        RebuildPart.objects.filter(pk=part.pk).update(done_to=part.last, touched_at=now)
        if rebuild.state == Rebuild.State.WAITING and not _open_parts().filter(rebuild=rebuild):
            Rebuild.objects.filter(pk=rebuild.pk).update(state=Rebuild.State.DONE, finished_at=now)
        overtaking.forget()
