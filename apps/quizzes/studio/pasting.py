"""A block out of a spreadsheet as rows: a label, then a number for each scale."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

MOST_LINES = 300
LARGEST = 100_000
DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,2}")


class PasteError(ValueError):
    """A line that cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """None: nothing was said for this scale."""

    label: str
    numbers: tuple[Decimal | None, ...]


def read(text: str, *, columns: Sequence[str], longest: int) -> list[Line]:
    """Return the lines of a tab-separated block. Raises PasteError.

    `columns` are the labels of the scales; a first line that names them is left out.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise PasteError(f"At most {MOST_LINES} lines can be pasted at once.")
    if lines and _is_head(lines[0].split("\t"), columns):
        lines = lines[1:]
    return [
        _line(line.split("\t"), number, columns, longest)
        for number, line in enumerate(lines, start=1)
    ]


def _is_head(cells: list[str], columns: Sequence[str]) -> bool:
    named = [cell.strip().casefold() for cell in cells[1:] if cell.strip()]
    return bool(named) and all(name in {one.casefold() for one in columns} for name in named)


def _line(cells: list[str], number: int, columns: Sequence[str], longest: int) -> Line:
    label = cells[0].strip()
    if not label or len(label) > longest:
        raise PasteError(f"Line {number}: begin with a text of at most {longest} characters.")
    given = [cell.strip() for cell in cells[1:]]
    while given and not given[-1]:
        given.pop()
    if len(given) > len(columns):
        raise PasteError(
            f"Line {number} has {len(given)} numbers; there are {len(columns)} scales."
        )
    return Line(label, tuple(as_number(cell, f"Line {number}") for cell in given))


def as_number(cell: str, where: str) -> Decimal | None:
    """Return the number of a cell, whose comma may be a point. Raises PasteError."""
    if not cell:
        return None
    plain = cell.replace("\u2212", "-")
    plain = plain.replace(",", ".") if DECIMAL_COMMA.fullmatch(plain) else plain
    try:
        value = Decimal(plain) if len(plain) <= 20 else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > LARGEST or round(value, 2) != value:
        raise PasteError(f"{where}: “{cell[:20]}” is no number with at most two decimals.")
    return value
