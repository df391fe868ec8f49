"""Who was settled, or moved by another rebuild, since a waiting rebuild may have looked at them.

A rebuild writes what its one look found. That need not be so any more for whoever was settled
since. So whoever settles while a rebuild waits leaves a trace, in the same transaction, and the
rebuild looks at those again. Who is settled before it looks need leave none.
"""

from collections.abc import Collection

from django.db.models import Exists

from apps.core import rows
from apps.segments.models import Overtaken, Rebuild

WAITING = f"SELECT 1 FROM {rows.table(Rebuild)} WHERE state = '{Rebuild.State.WAITING.value}'"


def note(ids: Collection[int]) -> None:
    rows.insert(Overtaken, ("contact_id",), ([pk] for pk in sorted(ids)), unless="contact_id")


def note_moved(by: Rebuild) -> None:
    """Note whom the last `moving.move` of this transaction moved, where others wait too."""
    rows.run(
        f"INSERT INTO {rows.table(Overtaken)} (contact_id) SELECT DISTINCT contact_id FROM moving"
        f" WHERE EXISTS ({WAITING} AND id <> %s) ORDER BY contact_id ON CONFLICT DO NOTHING",
        [by.pk],
        answers=False,
    )


def between(first: int, last: int) -> set[int]:
    """Return which of the contacts from one id to another were overtaken."""
    found = Overtaken.objects.filter(contact_id__gte=first, contact_id__lte=last)
    return set(found.values_list("contact_id", flat=True))


def forget() -> None:
    """Drop all traces, unless a rebuild waits that may need them.

    By one statement: where it does not see a rebuild, it does not see the traces left for it
    either. What another drops at the same time is left to it.
    """
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    useless = Overtaken.objects.select_for_update(skip_locked=True).filter(~Exists(waiting))
    Overtaken.objects.filter(pk__in=useless.values("pk")).delete()
