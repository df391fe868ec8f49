"""What a person decides about a mail that the machine must not decide about."""

from datetime import datetime

from django.db import transaction

from apps.contacts.models import Contact
from apps.core.jobs import ring
from apps.nurture import models
from apps.nurture.walking import BELL

State = models.Message.State


def mark_as_sent(message: models.Message, *, now: datetime, by: str) -> bool:
    """Settle a doubt: it did arrive. Return False if it was not in doubt any more."""
    changed = (
        models.Message.objects.in_doubt()
        .filter(pk=message.pk)
        .update(
            state=State.SENT,
            token="",
            sent_at=message.changed_at,
            changed_at=now,
            reason=f"Marked as sent by {by}"[:500],
        )
    )
    return changed == 1


def send_again(message: models.Message, *, now: datetime, by: str) -> models.Message | None:
    """Queue another pass of a mail that failed or is in doubt; None if it is neither any more.

    The first row stays as it is, resolved: what happened to it is still not known.
    """
    with transaction.atomic():
        list(Contact.objects.locked([message.contact_id]))
        undecided = models.Message.objects.in_doubt() | models.Message.objects.dead()
        resolved = undecided.filter(pk=message.pk).update(
            resolved_at=now, token="", reason=f"{message.reason} Sent again by {by}"[:500]
        )
        if not resolved:
            return None
        again = models.Message.objects.create(
            enrolment_id=message.enrolment_id,
            step_id=message.step_id,
            contact_id=message.contact_id,
            pass_number=message.pass_number + 1,
            not_before=now,
            look_at=now + BELL,
            created_at=now,
            changed_at=now,
        )
        ring("apps.nurture.jobs.deliver", again.pk)
    return again
