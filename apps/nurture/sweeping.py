"""Finding the messages that somebody should have moved on by now."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.core.jobs import ring
from apps.nurture import handing, models
from apps.nurture.walking import BELL

State = models.Message.State
LIMIT = 200  # messages a sweep: mails begun in bulk are rung for at this pace
PAUSED = timedelta(minutes=5)  # until a paused sequence's mails are looked at again


def sweep(*, now: datetime, limit: int = LIMIT) -> int:
    """Ring again for what is queued, and judge what the dead left behind; return how many.

    claimed, its lease over: nothing has left this house, so it is queued again. handing, its
    lease over: the mail server may have it, so it is in doubt.
    """
    neglected = models.Message.objects.select_for_update(skip_locked=True, of=("self",))
    with transaction.atomic():
        found = list(
            neglected.neglected(now).select_related("enrolment__sequence").order_by("pk")[:limit]
        )
        for message in found:
            _move_on(message, now=now)
    return len(found)


def _move_on(message: models.Message, *, now: datetime) -> None:
    match State(message.state):
        case State.QUEUED:
            _ring_again(message, now=now)
        case State.CLAIMED if message.attempts >= handing.MAX_ATTEMPTS:
            reason = f"Given up: {message.attempts} workers died of it"
            _set(message, now=now, state=State.FAILED, reason=reason, token="", look_at=None)
        case State.CLAIMED:
            _set(message, now=now, state=State.QUEUED, token="", look_at=now + BELL)
            ring("apps.nurture.jobs.deliver", message.pk)
        case State.HANDING:
            reason = "The worker died while the mail server was taking it"
            _set(message, now=now, state=State.IN_DOUBT, reason=reason, look_at=None)
        case State.SENT | State.IN_DOUBT | State.FAILED | State.WITHHELD:
            pass  # at rest: the database does not let one have a look_at


def _ring_again(message: models.Message, *, now: datetime) -> None:
    runs = message.enrolment.sequence.status == models.Sequence.Status.LIVE
    if runs:
        ring("apps.nurture.jobs.deliver", message.pk)
    models.Message.objects.filter(pk=message.pk).update(look_at=now + (BELL if runs else PAUSED))


def _set(message: models.Message, *, now: datetime, **columns: object) -> None:
    models.Message.objects.filter(pk=message.pk).update(changed_at=now, **columns)
