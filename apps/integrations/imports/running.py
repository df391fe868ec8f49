"""An import from the upload to its end: looked through, confirmed, taken in.

Both ways through the file go by batches, each one transaction that holds the import's row: what
a batch wrote, how far that is and what it counts commit together. So a killed worker's
successor goes on where it stood, and whoever finds that somebody else went on leaves it alone.
"""

import time
import traceback
from datetime import datetime, timedelta
from itertools import islice

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from apps.contacts import profile, traits
from apps.contacts.gathering import BATCH
from apps.contacts.models import Trait
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.integrations.imports import contacts, events
from apps.integrations.imports.columns import Place, dump, load, look
from apps.integrations.imports.lines import Flaw, Row, Rows
from apps.integrations.imports.tally import Tally
from apps.integrations.imports.uploading import rows_of
from apps.integrations.models import Import, RefusedRow

JOB = "apps.integrations.jobs.carry_on_import"
STINT = 2.0  # seconds of a task: then those behind it in the queue, such as settling, have theirs
FORGOTTEN_AFTER = timedelta(seconds=15)
TRIES = 5  # at one batch
GIVEN_UP = "It failed at the same rows again and again; the log says how."

log = structlog.get_logger(__name__)


def order(import_id: int, *, now: datetime) -> bool:
    """Let an import that was looked through begin; return whether this call did it.

    Its new traits come into the catalogue first: while a batch holds contacts, nobody waits
    for one of them.
    """
    with transaction.atomic():
        upload = Import.objects.select_for_update().get(pk=import_id)
        if upload.state != Import.State.READY:
            return False
        upload.state = Import.State.RUNNING
        upload.done_to, upload.done_lines = upload.first_row, upload.first_line
        upload.ordered_at = upload.touched_at = now
        upload.save()
        _define_traits(upload)
    return True


def carry_on(import_id: int, *, seconds: float, now: datetime | None = None) -> bool:
    """Go on from where the import last committed; return whether there is more to do.

    Safe to run twice at once.
    """
    until = time.monotonic() + seconds
    found = Import.objects.filter(pk=import_id).first()
    if found is None or not found.is_under_way:
        return False
    rows = rows_of(found)
    while found and found.is_under_way:
        batch = list(islice(rows, BATCH))
        found = _take(found, batch, rows, now=now or timezone.now())
        reached("import.between_batches")
        if time.monotonic() >= until:
            break
    return found is not None and found.is_under_way


def work(import_id: int) -> None:
    """Do a worker's stint; what fails without end is stopped.

    What was raised is not written down as it is: a database's message may quote a person.
    """
    try:
        if carry_on(import_id, seconds=STINT):
            ring(JOB, import_id)
    except (OperationalError, InterfaceError):  # the database is away or busy
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        log.error("an import failed", upload=import_id, error=type(error).__name__, where=where)
        _count_failure(import_id, now=timezone.now())


def resume(*, now: datetime) -> None:
    """Wake a worker for each import that nobody has touched for a while."""
    forgotten = Import.objects.under_way().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now):
            ring(JOB, pk)


def stop(import_id: int, *, problem: str, now: datetime) -> bool:
    """End an import that is under way or waits for it; return whether there was one to end.

    What it has taken in stays. Its file goes.
    """
    with transaction.atomic():
        rows = Import.objects.with_files().select_for_update()
        upload = rows.filter(pk=import_id).first()
        if upload:
            _end(upload, Import.State.STOPPED, now=now)
            upload.problem = problem
            upload.save()
    return upload is not None


def _take(seen: Import, batch: list[Row], rows: Rows, *, now: datetime) -> Import | None:
    """Take in a batch that was read; None where the import is not as it was `seen`."""
    with transaction.atomic():
        upload = Import.objects.select_for_update().filter(pk=seen.pk).first()
        if upload is None or (upload.state, upload.done_to) != (seen.state, seen.done_to):
            return None
        is_last = len(batch) < BATCH
        upload.done_to, upload.done_lines = rows.done_to, rows.done_lines
        upload.touched_at, upload.failures = now, 0
        if upload.state == Import.State.LOOKING:
            _look(upload, batch, is_last=is_last)
        else:
            _write(upload, batch, now=now, is_last=is_last)
        upload.save()
        reached("import.before_commit")
    return upload


def _look(upload: Import, batch: list[Row], *, is_last: bool) -> None:
    upload.columns = dump(look(load(upload.columns), batch))
    upload.rows += len(batch)
    if is_last:
        upload.state = Import.State.READY


def _write(upload: Import, batch: list[Row], *, now: datetime, is_last: bool) -> None:
    tally = _tally(upload, batch, now=now)
    upload.made += tally.made
    upload.changed += tally.changed
    upload.same += tally.same
    upload.refused += len(tally.refused)
    RefusedRow.objects.bulk_create(
        [_refused(upload, line, flaw) for line, flaw in sorted(tally.refused, key=lambda no: no[0])]
    )
    if is_last:
        _end(upload, Import.State.DONE, now=now)


def _tally(upload: Import, batch: list[Row], *, now: datetime) -> Tally:
    columns = load(upload.columns)
    if upload.holds == Import.Holds.CONTACTS:
        return contacts.take_in(batch, columns, now=now)
    return events.take_in(batch, columns, upload=upload, now=now)


def _refused(upload: Import, line: int, flaw: Flaw) -> RefusedRow:
    return RefusedRow(upload=upload, line=line, column=flaw.column, message=flaw.message)


def _end(upload: Import, state: Import.State, *, now: datetime) -> None:
    """Let go of the file and of what its header said."""
    upload.state, upload.finished_at, upload.columns = state, now, []
    upload.chunks.all().delete()


def _define_traits(upload: Import) -> None:
    new = {
        column.key: column.kind
        for column in load(upload.columns)
        if column.place is Place.TRAIT and column.filled
    }
    known = set(Trait.objects.filter(key__in=new).values_list("key", flat=True))
    for key in sorted(new.keys() - known):
        traits.define(key, label=profile.label_of(key), kind=new[key], source=contacts.SOURCE)


def _count_failure(import_id: int, *, now: datetime) -> None:
    Import.objects.filter(pk=import_id).update(failures=F("failures") + 1, touched_at=now)
    if Import.objects.filter(pk=import_id, failures__gte=TRIES).exists():
        stop(import_id, problem=GIVEN_UP, now=now)
