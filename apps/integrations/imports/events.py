"""Taking in rows of events, as `POST /events` does."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.contacts import people
from apps.contacts.events import EventError, NewEvent, check, record_events
from apps.integrations.imports.columns import WHO, Column, Place, kinds_of
from apps.integrations.imports.lines import Flaw, Row
from apps.integrations.imports.tally import Spoilt, Tally, filled, value
from apps.integrations.models import Import
from apps.integrations.schemas import LARGEST_ID
from apps.rules.kinds import Kind

Directory = Mapping[str, int]  # contact ids, by how the file names them
CONFLICT = Flaw("This message id came before with another body.", "message_id")


def take_in(
    rows: Sequence[Row], columns: Sequence[Column], *, upload: Import, now: datetime
) -> Tally:
    """Record each row's event; one that came before changes nothing."""
    tally = Tally()
    read = _Reading(upload, columns, rows)
    events: list[tuple[Row, NewEvent]] = []
    for row in rows:
        try:
            events.append((row, read.event(row)))
        except Spoilt as spoilt:
            tally.refused.append((row.line, spoilt.flaw))
    intake = record_events([event for _, event in events], now=now)
    tally.made, tally.same = intake.accepted, intake.duplicates
    tally.refused += [(events[at][0].line, CONFLICT) for at in intake.conflicts]
    tally.refused += [(events[at][0].line, read.unknown) for at in intake.unknown]
    return tally


class _Reading:
    """How the rows of a batch become events."""

    def __init__(self, upload: Import, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        self.upload, self.columns = upload, columns
        self.kinds = kinds_of(columns)
        fields = {one.key: at for at, one in enumerate(columns) if one.place is Place.FIELD}
        self.who = next(name for name in WHO if name in fields)
        at = fields[self.who]
        names = {named(self.who, row.cells[at]) for row in rows if row.flaw is None}
        self.directory = DIRECTORIES[self.who](names - {""})
        self.unknown = Flaw("There is no such contact.", self.who)

    def event(self, row: Row) -> NewEvent:
        """Return the row as an event. Raises Spoilt."""
        said: dict[str, str] = {}
        properties: dict[str, Any] = {}
        for column, text in filled(self.columns, row):
            if column.place is Place.FIELD:
                said[column.key] = text
            else:
                properties[column.key] = self._property(column, text)
        at = said.get("occurred_at")
        event = NewEvent(
            contact_id=self._contact(said),
            name=said.get("name", self.upload.event_name),
            occurred_at=_moment(at) if at else self.upload.ordered_at or self.upload.created_at,
            message_id=said.get("message_id", f"csv:{self.upload.digest[:32]}:{row.line}"),
            properties=properties,
            timed=at is not None,
        )
        try:
            check(event)
        except EventError as error:
            raise Spoilt(str(error), at=error.at) from None
        return event

    def _property(self, column: Column, text: str) -> object:
        kind = self.kinds[column.key]
        return text if kind is Kind.TEXT else value(kind, text, at=column.header)

    def _contact(self, said: Mapping[str, str]) -> int:
        if self.who not in said:
            raise Spoilt("The row does not say whose event it is.", at=self.who)
        found = self.directory.get(named(self.who, said[self.who]))
        if found is None:
            raise Spoilt(self.unknown.message, at=self.who)
        return found


def named(who: str, cell: str) -> str:
    """Return a cell that names a contact in the form it is looked up in."""
    return people.address_of(cell) if who == "email" else cell.strip()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(str(value(Kind.DATETIME, text, at="occurred_at")))


def _by_id(names: Collection[str]) -> Directory:
    ids = {text: int(text) for text in names if text.isdecimal() and len(text) < 20}
    there = people.surviving_ids({pk for pk in ids.values() if pk <= LARGEST_ID})
    return {text: there[pk] for text, pk in ids.items() if pk in there}


DIRECTORIES: Mapping[str, Callable[[Collection[str]], Directory]] = {
    "contact_id": _by_id,
    "external_id": people.ids_of_external,
    "email": people.ids_of_emails,
}
