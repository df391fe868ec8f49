"""What people did: `POST /events`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import Field, ValidationError

from apps.contacts import people
from apps.contacts.events import EventError, NewEvent, check, record_events
from apps.integrations.guard import WRITE
from apps.integrations.reading import SpoiltRow
from apps.integrations.refusals import Refusal, of_fields
from apps.integrations.schemas import (
    PLAIN,
    Answer,
    Body,
    ExternalId,
    Id,
    RowProblem,
    Text,
    Time,
    rows_of,
)

router = Router(tags=["events"])

CONFLICT = Refusal("conflict", "This message id came before with another body.", at="message_id")
UNKNOWN = Refusal("unknown_contact", "There is no such contact.", at="contact")


class Who(Body):
    """One of them; null is as good as not sent."""

    id: Id | None = None
    external_id: ExternalId | None = None
    email: Text | None = None


class EventRow(Body):
    message_id: Annotated[str, Field(min_length=1, max_length=200), PLAIN]
    contact: Who
    name: Annotated[str, Field(min_length=1), PLAIN]
    occurred_at: Time | None = None
    properties: dict[str, Any] = {}


class EventsBody(Body):
    events: rows_of(EventRow)  # type: ignore[valid-type]


class EventsAnswer(Answer):
    accepted: int
    duplicates: int
    errors: list[RowProblem]


@router.post("/events", auth=WRITE, response=EventsAnswer)
def post_events(request: HttpRequest, data: EventsBody) -> EventsAnswer:
    """Record up to 1,000 events of contacts that are known.

    A `message_id` that came before counts as a duplicate and changes nothing; with another
    body it is refused as a conflict. Without `occurred_at` it is the moment of this call.
    """
    now = timezone.now()
    read = [_read(row) for row in data.events]
    directory = _Directory([row.contact for row in read if isinstance(row, EventRow)])
    rows = [row if isinstance(row, Refusal) else _event(row, directory, now) for row in read]
    places = [index for index, row in enumerate(rows) if isinstance(row, NewEvent)]
    intake = record_events([row for row in rows if isinstance(row, NewEvent)], now=now)
    refused = {index: row for index, row in enumerate(rows) if isinstance(row, Refusal)}
    refused |= {places[at]: CONFLICT for at in intake.conflicts}
    refused |= {places[at]: UNKNOWN for at in intake.unknown}
    return EventsAnswer(
        accepted=intake.accepted,
        duplicates=intake.duplicates,
        errors=[RowProblem(index=index, **no.as_json()) for index, no in sorted(refused.items())],
    )


class _Directory:
    """The contacts that the rows name, found by one query for each way of naming them."""

    def __init__(self, named: Iterable[Who]) -> None:
        listed = list(named)
        self.ids = people.surviving_ids({who.id for who in listed if who.id})
        self.external = people.ids_of_external(
            {who.external_id for who in listed if who.external_id}
        )
        emails = {people.address_of(who.email) for who in listed if who.email}
        self.emails = people.ids_of_emails(emails)

    def find(self, who: Who) -> int:
        """Return the contact's id. Raises Refusal."""
        if [who.id, who.external_id, who.email].count(None) != 2:
            message = "A contact is named by its id, its external_id or its email: one of them."
            raise Refusal("wrong_shape", message, at="contact")
        if who.id is not None:
            found = self.ids.get(who.id)
        elif who.external_id is not None:
            found = self.external.get(who.external_id)
        else:
            found = self.emails.get(people.address_of(who.email or ""))
        if found is None:
            raise UNKNOWN
        return found


def _read(row: object) -> EventRow | Refusal:
    if isinstance(row, SpoiltRow):
        return row.refusal
    try:
        return EventRow.model_validate(row)
    except ValidationError as error:
        return of_fields(error.errors(include_url=False))


def _event(row: EventRow, directory: _Directory, now: datetime) -> NewEvent | Refusal:
    try:
        event = NewEvent(
            contact_id=directory.find(row.contact),
            name=row.name,
            occurred_at=row.occurred_at or now,
            message_id=row.message_id,
            properties=row.properties,
            timed=row.occurred_at is not None,
        )
        check(event)
    except EventError as error:
        return Refusal("wrong_value", str(error), at=error.at)
    except Refusal as refusal:
        return refusal
    return event
