"""A file comes in: what can be known at a glance, and keeping it until it is done."""

import codecs
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.conf import settings
from django.db import transaction
from django.template.defaultfilters import filesizeformat

from apps.accounts.models import User
from apps.integrations.imports.columns import Column, dump, load, read_header
from apps.integrations.imports.lines import Row, Rows, first_row
from apps.integrations.models import Import, ImportChunk

CHUNK = 256 * 1024  # bytes
BROKEN = re.compile("[\udc80-\udcff]")
BEYOND_ASCII = re.compile("[^\x00-\x7f]")


class UploadError(ValueError):
    """A file that cannot be taken; each argument is a sentence about one fault."""


@dataclass(frozen=True, slots=True)
class Glance:
    size: int
    digest: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the rows begin, and how they are to be read."""

    delimiter: str
    columns: list[Column]
    first_row: int
    first_line: int


def store(
    file: IO[bytes],
    *,
    name: str,
    holds: str,
    now: datetime,
    event_name: str = "",
    by: User | None = None,
) -> Import:
    """Keep a file whose header can be used. Raises UploadError, or HeaderError of columns."""
    glance = _glance(file)
    file.seek(0)
    shape = _shape(file.read(CHUNK), glance, holds=holds, event_name=event_name)
    file.seek(0)
    with transaction.atomic():
        upload = Import.objects.create(
            holds=holds,
            name=name[:120],
            by=by,
            event_name=event_name,
            size=glance.size,
            digest=glance.digest,
            encoding=glance.encoding,
            delimiter=shape.delimiter,
            columns=dump(shape.columns),
            first_row=shape.first_row,
            first_line=shape.first_line,
            done_to=shape.first_row,
            done_lines=shape.first_line,
            created_at=now,
            touched_at=now,
        )
        for number, data in enumerate(_pieces(file)):
            ImportChunk.objects.create(upload=upload, number=number, data=data)
    return upload


def rows_of(upload: Import, *, again: bool = False) -> Rows:
    """Return the rows of a file that is kept: those not done yet, or all of them again."""
    done_to = upload.first_row if again else upload.done_to
    return Rows(
        io.BufferedReader(_Kept(upload.pk, done_to), CHUNK),
        encoding=upload.encoding,
        delimiter=upload.delimiter,
        headers=[column.header for column in load(upload.columns)],
        done_to=done_to,
        done_lines=upload.first_line if again else upload.done_lines,
    )


def _glance(file: IO[bytes]) -> Glance:
    """Look at all bytes once. Raises UploadError.

    UTF-8, unless more is broken in it than whole: then it is what Excel on Windows writes.
    """
    size = broken = beyond = 0
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for data in _pieces(file):
        size += len(data)
        if size > settings.IMPORT_LIMIT:
            most = filesizeformat(settings.IMPORT_LIMIT)
            raise UploadError(f"A file has at most {most}. Cut it in parts.")
        digest.update(data)
        if not (text := decoder.decode(data)).isascii():
            broken += len(BROKEN.findall(text))
            beyond += len(BEYOND_ASCII.findall(text))
    encoding = "cp1252" if broken > beyond - broken else "utf-8"
    return Glance(size, digest.hexdigest(), encoding)


def _shape(head: bytes, glance: Glance, *, holds: str, event_name: str) -> Shape:
    """Read the header. Raises UploadError and HeaderError."""
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    header, delimiter, rows = first_row(head, encoding=glance.encoding, start=start)
    if header is None:
        raise UploadError("The file is empty.")
    if header.flaw:
        raise UploadError(f"Line {header.line} cannot be read as a header: {header.flaw.message}")
    columns = read_header(header.cells, holds=holds, event_name=event_name)
    shape = Shape(delimiter, columns, rows.done_to, rows.done_lines)
    if next(rows, None) is None and glance.size <= CHUNK:
        raise UploadError("There is no row below the header.")
    return shape


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK), b"")


class _Kept(io.RawIOBase):
    """A file in the database, from a byte on; one chunk of it in memory at a time."""

    def __init__(self, upload_id: int, at: int) -> None:
        self.upload_id, self.at = upload_id, at
        self.number, self.data = -1, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self.at, CHUNK)
        if number != self.number:
            self.number, self.data = number, self._chunk(number)
        piece = self.data[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)

    def _chunk(self, number: int) -> bytes:
        rows = ImportChunk.objects.filter(upload=self.upload_id, number=number)
        return bytes(rows.values_list("data", flat=True).first() or b"")


def sample(upload: Import, *, count: int) -> list[Row]:
    """Return the first rows of a file that is kept."""
    rows = rows_of(upload, again=True)
    return [row for _, row in zip(range(count), rows, strict=False)]
