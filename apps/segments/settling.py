"""Settling: bringing the membership of marked contacts to what facts, rules and clock say.

A few contacts are judged in memory, many by one statement. Everything here keeps one lock
order: buckets, contacts by ascending id, then what hangs on them.
"""

import json
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import NamedTuple

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from apps.contacts.models import Contact
from apps.core import rows
from apps.core.crashpoints import reached
from apps.rules.clock import Clock
from apps.segments import facts as loading
from apps.segments import overtaking, sizes
from apps.segments.calendar import installed
from apps.segments.difference import differences, fits
from apps.segments.locking import held, next_size
from apps.segments.models import Change, Membership, Pin, Transition, Watermark
from apps.segments.plan import Plan, Planned, live_plan
from apps.segments.scope import Scope
from apps.segments.signals import memberships_changed
from apps.segments.standing import Judge

Touched = Mapping[int, tuple[Planned, ...]]  # by contact
Differing = tuple[int, Planned, bool]  # contact, segment, belongs there

log = structlog.get_logger(__name__)

BATCH = 1000  # contacts settled in one transaction
SHORT = 200  # contacts at least, where it makes every other wait
MANY = 5000  # marks looked at together, so that a contact with several is settled once
FEW = 20  # contacts that memory judges sooner than a statement is written
CAUSE_LENGTH = 300


class Mark(NamedTuple):
    """A `Change` as settling reads it."""

    contact_id: int
    keys: list[str]
    quiet: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One contact entering or leaving one segment."""

    contact_id: int
    segment: Planned
    kind: str
    cause: str = ""
    quiet: bool = False  # came of an edited rule alone


def settle_marked(ids: Iterable[int]) -> None:
    """Settle these contacts as of now, where they are marked."""
    reached("settle.rung")
    settle(sorted(ids), now=timezone.now())


def oldest_mark() -> int:
    return Change.objects.order_by("pk").values_list("pk", flat=True).first() or 0


def newest_mark() -> int:
    return Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def settle_up_to(mark: int, *, seconds: float = inf) -> bool:
    """Settle the marks up to this one, for so long; return whether there is more to do.

    There is not once a look at them changes nothing: some cannot be settled, others are of
    contacts that another worker holds. What was marked since is looked at with them.
    """
    until = time.monotonic() + seconds
    waiting = Change.objects.filter(pk__lte=mark)
    before, left = 0, waiting.count()
    while left not in (0, before):
        settle_waiting(limit=MANY, until=until)
        before, left = left, waiting.count()
        if time.monotonic() >= until:
            return left not in (0, before)
    return False


def settle_waiting(*, limit: int, until: float = inf, now: datetime | None = None) -> int:
    """Settle the longest waiting marks, at most `limit` of them; return how many are gone.

    Stop once some are and the monotonic clock is past `until`. Contacts that another worker
    holds are left to it; none gone means no progress, not that none waits.
    """
    oldest = list(Change.objects.order_by("pk").values_list("pk", "contact_id")[:limit])
    for batch in batches(sorted({contact_id for _, contact_id in oldest})):
        settle_apart(batch, now=now or timezone.now())
        if time.monotonic() >= until and (gone := _gone(oldest)):
            return gone
    return _gone(oldest)


def _gone(oldest: Sequence[tuple[int, int]]) -> int:
    """Return how many of the oldest marks are no more."""
    left = Change.objects.filter(pk__lte=oldest[-1][0]).count() if oldest else 0
    return max(len(oldest) - left, 0)


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the contacts, as many at a time as one transaction should settle.

    On SQLite, where a transaction makes every other wait, so many that it is over soon. A
    statement over many rules has its cost however few it is for, so they are never under SHORT.
    """
    size, done = BATCH if connection.vendor == "postgresql" else SHORT, 0
    while done < len(ids):
        began = time.monotonic()
        yield ids[done : done + size]
        done += size
        if connection.vendor == "sqlite":
            size = next_size(size, time.monotonic() - began, least=SHORT, largest=BATCH)


def settle_apart(ids: Sequence[int], *, now: datetime) -> None:
    """Settle a batch; where that fails, each contact by itself, so that one stops no other."""
    try:
        settle(ids, now=now, skip_locked=True)
    except (OperationalError, InterfaceError):  # the database is away or busy
        raise
    except Exception as error:
        if len(ids) == 1:
            log.exception("a contact cannot be settled", contact=ids[0], error=type(error).__name__)
            return
        for pk in ids:
            settle_apart([pk], now=now)


