"""What became of the rows of a batch, and reading one cell of a row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.contacts.fields import parse
from apps.integrations.imports.columns import Column
from apps.integrations.imports.lines import Flaw, Row
from apps.rules.kinds import MAX_TEXT, MAX_VALUES, Kind, KindError, Value

EXPECTED = {  # our own words: the parsers' quote what they were given
    Kind.TEXT: f"a text of at most {MAX_TEXT} characters",
    Kind.CHOICE: f"a text of at most {MAX_TEXT} characters",
    Kind.CHOICES: f"up to {MAX_VALUES} texts parted by commas",
    Kind.NUMBER: "a number between -10^15 and 10^15, with a point for decimals",
    Kind.BOOLEAN: "yes or no, true or false",
    Kind.DATE: "a date such as 2026-11-23",
    Kind.DATETIME: "a time such as 2026-11-23 09:30 or 2026-11-23T09:30:00+01:00",
}


class Spoilt(Exception):
    """A row that cannot be taken in."""

    def __init__(self, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.flaw = Flaw(message, at)


@dataclass(slots=True)
class Tally:
    """How many rows made something, changed something, or changed nothing; and the refused."""

    made: int = 0
    changed: int = 0
    same: int = 0
    refused: list[tuple[int, Flaw]] = field(default_factory=list)  # by line


def filled(columns: Sequence[Column], row: Row) -> Iterator[tuple[Column, str]]:
    """Yield the cells that say something. Raises Spoilt where the row could not be read."""
    if row.flaw:
        raise Spoilt(row.flaw.message, at=row.flaw.column)
    for column, cell in zip(columns, row.cells, strict=True):
        if text := cell.strip():
            yield column, text


def value(kind: Kind, text: str, *, at: str) -> Value | None:
    """Return a cell in the canonical form of its kind. Raises Spoilt."""
    try:
        return parse(kind, text)
    except KindError:
        raise Spoilt(f"Expected {EXPECTED[kind]}.", at=at) from None
