"""Tasks that kill: counted as they begin, buried when they have begun too often.

django-q2 counts failures when they are reported; a task that kills its worker reports none.
So the worker writes down that it begins, before it begins. A first run is not written down:
a task that ends well costs no write. A task that gets further each time kills nobody: what
does its work in pieces says where it goes on, and only runs from the same place add up.
"""

from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ, Task

from apps.core.jobs import ring
from apps.core.models import Attempt, DeadTask

LIMIT = 5  # runs
FRESH = timedelta(seconds=1)  # a task's lock is set within this of its making

log = structlog.get_logger(__name__)
_running: ContextVar[int | None] = ContextVar("the task that runs, if it came back", default=None)


def came_back(task: OrmQ) -> bool:
    """Whether the claimed `task` was handed out before; its first return opens its count."""
    started = task.task.get("started")
    if started is None or task.lock is None or task.lock - started < FRESH:
        return False
    Attempt.objects.get_or_create(task=task.id)
    return True


def is_spent(task: OrmQ) -> bool:
    return Attempt.objects.filter(task=task.id, begun__gte=LIMIT).exists()


def begins(sender: object, *, task: dict[str, Any], **_: object) -> None:
    """Count a run that begins; receiver of django-q2's pre_execute, in the worker.

    Must not raise: django-q2 would take the worker down. An uncounted run is the lesser evil.
    """
    if timezone.now() - task["started"] < timedelta(seconds=settings.Q_CLUSTER["retry"]):
        _running.set(None)
        return
    _running.set(task["ack_id"])
    try:
        Attempt.objects.filter(task=task["ack_id"]).update(begun=F("begun") + 1)
    except DatabaseError as error:
        log.warning("a run was not counted", error=type(error).__name__)


def goes_on_from(place: int) -> None:
    """Say where the task that runs goes on, in a measure of its own.

    Where its last run went on elsewhere, its runs are counted anew.
    """
    if (task := _running.get()) is not None:
        Attempt.objects.filter(task=task).exclude(place=place).update(begun=1, place=place)


@transaction.atomic
def bury(task: OrmQ, *, now: datetime) -> DeadTask:
    """Take `task` off the queue for good and keep it for a person to see."""
    package = task.task
    failure = Task.objects.filter(id=package["id"]).first()
    dead = DeadTask.objects.create(
        job=str(package["func"]),
        ids=list(package["args"]),
        attempts=Attempt.objects.get(task=task.id).begun,
        error=str(failure.result or "") if failure else "It ended its worker each time.",
        buried_at=now,
    )
    Attempt.objects.filter(task=task.id).delete()
    task.delete()
    log.error("a task was buried", job=dead.job, ids=dead.ids, attempts=dead.attempts)
    return dead


@transaction.atomic
def revive(dead: DeadTask) -> bool:
    """Put a dead task into the queue again, with all its attempts before it; once."""
    gone, _ = DeadTask.objects.filter(pk=dead.pk).delete()
    if gone:
        ring(dead.job, *dead.ids)
    return bool(gone)