def settle(ids: Collection[int], *, now: datetime, skip_locked: bool = False) -> list[Move]:
    """Settle contacts in one transaction, their marks deleted with it; return who moved.

    Marks are taken before facts are read: a fact committed in between keeps its mark. The
    rules are read after the locks are held, so that a rebuild, which takes the same locks,
    comes either before with the old rule or after with the new.
    """
    with transaction.atomic():
        contacts = {row.pk: row for row in held(ids, skip_locked=skip_locked)}
        marks = _taken(contacts)
        if not marks:
            return []
        marked = {pk: contacts[pk] for pk in {mark.contact_id for mark in marks}}
        now, rebuilding = _moment(now, marks)
        moves = _moves(marked, marks, now=now)
        for quiet in (False, True):
            write([move for move in moves if move.quiet is quiet], now=now, quiet=quiet)
        if rebuilding:
            overtaking.note(marked)
        reached("settle.before_commit")
    return moves


def _taken(ids: Collection[int]) -> list[Mark]:
    """Read the marks of these contacts and delete those read, by one statement."""
    if not ids:
        return []
    found = rows.run(
        f"DELETE FROM {rows.table(Change)} WHERE contact_id IN ({rows.listed(ids)})"
        " RETURNING contact_id, keys, quiet, created_at"
    )
    return [
        Mark(pk, json.loads(keys), bool(quiet), rows.moment(at)) for pk, keys, quiet, at in found
    ]


def effective_now(now: datetime) -> datetime:
    """Return the moment to judge at: never before the watermark.

    What time itself flipped up to the watermark is done with; an earlier clock, on another
    host, would undo it for good.
    """
    moment, _ = _moment(now)
    return moment


def _moment(now: datetime, marks: Iterable[Mark] = ()) -> tuple[datetime, bool]:
    """Return the moment to judge these marks at, and whether a rebuild waits."""
    [(ticked_to, rebuilding)] = rows.run(
        f"SELECT (SELECT ticked_to FROM {rows.table(Watermark)}), EXISTS ({overtaking.WAITING})"
    )
    moments = [rows.moment(ticked_to)] if ticked_to else []
    return max([now, *(mark.created_at for mark in marks), *moments]), bool(rebuilding)


def _moves(contacts: Mapping[int, Contact], marks: Iterable[Mark], *, now: datetime) -> list[Move]:
    plan = live_plan()
    keys, loud = _keys(marks), _keys(mark for mark in marks if not mark.quiet)
    touched = {pk: plan.touched_by(found) for pk, found in keys.items()}
    union = {segment for found in touched.values() for segment in found}
    if not union:
        return []
    ordered = [segment for segment in plan.segments if segment in union]
    differ = _by_statement if len(contacts) > FEW and fits(ordered) else by_verdict
    causes = {pk: ", ".join(sorted(found))[:CAUSE_LENGTH] for pk, found in keys.items()}
    moves = [
        Move(
            pk,
            segment,
            Transition.Kind.ENTERED if due else Transition.Kind.LEFT,
            causes[pk],
            quiet=segment not in plan.touched_by(loud.get(pk, frozenset())),
        )
        for pk, segment, due in differ(contacts, touched, plan, now)
    ]
    return sorted(moves, key=lambda move: (move.contact_id, move.kind, move.segment.slug))


def _by_statement(
    contacts: Mapping[int, Contact], touched: Touched, plan: Plan, now: datetime
) -> Iterator[Differing]:
    """Yield who is stored elsewhere than where the contact belongs, found by one query.

    It decides all segments that any of the contacts' marks touch; each contact moves in those
    of its own. The marks of the others have their own cause, and will come; until then, what
    refers to those reads them as stored, so a contact that differs there is judged in memory.
    """
    union = {segment for found in touched.values() for segment in found}
    ordered = [segment for segment in plan.segments if segment in union]
    by_pk = {segment.pk: segment for segment in ordered}
    found: list[Differing] = []
    for difference in differences(ordered, plan, now, Scope(ids=tuple(sorted(contacts)))):
        found += [(pk, by_pk[segment], bool(due)) for pk, segment, due in rows.run(*difference)]
    ahead = {pk for pk, segment, _ in found if segment not in touched[pk]}
    yield from (differing for differing in found if differing[0] not in ahead)
    if ahead:
        yield from by_verdict({pk: contacts[pk] for pk in sorted(ahead)}, touched, plan, now)


