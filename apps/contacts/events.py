"""Recording what contacts did: one event, or many in one batch."""

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from apps.contacts.models import Contact, Event
from apps.contacts.signals import facts_written
from apps.rules.kinds import MAX_NUMBER, KindError

EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,99}")
# Offered before the first one came: a rule may be written ahead of its events.
WELL_KNOWN = ("page_viewed", "order_completed", "quiz_finished", "deal_won", "deal_lost")
MAX_PROPERTIES = 16_384  # bytes of JSON
FIRST_YEAR, LAST_YEAR = 1900, 2999
BATCH = 500  # rows a statement: SQLite takes 32,766 variables at most


class EventError(ValueError):
    """An event that cannot be recorded; the message says why."""


class EventConflict(EventError):
    """The same message id came before with another body."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    contact_id: int
    name: str
    occurred_at: datetime
    message_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intake:
    accepted: int
    duplicates: int


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
    with transaction.atomic():
        _lock_contacts([new])
        event, made = Event.objects.get_or_create(
            message_id=new.message_id, defaults=_columns(new, now)
        )
        if made:
            _move_last_seen([new])
        elif _body(event) != _body(new) and not (occurred_at is None and _alike(event, new)):
            raise EventConflict(f"Message {new.message_id} came before with another body.")
    return event


def record_events(rows: Iterable[NewEvent], *, now: datetime) -> Intake:
    """Record many events in batches, each batch with its marks in one transaction.

    Raises EventError before anything is written when a row is bad. Replays are counted and
    change nothing.
    """
    fresh: dict[str, NewEvent] = {}
    seen = 0
    for row in rows:
        check(row)
        seen += 1
        fresh.setdefault(row.message_id, row)
    unique = list(fresh.values())
    accepted = sum(
        _record_batch(unique[start : start + BATCH], now=now)
        for start in range(0, len(unique), BATCH)
    )
    return Intake(accepted=accepted, duplicates=seen - accepted)


def check(row: NewEvent) -> None:
    """Raise EventError unless both databases can hold the event and rules can read it."""
    if not EVENT_NAME.fullmatch(row.name):
        raise EventError("An event's name is 1 to 100 letters, digits, spaces or _ . : -")
    if not 0 < len(row.message_id) <= 200 or "\x00" in row.message_id:
        raise EventError("A message id has 1 to 200 characters.")
    _check_time(row.occurred_at)
    try:
        text = json.dumps(row.properties, allow_nan=False, ensure_ascii=False)
        text.encode()
        _check_values(row.properties)
    except (TypeError, ValueError, RecursionError):
        raise EventError(
            "Properties must be plain JSON: finite numbers up to 10^15, no NUL characters."
        ) from None
    if len(text.encode()) > MAX_PROPERTIES:
        raise EventError(f"Properties take at most {MAX_PROPERTIES} bytes.")


def _check_time(moment: datetime) -> None:
    """Raise EventError for a time without offset, or one that no database and zone can hold."""
    if moment.tzinfo is None:
        raise EventError("An event's time needs its offset.")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise EventError(f"An event's time lies between the years {FIRST_YEAR} and {LAST_YEAR}.")


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


def _record_batch(rows: Sequence[NewEvent], *, now: datetime) -> int:
    with transaction.atomic():
        _lock_contacts(rows)
        known = set(
            Event.objects.filter(message_id__in=[row.message_id for row in rows]).values_list(
                "message_id", flat=True
            )
        )
        fresh = [row for row in rows if row.message_id not in known]
        Event.objects.bulk_create(
            [Event(message_id=row.message_id, **_columns(row, now)) for row in fresh],
            ignore_conflicts=True,
        )
        _move_last_seen(fresh)
        if fresh:
            facts_written.send(sender=Event, changes=_changes(fresh))
    return len(fresh)


def _lock_contacts(rows: Iterable[NewEvent]) -> None:
    """Lock whose events these are, in the one order, before anything of theirs is read.

    Without it the update of `last_seen_at` would lock them in the order it finds them, and
    of two events at once the one that waited would put back the time it had seen before.
    """
    ids = {row.contact_id for row in rows}
    list(Contact.objects.locked(ids).values_list("pk", flat=True))


def _changes(rows: Iterable[NewEvent]) -> dict[int, set[str]]:
    changes: dict[int, set[str]] = {}
    for row in rows:
        changes.setdefault(row.contact_id, {"trait:contact.last_seen_at"}).add(f"event:{row.name}")
    return changes


def _move_last_seen(rows: Iterable[NewEvent]) -> None:
    """Let `last_seen_at` be the time of the latest event, whatever order events come in."""
    ids = sorted({row.contact_id for row in rows})
    latest = (
        Event.objects.filter(contact=OuterRef("pk"))
        .values("contact")
        .annotate(latest=Max("occurred_at"))
        .values("latest")
    )
    Contact.objects.filter(pk__in=ids).update(last_seen_at=Subquery(latest))


def _columns(row: NewEvent, now: datetime) -> dict[str, Any]:
    return {
        "contact_id": row.contact_id,
        "name": row.name,
        "occurred_at": row.occurred_at,
        "received_at": now,
        "properties": dict(row.properties),
    }


def _body(row: Event | NewEvent) -> tuple[object, ...]:
    return (row.contact_id, row.name, row.occurred_at, dict(row.properties))


def _alike(event: Event, new: NewEvent) -> bool:
    """Compare bodies of a sender who left the time to us: each replay has another."""
    return _body(event)[:2] + _body(event)[3:] == _body(new)[:2] + _body(new)[3:]
