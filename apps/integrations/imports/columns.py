"""What each column of a file is read as, and of which kind its values are.

The kind of a column that is new here is decided by all of its values in the file: "01234" among
postal codes makes them all texts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError

from apps.contacts.fields import FALSE, TRUE, parse
from apps.contacts.models import FIELDS, Trait
from apps.integrations.imports.lines import Row
from apps.integrations.models import Import
from apps.rules.event_codec import MAX_PROPERTY
from apps.rules.kinds import DATE_FORM, Kind, KindError

WHO = ("contact_id", "external_id", "email")  # how a row of events names its contact
KNOWN = {
    Import.Holds.CONTACTS: ("external_id", *FIELDS),
    Import.Holds.EVENTS: ("name", *WHO, "occurred_at", "message_id"),
}
MOST_COLUMNS = 250
NUMBER_FORM = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?")
TIME_FORM = re.compile(DATE_FORM.pattern + r"[T ][0-9]{2}:[0-9]{2}.*")


class HeaderError(ValueError):
    """A header that cannot be used; each argument is a sentence about one fault."""


class Place(StrEnum):
    FIELD = "field"
    TRAIT = "trait"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file; `maybe` holds the kinds that all its values so far could be of."""

    header: str
    place: Place
    key: str
    maybe: tuple[Kind, ...] = (Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)
    filled: bool = False

    @property
    def kind(self) -> Kind:
        return self.maybe[0] if self.maybe else Kind.TEXT

    def seen(self, cells: Iterable[str]) -> "Column":
        """Return the column as these values leave it."""
        maybe, filled = self.maybe, self.filled
        for text in map(str.strip, cells):
            if text:
                filled = True
                maybe = tuple(kind for kind in maybe if FITS[kind](text))
            if filled and not maybe:
                break
        return replace(self, maybe=maybe, filled=filled)


def read_header(cells: Sequence[str], *, holds: str, event_name: str = "") -> list[Column]:
    """Return the columns that a header names. Raises HeaderError."""
    if not "".join(cells).isprintable():
        raise HeaderError("The first line is no header: this does not look like a CSV file.")
    if len(cells) > MOST_COLUMNS:
        raise HeaderError(f"A file has at most {MOST_COLUMNS} columns, this one {len(cells)}.")
    columns = [_column(cell.strip(), holds) for cell in cells]
    faults = [*_faults(columns), *_missing(columns, holds, event_name)]
    if faults:
        raise HeaderError(*faults)
    return columns


def _column(header: str, holds: str) -> Column:
    """Read a name: of a field in any case, else of a trait or, as it stands, of a property."""
    folded = re.sub(r"\s+", "_", header.lower())
    place = Place.TRAIT if holds == Import.Holds.CONTACTS else Place.PROPERTY
    key = folded if place is Place.TRAIT else header
    prefix = {Place.TRAIT: "traits.", Place.PROPERTY: "properties."}[place]
    if folded.startswith(prefix):
        return Column(header, place, key[len(prefix) :])
    if folded in KNOWN[Import.Holds(holds)]:
        return Column(header, Place.FIELD, folded)
    return Column(header, place, key)


def _faults(columns: Sequence[Column]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for number, column in enumerate(columns, start=1):
        where = f"Column {number}, “{column.header[:60]}”"
        if not column.key:
            yield f"Column {number} has no name."
        elif (column.place, column.key) in seen:
            yield f"{where}, stands twice."
        elif column.place is Place.PROPERTY and len(column.key) > MAX_PROPERTY:
            yield f"Column {number}: a property's name has at most {MAX_PROPERTY} characters."
        elif column.place is Place.TRAIT and (fault := _fault_of_key(column.key)):
            yield f"{where}: {fault}"
        seen.add((column.place, column.key))


def _fault_of_key(key: str) -> str:
    try:
        Trait.clean_key(key)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _missing(columns: Sequence[Column], holds: str, event_name: str) -> Iterator[str]:
    fields = {column.key for column in columns if column.place is Place.FIELD}
    if holds == Import.Holds.CONTACTS:
        if not fields & {"external_id", "email"}:
            yield "There is no column external_id or email: one of them says who a row is about."
        return
    who = [name for name in WHO if name in fields]
    if not who:
        yield f"There is no column {', '.join(WHO[:-1])} or {WHO[-1]}: it says whose event it is."
    if len(who) > 1:
        yield (
            f"The columns {' and '.join(who)} both say whose event it is: keep one, and put"
            " properties. before the name of the other."
        )
    if "name" not in fields and not event_name:
        yield "There is no column name: give the name that all the events have."


def look(columns: Sequence[Column], rows: Iterable[Row]) -> list[Column]:
    """Return the columns as the values of these rows leave them."""
    whole = [row.cells for row in rows if row.flaw is None]
    return [
        column if column.place is Place.FIELD else column.seen(cells[at] for cells in whole)
        for at, column in enumerate(columns)
    ]


def kinds_of(columns: Iterable[Column]) -> dict[str, Kind]:
    """Return the kind by which each trait or property is read: of known traits, their own."""
    found = {column.key: column.kind for column in columns if column.place is not Place.FIELD}
    traits = [column.key for column in columns if column.place is Place.TRAIT]
    known = Trait.objects.filter(key__in=traits) if traits else Trait.objects.none()
    return {**found, **{row.key: Kind(row.kind) for row in known}}


def dump(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [asdict(column) for column in columns]


def load(stored: Iterable[Mapping[str, Any]]) -> list[Column]:
    return [
        Column(
            one["header"],
            Place(one["place"]),
            one["key"],
            tuple(map(Kind, one["maybe"])),
            one["filled"],
        )
        for one in stored
    ]


def _is(kind: Kind, text: str) -> bool:
    try:
        parse(kind, text)
    except KindError:
        return False
    return True


FITS: Mapping[Kind, Callable[[str], bool]] = {
    Kind.NUMBER: lambda text: bool(NUMBER_FORM.fullmatch(text)),
    Kind.BOOLEAN: lambda text: text.lower() in TRUE | FALSE,
    Kind.DATE: lambda text: bool(DATE_FORM.fullmatch(text)) and _is(Kind.DATE, text),
    Kind.DATETIME: lambda text: bool(TIME_FORM.fullmatch(text)) and _is(Kind.DATETIME, text),
}