def by_verdict(
    contacts: Mapping[int, Contact], touched: Touched, plan: Plan, now: datetime
) -> Iterator[Differing]:
    """Yield who is stored elsewhere than where the contact belongs, as it is in memory.

    That need not be as it is stored: so it can be foreseen what a change would do.
    """
    union = {segment.pk: segment for found in touched.values() for segment in found}
    before, pins = stored(contacts, _concerned(contacts, union.values(), plan))
    facts = loading.load(list(contacts.values()), segments=union.values(), standing=before)
    judge = Judge(plan, Clock(now, installed()))
    for pk, contact in contacts.items():
        after: frozenset[str] = frozenset()
        if contact.merged_into_id is None:
            after = judge.stand(touched[pk], facts=facts[pk], pins=pins.get(pk, {}))
        for slug in before.get(pk, frozenset()) ^ after:
            yield pk, plan.by_slug[slug], slug in after


def _concerned(
    contacts: Mapping[int, Contact], touched: Iterable[Planned], plan: Plan
) -> Iterable[Planned]:
    """Return the segments whose members and pins decide those touched; of a tombstone, all."""
    if any(contact.merged_into_id for contact in contacts.values()):
        return plan.segments
    slugs = {
        slug for one in touched for slug in (one.slug, *one.refers_to, *one.rungs)
    } & plan.by_slug.keys()
    return [plan.by_slug[slug] for slug in slugs]


def stored(
    ids: Collection[int], segments: Iterable[Planned]
) -> tuple[dict[int, frozenset[str]], dict[int, dict[str, str]]]:
    """Return in which of the segments each contact is stored, and how it is pinned in which.

    Both by contact; one without any is left out.
    """
    slugs = {segment.pk: segment.slug for segment in segments}
    if not ids or not slugs:
        return {}, {}
    where = f"WHERE contact_id IN ({rows.listed(ids)}) AND segment_id IN ({rows.listed(slugs)})"
    found = rows.run(
        f"SELECT contact_id, segment_id, NULL FROM {rows.table(Membership)} {where}"
        f" UNION ALL SELECT contact_id, segment_id, held FROM {rows.table(Pin)} {where}"
    )
    standing: dict[int, set[str]] = {}
    pins: dict[int, dict[str, str]] = {}
    for contact_id, segment_id, how in found:
        if how is None:
            standing.setdefault(contact_id, set()).add(slugs[segment_id])
        else:
            pins.setdefault(contact_id, {})[slugs[segment_id]] = how
    return {pk: frozenset(within) for pk, within in standing.items()}, pins


def _keys(marks: Iterable[Mark]) -> dict[int, frozenset[str]]:
    """Return the keys of the marks by contact."""
    found: dict[int, set[str]] = {}
    for mark in marks:
        found.setdefault(mark.contact_id, set()).update(mark.keys)
    return {pk: frozenset(keys) for pk, keys in found.items()}


def write(moves: Collection[Move], *, now: datetime, quiet: bool) -> None:
    """Write moves as memberships and transitions, and tell whoever listens, all or nothing.

    The caller holds the contacts' locks. Apps above join this very transaction, so an
    enrolment commits with the membership that caused it or not at all.
    """
    if not moves:
        return
    transitions = [
        Transition(
            segment_id=move.segment.pk,
            contact_id=move.contact_id,
            kind=move.kind,
            at=now,
            cause=move.cause,
        )
        for move in moves
    ]
    rows.store(transitions, ("segment_id", "contact_id", "kind", "at", "cause"))
    entered = [row for row in transitions if row.kind == Transition.Kind.ENTERED]
    left = [row for row in transitions if row.kind == Transition.Kind.LEFT]
    _store(entered, left)
    _note_sizes(entered, left, now=now)
    reached("settle.before_signal")
    memberships_changed.send(Membership, entered=entered, left=left, now=now, quiet=quiet)


def _store(entered: Iterable[Transition], left: Collection[Transition]) -> None:
    if left:
        pairs = ", ".join(f"({int(row.segment_id)}, {int(row.contact_id)})" for row in left)
        table = rows.table(Membership)
        gone = f"DELETE FROM {table} WHERE (segment_id, contact_id) IN (VALUES {pairs})"
        rows.run(gone, answers=False)
    rows.insert(
        Membership,
        ("segment_id", "contact_id", "since"),
        ((row.segment_id, row.contact_id, row.at) for row in entered),
    )


def _note_sizes(
    entered: Iterable[Transition], left: Iterable[Transition], *, now: datetime
) -> None:
    came, went = (Counter(row.segment_id for row in moved) for moved in (entered, left))
    sizes.note(((pk, came[pk], went[pk], 0) for pk in came.keys() | went.keys()), now=now)
