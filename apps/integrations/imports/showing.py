"""What the pages and the command say of an import."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet

from apps.contacts.models import Trait
from apps.integrations.imports.columns import Column, Place, kinds_of, load
from apps.integrations.imports.lines import ENCODINGS, Row
from apps.integrations.imports.uploading import sample
from apps.integrations.models import Import, RefusedRow
from apps.rules.kinds import Kind

EXAMPLES = 3  # rows of the preview
LONGEST = 60  # characters of a cell in it
SHOWN = 100  # refused rows on the page
EARLIER = 50
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
TONES = {
    Import.State.LOOKING: "warning",
    Import.State.READY: "accent",
    Import.State.RUNNING: "warning",
    Import.State.DONE: "success",
    Import.State.STOPPED: "danger",
}
KINDS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "yes or no",
    Kind.DATE: "date",
    Kind.DATETIME: "time",
    Kind.CHOICE: "choice",
    Kind.CHOICES: "choices",
}


@dataclass(frozen=True, slots=True)
class Cell:
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ColumnPreview:
    header: str
    place: str  # field, trait or property; empty: nothing in it is read
    key: str
    kind: str
    is_new: bool
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Preview:
    columns: list[ColumnPreview]
    lines: list[int]
    notes: list[str]


def preview(upload: Import) -> Preview:
    """Return how a file that was looked through will be read, with its first rows."""
    columns, rows = load(upload.columns), sample(upload, count=EXAMPLES)
    kinds = kinds_of(columns)
    traits = [column.key for column in columns if column.place is Place.TRAIT]
    known = set(Trait.objects.filter(key__in=traits).values_list("key", flat=True))
    return Preview(
        columns=[
            ColumnPreview(
                header=column.header,
                place=column.place if column.filled or column.place is Place.FIELD else "",
                key=column.key,
                kind=KINDS[kinds[column.key]] if column.place is not Place.FIELD else "",
                is_new=column.place is Place.TRAIT and column.key not in known,
                cells=[_cell(row, at) for row in rows],
            )
            for at, column in enumerate(columns)
        ],
        lines=[row.line for row in rows],
        notes=list(_notes(upload, columns)),
    )


def _cell(row: Row, at: int) -> Cell:
    text = row.cells[at] if at < len(row.cells) else ""
    text = text.encode("utf-8", "replace").decode()
    return Cell(row.line, text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _notes(upload: Import, columns: Iterable[Column]) -> Iterator[str]:
    fields = {column.key for column in columns if column.place is Place.FIELD}
    if upload.encoding != "utf-8":
        words = ENCODINGS[upload.encoding]
        yield f"The file is not UTF-8. It is read as {words}: look whether accents are right."
    if upload.holds == Import.Holds.CONTACTS:
        return
    if "name" not in fields:
        yield f"Each row is an event named {upload.event_name}."
    if "occurred_at" not in fields:
        yield "There is no column occurred_at: the events happen when you say yes."
    if "message_id" not in fields:
        yield "There is no column message_id: an altered file would record its events once more."


def sentence(upload: Import) -> str:
    """Say in numbers what an import has done so far."""
    words = list(_counts(upload))
    return f"{', '.join(words)}." if words else "Nothing was changed."


def _counts(upload: Import) -> Iterator[str]:
    if upload.holds == Import.Holds.CONTACTS:
        noun, verb, same = "contact", "made", "unchanged"
    else:
        noun, verb, same = "event", "recorded", "there before"
    were = "was" if upload.made == 1 else "were"
    if upload.made or upload.changed or upload.same:
        yield f"{counted(upload.made, noun) if upload.made else f'No {noun}s'} {were} {verb}"
    if upload.changed:
        yield f"{intcomma(upload.changed)} changed"
    if upload.same:
        yield f"{intcomma(upload.same)} {same}"
    if upload.refused:
        yield f"{counted(upload.refused, 'row')} refused"


def counted(number: int, noun: str) -> str:
    return f"{intcomma(number)} {noun}{'' if number == 1 else 's'}"


def earlier() -> list[Import]:
    """Return the latest imports, without what each knows of its columns. One query."""
    return list(Import.objects.select_related("by").defer("columns")[:EARLIER])


def as_csv(rows: QuerySet[RefusedRow]) -> Iterator[str]:
    """Yield refused rows as lines of CSV; no cell of it begins a formula."""
    writer = csv.writer(_Line())
    yield writer.writerow(["line", "column", "message"])
    for row in rows.iterator():
        yield writer.writerow([row.line, _plain(row.column), _plain(row.message)])


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


class _Line:
    """Hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
