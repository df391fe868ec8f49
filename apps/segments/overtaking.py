"""Who was settled, or moved by another rebuild, since a waiting rebuild may have looked at them.

A rebuild writes what its one look found. That is no longer so for whoever was settled since,
so whoever settles while a rebuild waits leaves a trace, in the same transaction, and the rebuild
looks at those again. No trace is needed of who is settled before it looks, and none outlives
the rebuilds that wait.
"""

from collections.abc import Collection

from django.db.models import Exists

from apps.core import rows
from apps.segments.models import Overtaken, Rebuild

WAITING = f"SELECT 1 FROM {rows.table(Rebuild)} WHERE state = '{Rebuild.State.WAITING.value}'"


def note(ids: Collection[int]) -> None:
    rows.insert(Overtaken, ("contact_id",), ([pk] for pk in sorted(ids)))


def note_moved(by: Rebuild) -> None:
    """Note whom the last `moving.move` of this transaction moved, where others wait too."""
    rows.run(
        f"INSERT INTO {rows.table(Overtaken)} (contact_id) SELECT DISTINCT contact_id FROM moving"
        f" WHERE EXISTS ({WAITING} AND id <> %s)",
        [by.pk],
        answers=False,
    )


def between(first: int, last: int) -> set[int]:
    """Return which of the contacts from one id to another were overtaken."""
    found = Overtaken.objects.filter(contact__gte=first, contact__lte=last)
    return set(found.values_list("contact_id", flat=True))


def forget() -> None:
    """Drop all traces, unless a rebuild waits that may need them."""
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    Overtaken.objects.filter(~Exists(waiting)).delete()
