"""An export from the order to the file: members gathered by ranges of contacts, then written.

Each range is one transaction that holds the export's row: the part and how far that is commit
together. So a killed worker's successor goes on where it stood, and whoever finds that somebody
else went on leaves it alone. A CSV file is its parts; an Excel file is written of them at the
end, and begun anew where that was broken off.
"""

import json
import tempfile
import time
import traceback
import zlib
from array import array
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import IO

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.segments import sizes
from apps.segments.exports import formats
from apps.segments.exports.columns import Cell, cells, columns_of, header
from apps.segments.members import entered_since
from apps.segments.models import Export, ExportPart, Membership, Segment

JOB = "apps.segments.jobs.carry_on_export"
BATCH = 2000  # members of a part
STINT = 2.0  # seconds of a task, then those behind it in the queue have theirs
FORGOTTEN_AFTER = timedelta(seconds=15)
TRIES = 5
GIVEN_UP = "It failed again and again; the log says how."
ROWS_OF_XLSX = 100_000  # an Excel file is written in one go, in a few seconds
TOO_LONG = f"An Excel file is made of at most {ROWS_OF_XLSX:,} members. Take CSV."
CHUNK = 1 << 20  # bytes

log = structlog.get_logger(__name__)


class TooLong(ValueError):
    """More members than the format is made for."""


def order(
    segment: Segment,
    *,
    format: str,  # noqa: A002
    columns: Sequence[str],
    since: date | None,
    by: User,
    now: datetime,
) -> Export:
    """Write down that a file is wanted, and wake a worker. Raises TooLong."""
    expected = sizes.members([segment.pk])[segment.pk]
    if format == Export.Format.XLSX and since is None and expected > ROWS_OF_XLSX:
        raise TooLong(TOO_LONG)
    with transaction.atomic():
        export = Export.objects.create(
            segment=segment,
            format=format,
            columns=list(columns),
            since=since,
            by=by,
            expected=expected,
            created_at=now,
            touched_at=now,
        )
        if format == Export.Format.CSV:
            _begin_csv(export)
        ring(JOB, export.pk)
    return export


def _begin_csv(export: Export) -> None:
    """Write the head of the file: its first part, which names nobody."""
    head = header(columns_of(export.columns))
    data = formats.BOM.encode() + formats.csv_lines([head])
    export.parts.create(number=0, first=0, last=0, contacts=b"", data=data)
    export.size = len(data)
    export.save()


def work(export_id: int) -> None:
    """Do a worker's stint; what fails without end is stopped.

    What was raised is not written down as it is: a message may quote a person.
    """
    try:
        if carry_on(export_id, seconds=STINT):
            ring(JOB, export_id)
    except (OperationalError, InterfaceError):  # the database is away or busy
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        log.error("an export failed", export=export_id, error=type(error).__name__, where=where)
        _count_failure(export_id, now=timezone.now())


def carry_on(export_id: int, *, seconds: float, now: datetime | None = None) -> bool:
    """Go on from where the export last committed; return whether there is more to do.

    Safe to run twice at once.
    """
    until = time.monotonic() + seconds
    export = Export.objects.under_way().filter(pk=export_id).first()
    while export and export.is_under_way and not export.is_gathered:
        export = _gather(export, now=now or timezone.now())
        reached("export.between_parts")
        if time.monotonic() >= until:
            return export is not None and export.is_under_way
    if export and export.is_under_way:
        _write_file(export, now=now or timezone.now())
    return False


def resume(*, now: datetime) -> None:
    """Wake a worker for each export that nobody has touched for a while."""
    forgotten = Export.objects.under_way().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now):
            ring(JOB, pk)


def stop(export_id: int, *, problem: str, now: datetime) -> bool:
    """End an export, or take its file away; return whether there was one."""
    with transaction.atomic():
        rows = Export.objects.with_files().select_for_update()
        export = rows.filter(pk=export_id).first()
        if export:
            export.parts.all().delete()
            export.state, export.problem, export.finished_at = Export.State.STOPPED, problem, now
            export.save()
    return export is not None


