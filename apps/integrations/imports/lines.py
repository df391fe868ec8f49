"""From bytes to rows: a CSV file read row by row, within bounds, from wherever one stopped.

Whatever is in the file, it is read to its end: a row that cannot be read says why, and the next
one goes on. Memory holds one row and one chunk, however large the file.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

MAX_ROW = 100_000  # characters: below what the csv module takes in one field
DELIMITERS = ",;\t"
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}
UNREADABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, or a byte that is not of the encoding


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a row is refused, and at which column. Never what stands there: it may be personal."""

    message: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    line: int  # of the file, from 1: where the row begins
    cells: list[str]
    flaw: Flaw | None = None


class TooLong(Exception):
    """A row that goes on and on."""


class Rows(Iterator[Row]):
    """The rows of a file from a byte on, those that are blank left out.

    `done_to` and `done_lines` say how far that is: the bytes and lines behind the last row.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        encoding: str,
        delimiter: str,
        headers: Sequence[str] = (),
        done_to: int = 0,
        done_lines: int = 0,
    ) -> None:
        # Line ends stay as they are, and bytes that are none of the encoding come back as they
        # went: so what a line takes in the file can be counted.
        self.text = io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="")
        self.encoding = encoding
        self.headers = headers
        self.done_to, self.done_lines = done_to, done_lines
        self.taken = 0  # characters of the row at hand
        self.reader = csv.reader(_Lines(self), delimiter=delimiter, strict=True)

    def __next__(self) -> Row:
        while True:
            self.taken, line = 0, self.done_lines + 1
            try:
                cells = next(self.reader)
            except csv.Error:
                words = "A quote is not closed, or something stands behind the closing one"
                return Row(line, [], Flaw(self._with_those_lost(words, line)))
            except TooLong:
                words = f"A row has at most {MAX_ROW:,} characters: perhaps a quote is not closed"
                return Row(line, [], Flaw(self._with_those_lost(words, line)))
            if "".join(cells).strip():
                return Row(line, cells, self._flaw(cells))

    def next_line(self) -> str:
        """Return the next line. Raises TooLong, behind its end, where the row has gone too far."""
        line = self._piece()
        if not line:
            raise StopIteration
        self.done_lines += 1
        self.taken += len(line)
        if self.taken <= MAX_ROW:
            return line
        while line and line[-1] not in "\r\n":
            line = self._piece()
        raise TooLong

    def _piece(self) -> str:
        piece = self.text.readline(MAX_ROW + 1)
        self.done_to += len(piece) if piece.isascii() else len(self._bytes(piece))
        return piece

    def _bytes(self, text: str) -> bytes:
        return text.encode(self.encoding, "surrogateescape")

    def _with_those_lost(self, words: str, line: int) -> str:
        if self.done_lines == line:
            return f"{words}."
        return f"{words}. The lines up to {self.done_lines:,} were not read."

    def _flaw(self, cells: Sequence[str]) -> Flaw | None:
        if self.headers and len(cells) != len(self.headers):
            return Flaw(f"The row has {len(cells)} cells, the header has {len(self.headers)}.")
        for at, cell in enumerate(cells):
            if found := UNREADABLE.search(cell):
                column = self.headers[at] if self.headers else ""
                if found[0] == "\x00":
                    return Flaw("A NUL character cannot be kept.", column)
                return Flaw(f"A character is not {ENCODINGS[self.encoding]}.", column)
        return None


class _Lines(Iterator[str]):
    """What the csv module draws lines from: no more of them than a row needs."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __next__(self) -> str:
        return self.rows.next_line()


def first_row(head: bytes, *, encoding: str, start: int) -> tuple[Row | None, str, Rows]:
    """Return the first row of a file, what parts it, and the rows behind it.

    It is parted by what makes most columns of it; by a comma where nothing does.
    """
    found = [_first_row(head, encoding, delimiter, start) for delimiter in DELIMITERS]
    return max(found, key=lambda one: max(len(one[0].cells) if one[0] else 0, 1))


def _first_row(
    head: bytes, encoding: str, delimiter: str, start: int
) -> tuple[Row | None, str, Rows]:
    file = io.BytesIO(head)
    file.seek(start)
    rows = Rows(file, encoding=encoding, delimiter=delimiter, done_to=start)
    return next(rows, None), delimiter, rows
