"""One lock between settling and rebuilding, beside the contacts' own.

Settling a contact holds its bucket, with all other settlings of that bucket; a rebuild that
writes holds the bucket alone. So a contact is settled either before, by the old rule, with
what it became in the rebuild's sight, or after, by the new one; and a rebuild locks one thing
where it would have locked each of 65,536 contacts.

The order is fixed: buckets ascending, then contacts ascending. On SQLite there is one writer,
and nothing to hold.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from apps.contacts.models import Contact
from apps.core import rows

BUCKET_BITS = 16
A_PIECE_TAKES = {"postgresql": 0.2, "sqlite": 0.1}  # seconds, about: what others may have to wait
LOCK = 0x7164  # the class of our advisory locks


def bucket(contact_id: int) -> int:
    return contact_id >> BUCKET_BITS


def ends(number: int) -> tuple[int, int]:
    """Return the first and the last id of a bucket."""
    return number << BUCKET_BITS, (number + 1 << BUCKET_BITS) - 1


def held(ids: Collection[int], *, skip_locked: bool = False) -> Iterable[Contact]:
    """Return the contacts by id, their buckets held with others, each locked for itself.

    The buckets come first, in the same statement: PostgreSQL works out a condition that
    depends on no row before it reads any.
    """
    if not ids:
        return []
    if connection.vendor != "postgresql":
        return Contact.objects.filter(pk__in=ids).order_by("pk")
    buckets = rows.listed(sorted({bucket(pk) for pk in ids}))
    return Contact.objects.raw(
        f"SELECT * FROM {rows.table(Contact)} WHERE"
        f" (SELECT COUNT(pg_advisory_xact_lock_shared({LOCK}, number))"
        f" FROM unnest(ARRAY[{buckets}]) AS number) >= 0 AND id IN ({rows.listed(ids)})"
        f" ORDER BY id FOR NO KEY UPDATE{' SKIP LOCKED' if skip_locked else ''}"
    )


def take(numbers: Iterable[int]) -> None:
    """Hold these buckets alone until the transaction ends."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for number in sorted(numbers):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, number])


def next_size(size: int, seconds: float, *, least: int, largest: int) -> int:
    """Return how many to write next, so that a piece takes about as long as it should.

    A statement over many rules costs something however few it is for: pieces do not dwindle.
    """
    fitting = int(size * A_PIECE_TAKES[connection.vendor] / max(seconds, 0.001))
    return min(max(fitting, size // 2, least), 2 * size, largest)
