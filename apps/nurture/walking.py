"""Taking enrolments through their steps: e-mails are queued, waits are waited, ends end."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.contacts.models import Contact
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.nurture import lanes, models
from apps.nurture.stopping import stop

RING_AT_ONCE = 20  # more mails than this are left to the sweeper, which rings at a steady pace
BELL = timedelta(seconds=30)  # after that long without an answer the sweeper rings again
BATCH = 200  # enrolments a transaction


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between a position and the next wait, or the end."""

    emails: tuple[models.Step, ...]
    next_position: int
    wait: timedelta | None  # None: the end


def stretch(steps: Iterable[models.Step], *, position: int) -> Stretch:
    """Return the stretch that begins at `position`, from steps in order."""
    emails: list[models.Step] = []
    for step in steps:
        if step.position < position:
            continue
        position = step.position + 1
        if step.wait is not None:
            return Stretch(tuple(emails), position, step.wait)
        emails.append(step)
    return Stretch(tuple(emails), position, None)


def steps_of(sequence_ids: Iterable[int]) -> Mapping[int, list[models.Step]]:
    """Return the steps of each sequence in order."""
    found: dict[int, list[models.Step]] = defaultdict(list)
    for step in models.Step.objects.filter(sequence__in=set(sequence_ids)).order_by("position"):
        found[step.sequence_id].append(step)
    return found


def place(enrolment: models.Enrolment, ahead: Stretch, *, now: datetime) -> None:
    """Set where the enrolment stands once the stretch is walked; nothing is saved."""
    enrolment.next_position = ahead.next_position
    if ahead.wait is None:
        enrolment.state = models.Enrolment.State.FINISHED
        enrolment.due_at, enrolment.ended_at = None, now
    else:
        enrolment.due_at = now + ahead.wait


def queue(walked: Sequence[tuple[models.Enrolment, Stretch]], *, now: datetime) -> None:
    """Write the message rows of the stretches walked, and ring for them.

    A step that moved to a later position after it was mailed is not mailed again: the key of
    (enrolment, step, pass) is taken.
    """
    rows = [
        models.Message(
            enrolment=enrolment,
            step=step,
            contact_id=enrolment.contact_id,
            not_before=now,
            look_at=now,
            created_at=now,
            changed_at=now,
        )
        for enrolment, ahead in walked
        for step in ahead.emails
    ]
    if not rows:
        return
    models.Message.objects.bulk_create(rows, ignore_conflicts=True)
    if len(rows) <= RING_AT_ONCE:
        _ring_for([row.message_id for row in rows], now=now)


def _ring_for(message_ids: Sequence[str], *, now: datetime) -> None:
    fresh = models.Message.objects.filter(message_id__in=message_ids)
    for pk in fresh.order_by("pk").values_list("pk", flat=True):
        ring("apps.nurture.jobs.deliver", pk)
    fresh.update(look_at=now + BELL)


def advance(enrolment: models.Enrolment, *, now: datetime) -> bool:
    """Take one enrolment through its next stretch; return False if it was not its turn."""
    return advance_many([enrolment.pk], now=now) == 1


def advance_due(*, now: datetime, limit: int = BATCH) -> int:
    """Take the enrolments whose wait is over through their next stretch; return how many."""
    due = models.Enrolment.objects.due(now).values_list("pk", flat=True)[:limit]
    return advance_many(list(due), now=now)


def advance_many(enrolment_ids: Sequence[int], *, now: datetime) -> int:
    """Advance those that are still due once their contacts are locked, in one transaction."""
    if not enrolment_ids:
        return 0
    with transaction.atomic():
        held = _lock_contacts_of(enrolment_ids)
        stop(lanes.outranked(held), now=now, reason="A higher sequence of its lane runs")
        turn = list(models.Enrolment.objects.due(now).filter(pk__in=enrolment_ids))
        steps = steps_of(enrolment.sequence_id for enrolment in turn)
        walked = [
            (enrolment, stretch(steps[enrolment.sequence_id], position=enrolment.next_position))
            for enrolment in turn
        ]
        for enrolment, ahead in walked:
            place(enrolment, ahead, now=now)
        models.Enrolment.objects.bulk_update(
            turn, ["next_position", "due_at", "state", "ended_at"], batch_size=100
        )
        queue(walked, now=now)
        reached("advance.before_commit")
    reached("advance.committed")
    return len(turn)


def _lock_contacts_of(enrolment_ids: Sequence[int]) -> set[int]:
    owners = models.Enrolment.objects.filter(pk__in=enrolment_ids)
    held: set[int] = set()
    while fresh := set(owners.values_list("contact_id", flat=True)) - held:
        # A second round only where contacts were merged while we waited for the first.
        list(Contact.objects.locked(fresh).values_list("pk", flat=True))
        held |= fresh
    return held
