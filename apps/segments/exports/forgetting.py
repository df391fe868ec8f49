"""What exports must not keep: files that are old, and files that name somebody who is erased."""

from array import array
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from apps.segments.exports.running import stop
from apps.segments.models import Export, ExportPart

KEPT = timedelta(days=7)
OLD = "Files of members are kept for seven days. Export again."
ERASED = "Somebody the file names was erased. Export again."


def tidy(*, now: datetime) -> None:
    """Take away the files that are older than a week."""
    old = Export.objects.with_files().filter(created_at__lt=now - KEPT)
    for pk in old.values_list("pk", flat=True):
        stop(pk, problem=OLD, now=now)


def drop_files(*, ids: Collection[int], now: datetime) -> None:
    """Take away the files that name one of these contacts, finished or not.

    The exports are locked before any contact is, so none goes on gathering meanwhile.
    """
    exports = Export.objects.with_files().select_for_update(of=("self",)).order_by("pk")
    held = [export.pk for export in exports]
    within = Q()
    for pk in ids:
        within |= Q(first__lte=pk, last__gte=pk)
    parts = ExportPart.objects.filter(within, export__in=held)
    wanted = set(ids)
    named = {
        export_id
        for export_id, contacts in parts.values_list("export_id", "contacts")
        if not wanted.isdisjoint(array("q", bytes(contacts)))
    }
    for pk in sorted(named):
        stop(pk, problem=ERASED, now=now)
