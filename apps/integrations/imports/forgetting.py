"""What imports leave behind, and must not keep: files that nobody confirmed, and people erased."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from apps.contacts.models import Identity
from apps.integrations.imports.columns import WHO, Place, load
from apps.integrations.imports.events import named
from apps.integrations.imports.lines import Row
from apps.integrations.imports.running import stop
from apps.integrations.imports.uploading import rows_of
from apps.integrations.models import Import, RefusedRow

WAITS = timedelta(days=1)  # a file for its confirmation
LISTED = timedelta(days=30)  # refused rows
ERASED = "Somebody the file names was erased. Upload it again without them."


def tidy(*, now: datetime) -> None:
    """Drop the files that nobody confirmed, and the refused rows that nobody needs any more."""
    waiting = (Import.State.LOOKING, Import.State.READY)
    Import.objects.filter(state__in=waiting, created_at__lt=now - WAITS).delete()
    RefusedRow.objects.filter(upload__finished_at__lt=now - LISTED).delete()


def drop_files(*, ids: Collection[int], emails: Collection[str], now: datetime) -> None:
    """Stop the imports whose file names one of these contacts, and drop their files.

    Without it they would make the person again. The imports are locked before any contact
    is, as where they are taken in.
    """
    external = Identity.objects.filter(contact__in=ids, kind=Identity.Kind.EXTERNAL)
    names = {
        "contact_id": {str(pk) for pk in ids},
        "external_id": set(external.values_list("value", flat=True)),
        "email": set(emails),
    }
    for upload in Import.objects.with_files().select_for_update().order_by("pk"):
        if _is_named(upload, names):
            stop(upload.pk, problem=ERASED, now=now)


def _is_named(upload: Import, names: Mapping[str, set[str]]) -> bool:
    columns = enumerate(load(upload.columns))
    who = [
        (at, column.key)
        for at, column in columns
        if column.place is Place.FIELD and column.key in WHO
    ]
    return any(
        _may_name(row, names) if row.flaw else _names(row, who, names)
        for row in rows_of(upload, again=True)
    )


def _names(row: Row, who: Iterable[tuple[int, str]], names: Mapping[str, set[str]]) -> bool:
    return any(named(key, row.cells[at]) in names[key] for at, key in who)


def _may_name(row: Row, names: Mapping[str, set[str]]) -> bool:
    """Return whether a row that is refused could name them, in whatever cell."""
    texts = {text.lower() for found in names.values() for text in found}
    return not row.cells or any(cell.strip().lower() in texts for cell in row.cells)
