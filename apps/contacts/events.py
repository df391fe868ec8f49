"""Recording what contacts did: one event, or many in one batch."""

import json
import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.contacts import appending, people
from apps.contacts.models import Contact, Event
from apps.contacts.signals import facts_written
from apps.rules.kinds import MAX_NUMBER, KindError

EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,99}")
# Offered before the first one came: a rule may be written ahead of its events.
WELL_KNOWN = ("page_viewed", "order_completed", "quiz_finished", "deal_won", "deal_lost")
MAX_PROPERTIES = 16_384  # bytes of JSON
FIRST_YEAR, LAST_YEAR = 1900, 2999
TRIES = 3
BATCH = 500  # rows a statement: SQLite takes 32,766 variables at most


class EventError(ValueError):
    """An event that cannot be recorded; the message says why, `at` which part of it is wrong."""

    def __init__(self, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.at = at


class EventConflict(EventError):
    """The same message id came before with another body."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    contact_id: int
    name: str
    occurred_at: datetime
    message_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    timed: bool = True  # False: the sender left the time to us, so each replay has another


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of many events; `conflicts` and `unknown` are positions among the rows.

    A conflict is a message id that came before with another body; unknown is a row whose
    contact is not there (any more).
    """

    accepted: int
    duplicates: int
    conflicts: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()


class _Replayed(Exception):
    """The message id is there already."""


class _Interrupted(Exception):
    """Contacts were merged, or the same messages written, while we waited."""


def record_event(
    contact: Contact,
    *,
    name: str,
    now: datetime,
    occurred_at: datetime | None = None,
    properties: Mapping[str, Any] | None = None,
    message_id: str | None = None,
) -> Event:
    """Record one event; a replay of its message id returns the row that is there.

    Raises EventError for a bad name or properties, EventConflict when the message id came
    before with another contact, name, time or properties.
    """
    new = NewEvent(
        contact_id=contact.pk,
        name=name,
        occurred_at=occurred_at or now,
        message_id=message_id or uuid.uuid4().hex,
        properties=properties or {},
    )
    check(new)
    try:
        with transaction.atomic():
            return _record_one(new, now=now)
    except _Interrupted:
        followed = Contact.objects.get(pk=_survivors([contact.pk])[contact.pk])
        return record_event(
            followed,
            name=name,
            now=now,
            occurred_at=occurred_at,
            properties=properties,
            message_id=new.message_id,
        )
    except _Replayed:  # what was noted of the contact is undone
        event = Event.objects.get(message_id=new.message_id)
    if not _same(event, replace(new, timed=occurred_at is not None)):
        raise EventConflict(f"Message {new.message_id} came before with another body.")
    return event


def _record_one(new: NewEvent, *, now: datetime) -> Event:
    """Note the contact as seen, which locks it, then append the event with its mark."""
    if not appending.see(new.contact_id, new.occurred_at):
        if Contact.objects.filter(pk=new.contact_id).exists():
            raise _Interrupted
        raise EventError("This contact is not there any more.")
    values = _values(new, now)
    made = appending.append([values])
    if not made:
        raise _Replayed
    facts_written.send(sender=Event, changes=_changes([new]))
    return Event(pk=made[new.message_id], **dict(zip(appending.EVENT, values, strict=True)))


def record_events(rows: Iterable[NewEvent], *, now: datetime) -> Intake:
    """Record many events in batches, each batch with its marks in one transaction.

    Raises EventError before anything is written when a row is bad. Replays are counted and
    change nothing; events of a contact that was merged go to whom it was merged into.
    """
    listed = list(rows)
    fresh: dict[str, NewEvent] = {}
    for row in listed:
        check(row)
        fresh.setdefault(row.message_id, row)
    unique = list(fresh.values())
    accepted: set[str] = set()
    stored: dict[str, Event | NewEvent] = {}
    for start in range(0, len(unique), BATCH):
        batch = _record_again_and_again(unique[start : start + BATCH], now=now)
        accepted |= batch.accepted
        stored |= batch.stored
    return _intake(listed, accepted, stored)


@dataclass(frozen=True, slots=True)
class _Batch:
    accepted: set[str]  # message ids
    stored: dict[str, "Event | NewEvent"]  # what each message id says now; none: no contact


def _intake(
    rows: Sequence[NewEvent], accepted: set[str], stored: Mapping[str, Event | NewEvent]
) -> Intake:
    if len(accepted) == len(rows):
        return Intake(len(rows), 0)
    unknown = tuple(at for at, row in enumerate(rows) if row.message_id not in stored)
    there = _survivors({row.contact_id for row in rows})
    conflicts = tuple(
        at
        for at, row in enumerate(rows)
        if row.message_id in stored
        and not _same(stored[row.message_id], replace(row, contact_id=there[row.contact_id]))
    )
    duplicates = len(rows) - len(accepted) - len(conflicts) - len(unknown)
    return Intake(len(accepted), duplicates, conflicts, unknown)


def _record_again_and_again(rows: Sequence[NewEvent], *, now: datetime) -> _Batch:
    """Record a batch; begin anew where others wrote the same messages or merged the contacts."""
    for _ in range(TRIES):
        try:
            return _record_batch(rows, now=now)
        except (_Interrupted, IntegrityError) as error:
            reason = error
        there = _survivors({row.contact_id for row in rows})
        rows = [replace(row, contact_id=there[row.contact_id]) for row in rows]
    raise reason


def check(row: NewEvent) -> None:
    """Raise EventError unless both databases can hold the event and rules can read it."""
    if not EVENT_NAME.fullmatch(row.name):
        raise EventError(
            "An event's name is 1 to 100 letters, digits, spaces or _ . : -", at="name"
        )
    if not 0 < len(row.message_id) <= 200 or "\x00" in row.message_id:
        raise EventError("A message id has 1 to 200 characters.", at="message_id")
    _check_time(row.occurred_at)
    try:
        text = json.dumps(row.properties, allow_nan=False, ensure_ascii=False)
        text.encode()
        _check_values(row.properties)
    except (TypeError, ValueError, RecursionError):
        raise EventError(
            "Properties must be plain JSON: finite numbers up to 10^15, no NUL characters.",
            at="properties",
        ) from None
    if len(text.encode()) > MAX_PROPERTIES:
        raise EventError(f"Properties take at most {MAX_PROPERTIES} bytes.", at="properties")


def _check_time(moment: datetime) -> None:
    """Raise EventError for a time without offset, or one that no database and zone can hold."""
    if moment.tzinfo is None:
        raise EventError("An event's time needs its offset.", at="occurred_at")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        message = f"An event's time lies between the years {FIRST_YEAR} and {LAST_YEAR}."
        raise EventError(message, at="occurred_at")


def _check_values(value: object, depth: int = 0) -> None:
    match value:
        case str() if "\x00" in value:
            raise KindError("NUL")
        case bool():
            return
        case int() | float() if abs(value) > MAX_NUMBER:
            raise KindError("too large")
        case Mapping():
            for key, item in value.items():
                _check_values(str(key), depth)
                _check_values(item, depth + 1)
        case list() | tuple():
            for item in value:
                _check_values(item, depth + 1)
        case _:
            pass
    if depth > 8:
        raise KindError("too deep")


def _record_batch(rows: Sequence[NewEvent], *, now: datetime) -> _Batch:
    with transaction.atomic():
        there = _lock_contacts(rows)
        made = appending.append(_values(row, now) for row in rows if row.contact_id in there)
        fresh = [row for row in rows if row.message_id in made]
        appending.see_many(_latest(fresh))
        if fresh:
            facts_written.send(sender=Event, changes=_changes(fresh))
        others = [row.message_id for row in rows if row.message_id not in made]
        known = Event.objects.in_bulk(others, field_name="message_id") if others else {}
    written = {row.message_id: row for row in fresh}
    return _Batch(set(written), {**known, **written})


def _lock_contacts(rows: Iterable[NewEvent]) -> set[int]:
    """Lock whose events these are, in the one order, before anything of theirs is read.

    Without it the update of `last_seen_at` would lock them in the order it finds them.
    Returns those that are there; raises _Interrupted where one was merged into another.
    """
    ids = {row.contact_id for row in rows}
    locked = dict(Contact.objects.locked(ids).values_list("pk", "merged_into"))
    if any(locked.values()):
        raise _Interrupted
    return set(locked)


def _survivors(ids: Collection[int]) -> dict[int, int]:
    """Return each id, or the one it was merged into."""
    return {pk: pk for pk in ids} | people.surviving_ids(ids)


def _changes(rows: Iterable[NewEvent]) -> dict[int, set[str]]:
    changes: dict[int, set[str]] = {}
    for row in rows:
        changes.setdefault(row.contact_id, {"trait:contact.last_seen_at"}).add(f"event:{row.name}")
    return changes


def _latest(events: Iterable[NewEvent]) -> dict[int, datetime]:
    """Return when each contact was last seen, going by these events."""
    latest: dict[int, datetime] = {}
    for event in events:
        seen = latest.get(event.contact_id)
        if seen is None or seen < event.occurred_at:
            latest[event.contact_id] = event.occurred_at
    return latest


def _values(row: NewEvent, now: datetime) -> tuple[Any, ...]:
    """Return the row as `appending.EVENT` has it."""
    properties = dict(row.properties)
    return (row.contact_id, row.name, row.occurred_at, now, properties, row.message_id)


def _same(there: Event | NewEvent, row: NewEvent) -> bool:
    """Whether a message that came again says the same."""
    return (
        (there.contact_id, there.name) == (row.contact_id, row.name)
        and (there.occurred_at == row.occurred_at or not row.timed)
        and _alike(dict(there.properties), dict(row.properties))
    )


def _alike(one: object, other: object) -> bool:
    """Compare as JSON does: 1 is 1.0, but no number is true, as it is to Python."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
        case ((list() | tuple()), (list() | tuple())):
            return len(one) == len(other) and all(map(_alike, one, other))
        case (bool(), _) | (_, bool()):
            return one is other
        case _:
            return one == other
