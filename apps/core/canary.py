"""The canary: a tiny task each cluster must answer, or it is replaced.

A `kill -9` of an idle worker can leave the cluster's queue locked for ever while every process
looks alive; one of its monitor, that work is done and never taken off the queue. Only work
that is done and acknowledged proves that work gets done.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from apps.core.models import Canary

EVERY = timedelta(seconds=5)
FORGOTTEN = timedelta(hours=1)
SONG = "apps.core.canary.sing"

log = structlog.get_logger(__name__)


def enlist(cluster: str) -> Canary:
    """Return the canary of `cluster`, made at its first look at the queue."""
    return Canary.objects.get_or_create(cluster=cluster)[0]


def key(canary: Canary) -> str:
    """Return the name of the queue that only this canary's cluster listens to."""
    return f"canary-{canary.pk}"


def ring_due(*, now: datetime) -> int:
    """Ring each canary that was not rung for 5 s; return how many."""
    quiet = Q(rung_at=None) | Q(rung_at__lte=now - EVERY) | Q(rung_at__gt=now + EVERY)
    due = list(Canary.objects.filter(quiet))
    for canary in due:
        _ring(canary, now=now)
    return len(due)


@transaction.atomic
def _ring(canary: Canary, *, now: datetime) -> None:
    """Put one ring on the canary's own queue, in place of any that still stands there."""
    number = canary.rung if canary.is_waiting else canary.rung + 1
    claim = Canary.objects.filter(pk=canary.pk, rung_at=canary.rung_at)
    if not claim.update(rung=number, rung_at=now):
        return
    OrmQ.objects.filter(key=key(canary)).delete()
    async_task(SONG, canary.pk, number, cluster=key(canary))


def sing(canary_id: int, number: int) -> None:
    """Be some work. It counts as an answer once the monitor has acknowledged it."""


def heard(sender: object, *, task: dict[str, Any], **_: object) -> None:
    """Take an acknowledged song for an answer; receiver of django-q2's post_execute.

    Runs in the monitor and must not raise: the death of the monitor takes the cluster along.
    """
    if task["func"] != SONG or not task["success"]:
        return
    try:
        answer(*task["args"])
    except DatabaseError as error:
        log.warning("an answer was not recorded", error=type(error).__name__)


def answer(canary_id: int, number: int) -> None:
    """Record that this cluster did some work, to the end. A late answer changes nothing."""
    Canary.objects.filter(pk=canary_id, answered__lt=number).update(
        answered=number, answered_at=timezone.now()
    )


@transaction.atomic
def dismiss(cluster: str) -> None:
    """Forget a cluster that has ended, and the rings it will not hear."""
    for canary in Canary.objects.filter(cluster=cluster):
        OrmQ.objects.filter(key=key(canary)).delete()
        canary.delete()


def dismiss_forgotten(*, now: datetime) -> None:
    """Dismiss clusters that have not answered for an hour: their hosts are gone."""
    forgotten = Q(answered_at__lt=now - FORGOTTEN) | Q(
        answered_at=None, started_at__lt=now - FORGOTTEN
    )
    for cluster in Canary.objects.filter(forgotten).values_list("cluster", flat=True):
        dismiss(cluster)
