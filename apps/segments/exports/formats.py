"""Writing members as CSV and as an Excel file; no cell of either is taken for a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter
from django.utils.timezone import get_default_timezone, make_naive

from apps.rules.kinds import Kind
from apps.segments.exports.columns import Cell, Column

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by it Excel knows UTF-8
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
DATE, TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
WIDE = 18  # characters of a column


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as lines of CSV in UTF-8; a text that begins a formula begins with a quote."""
    text = io.StringIO()
    csv.writer(text).writerows([_in_csv(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _in_csv(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case str() if cell.startswith(FORMULAS):
            return f"'{cell}"
        case _:
            return cell


def write_xlsx(
    file: IO[bytes], header: Sequence[str], columns: Sequence[Column], rows: Iterable[list[Cell]]
) -> None:
    """Write an Excel file row by row, in little memory."""
    options = {"constant_memory": True, "default_date_format": TIME}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("Members")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, WIDE)
        write = _writer(book, sheet)
        bold = book.add_format({"bold": True})
        for at, label in enumerate(header):
            sheet.write_string(0, at, label, bold)
        for number, row in enumerate(rows, start=1):
            for at, (cell, column) in enumerate(zip(row, columns, strict=True)):
                write(number, at, cell, column.kind)


def _writer(book: Any, sheet: Any) -> Callable[[int, int, Cell, Kind], None]:
    """Return what writes one cell: a text as text even where it looks like something else."""
    day, moment = (book.add_format({"num_format": shape}) for shape in (DATE, TIME))
    quoted = book.add_format({"quote_prefix": True})

    def write(row: int, at: int, cell: Cell, kind: Kind) -> None:
        match cell:
            case None | "":
                return
            case bool():
                sheet.write_boolean(row, at, cell)
            case int() | float():
                sheet.write_number(row, at, cell)
            case str() if kind in {Kind.DATE, Kind.DATETIME} and (when := _when(cell)):
                sheet.write_datetime(row, at, when, moment if isinstance(when, datetime) else day)
            case str() if cell.startswith(FORMULAS):
                sheet.write_string(row, at, cell, quoted)  # stays a text when it is edited
            case _:
                sheet.write_string(row, at, cell)

    return write


def _when(text: str) -> date | datetime | None:
    """Return a date or a local time that Excel can hold; None for what it cannot."""
    try:
        if len(text) == len("2026-01-01"):
            found = date.fromisoformat(text)
        else:
            found = make_naive(datetime.fromisoformat(text), get_default_timezone())
    except (ValueError, OverflowError):
        return None
    return found if found.year >= 1900 else None