def _gather(seen: Export, *, now: datetime) -> Export | None:
    """Add the next range of members; None where the export is not as it was `seen`."""
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",)).filter(pk=seen.pk).first()
        if export is None or (export.state, export.done_to) != (seen.state, seen.done_to):
            return None
        found = _next_members(export)
        if found:
            _add_part(export, found)
        export.touched_at, export.failures = now, 0
        if len(found) < BATCH:
            export.is_gathered = True
        if export.is_gathered and export.format == Export.Format.CSV:
            _end(export, now=now)
        export.save()
        reached("export.before_commit")
    if export.format == Export.Format.XLSX and export.rows > ROWS_OF_XLSX:
        stop(export.pk, problem=TOO_LONG, now=now)
        return None
    return export


def _next_members(export: Export) -> list[tuple[int, datetime]]:
    rows = Membership.objects.filter(segment=export.segment_id, contact__gt=export.done_to)
    if export.since:
        rows = entered_since(rows, export.segment, export.since)
    return list(rows.order_by("contact").values_list("contact_id", "since")[:BATCH])


def _add_part(export: Export, found: Sequence[tuple[int, datetime]]) -> None:
    ids = [pk for pk, _ in found]
    people = Contact.objects.in_bulk(ids)
    columns = columns_of(export.columns)
    rows = [cells(people[pk], since, columns) for pk, since in found if pk in people]
    data = formats.csv_lines(rows) if export.format == Export.Format.CSV else _packed(rows)
    ExportPart.objects.create(
        export=export,
        number=export.parts.count(),
        first=ids[0],
        last=ids[-1],
        contacts=array("q", ids).tobytes(),
        data=data,
    )
    export.done_to = ids[-1]
    export.rows += len(rows)
    export.size += len(data)


def _write_file(export: Export, *, now: datetime) -> None:
    """Write the Excel file of what was gathered, unless somebody ended the export meanwhile."""
    columns = columns_of(export.columns)
    with tempfile.TemporaryFile() as file:
        formats.write_xlsx(file, header(columns), columns, _gathered(export))
        reached("export.file_written")
        with transaction.atomic():
            held = Export.objects.under_way().select_for_update(of=("self",))
            mine = held.filter(pk=export.pk).first()
            if mine is None:
                return
            mine.parts.update(data=b"")  # who is in it stays known
            mine.size = file.tell()
            _keep(mine, file)
            _end(mine, now=now)
            mine.save()


def _gathered(export: Export) -> Iterator[list[Cell]]:
    """Yield all rows, part by part; whoever looks sees that somebody is at it."""
    for pk in list(export.parts.order_by("number").values_list("pk", flat=True)):
        Export.objects.filter(pk=export.pk).update(touched_at=timezone.now())
        data = ExportPart.objects.filter(pk=pk).values_list("data", flat=True).first()
        if data:
            yield from json.loads(zlib.decompress(bytes(data)))


def _keep(export: Export, file: IO[bytes]) -> None:
    """Keep the file in pieces behind the parts, in which nobody is named a second time."""
    number = export.parts.count()
    file.seek(0)
    for piece in iter(lambda: file.read(CHUNK), b""):
        ExportPart.objects.create(
            export=export, number=number, first=0, last=0, contacts=b"", data=piece
        )
        number += 1


def _end(export: Export, *, now: datetime) -> None:
    export.state, export.finished_at = Export.State.DONE, now


def _packed(rows: Sequence[Sequence[Cell]]) -> bytes:
    return zlib.compress(json.dumps(rows).encode())


def content(export: Export) -> Iterator[bytes]:
    """Yield the file of an export that is ready, a piece at a time."""
    for pk in list(export.parts.order_by("number").values_list("pk", flat=True)):
        data = ExportPart.objects.filter(pk=pk).values_list("data", flat=True).first()
        if data:
            yield bytes(data)


def _count_failure(export_id: int, *, now: datetime) -> None:
    Export.objects.filter(pk=export_id).update(failures=F("failures") + 1, touched_at=now)
    if Export.objects.filter(pk=export_id, failures__gte=TRIES).exists():
        stop(export_id, problem=GIVEN_UP, now=now)
