"""Marking contacts for settling, in the transaction of the fact itself."""

from collections.abc import Callable, Collection, Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from apps.core import rows
from apps.core.jobs import ring
from apps.segments.models import Change
from apps.segments.settling import newest_mark, settle_marked

AT_ONCE = 20  # contacts settled by the process that changed them; more go to the workers
SETTLE_JOB = "apps.segments.jobs.settle_waiting"


def mark(changes: Mapping[int, Iterable[str]], *, quiet: bool = False) -> None:
    """Write one mark a contact; a few are settled right after the commit, many by workers.

    Keys: `trait:plan`, `event:order_completed`, `segment:customers`, `pin:customers`, `*`.
    """
    if not changes:
        return
    now = timezone.now()
    rows.insert(
        Change,
        ("contact_id", "keys", "quiet", "created_at"),
        ([pk, sorted(keys), quiet, now] for pk, keys in sorted(changes.items())),
    )
    wake(changes)


def wake(ids: Collection[int]) -> None:
    """See to it that marked contacts are settled: a few right after the commit, many by workers."""
    if len(ids) > AT_ONCE:
        call_workers()
    elif ids:
        transaction.on_commit(_settling(frozenset(ids)), robust=True)


def call_workers() -> None:
    """Have workers settle what is marked by now, also in this transaction."""
    ring(SETTLE_JOB, newest_mark())


def _settling(ids: frozenset[int]) -> Callable[[], None]:
    """Return what settles the contacts after the commit.

    The fact is committed by then: what fails here is logged, and the sweeper settles it. A
    function with a name, not a partial: Django's log of the failure would raise for want of one.
    """

    def settle_committed() -> None:
        settle_marked(ids)

    return settle_committed
