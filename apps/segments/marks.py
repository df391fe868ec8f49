"""Marking contacts for settling, in the transaction of the fact itself."""

from collections.abc import Iterable, Mapping
from functools import partial

from django.db import transaction

from apps.core.jobs import ring
from apps.segments.models import Change
from apps.segments.settling import settle_marked

AT_ONCE = 20  # contacts settled by the process that changed them; more go to the workers
SETTLE_JOB = "apps.segments.jobs.settle_waiting"


def mark(changes: Mapping[int, Iterable[str]]) -> None:
    """Write one mark a contact; a few are settled right after the commit, many by workers.

    Keys: `trait:plan`, `event:order_completed`, `segment:customers`, `pin:customers`, `*`.
    """
    if not changes:
        return
    Change.objects.bulk_create(
        [Change(contact_id=pk, keys=sorted(keys)) for pk, keys in sorted(changes.items())],
        batch_size=500,
    )
    if len(changes) <= AT_ONCE:
        # robust: the fact is committed; the sweeper settles what fails here.
        transaction.on_commit(partial(settle_marked, frozenset(changes)), robust=True)
    else:
        ring(SETTLE_JOB)
