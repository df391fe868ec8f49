"""Handing a message to the mail server: claimed by one worker, handed over at most once.

queued -> claimed    one conditional update: whoever changes the row owns it by its token
claimed -> handing   under the contact's lock, where consent is looked at for the last time
handing -> sent      the server said yes; failed: it said no; queued: it has nothing, later
                     again; in doubt: the mail went out in full and no reply came

No transaction is open while the mail server is spoken to.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.contacts import consent
from apps.contacts.models import Contact
from apps.core.crashpoints import reached
from apps.nurture import composing, models, smtp, templating

State = models.Message.State
Clock = Callable[[], datetime]

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))  # 22 h
MAX_ATTEMPTS = len(DELAYS) + 1
PAUSE = timedelta(minutes=1)  # until a paused sequence is looked at again
# Whoever unsubscribes waits longer than this for a mail that is being handed over: so one
# that has not begun by then never begins, and none begins after the acknowledgement.
BEGIN_WITHIN = 5.0  # seconds


def lease() -> timedelta:
    """Return how long a worker may hold a message before the sweeper judges it dead."""
    return timedelta(seconds=settings.MAIL_LEASE)


def deliver(message_id: int, *, clock: Clock) -> None:
    """Hand one message over, if it is queued and its time has come; else do nothing.

    Takes a clock, not a moment: it lasts as long as the mail server takes.
    """
    message = _claim(message_id, now=clock())
    if message is None:
        return
    reached("deliver.claimed")
    objection = _objection(message.contact, message.enrolment)
    if objection:  # no need to bother the mail server; looked at again before the hand-over
        _leave(message, State.WITHHELD, now=clock(), reason=objection)
        return
    try:
        mail = composing.compose(message)
    except templating.TemplateError as error:
        _leave(message, State.FAILED, now=clock(), reason=str(error))
        return
    except composing.NoAddressError:
        _leave(message, State.WITHHELD, now=clock(), reason="The contact has no email address")
        return
    _hand_over(message, mail, clock=clock)


def _claim(message_id: int, *, now: datetime) -> models.Message | None:
    waiting = models.Message.objects.filter(pk=message_id, state=State.QUEUED, not_before__lte=now)
    running = models.Sequence.Status.LIVE
    if not waiting.filter(enrolment__sequence__status=running).exists():
        return None
    token = secrets.token_hex(16)
    # Columns of this table only: PostgreSQL does not look again at a joined one after
    # waiting for another worker's update, and both would own the message.
    taken = waiting.update(
        state=State.CLAIMED,
        token=token,
        attempts=F("attempts") + 1,
        look_at=now + lease(),
        changed_at=now,
    )
    if taken != 1:
        return None
    owned = models.Message.objects.filter(pk=message_id, token=token)
    return owned.select_related("contact", "step", "enrolment__sequence").first()


def _hand_over(message: models.Message, mail: composing.Mail, *, clock: Clock) -> None:
    leave = partial(_leave, message)
    try:
        with smtp.Connection() as connection:
            started = time.monotonic()
            if not _begin(message, mail, now=clock()):
                return
            reached("deliver.handing")
            if time.monotonic() - started > BEGIN_WITHIN:
                raise smtp.DeferredError("The hand-over began too late")
            connection.send(
                sender=mail.sender, recipient=mail.recipient, raw=mail.raw.encode("ascii")
            )
            reached("deliver.accepted")
            leave(State.SENT, now=clock(), sent_at=clock())
    except smtp.DeferredError as error:
        _try_later(message, now=clock(), reason=str(error))
    except smtp.RefusedError as error:
        leave(State.FAILED, now=clock(), reason=str(error))
        if error.nobody_there:
            suppress(mail.recipient, now=clock(), reason=str(error))
    except smtp.InDoubtError as error:
        leave(State.IN_DOUBT, now=clock(), reason=str(error))


def _begin(message: models.Message, mail: composing.Mail, *, now: datetime) -> bool:
    """Enter the hand-over under the contact's lock, unless something speaks against it.

    A withdrawal of consent takes the same lock: it comes before and is seen here, or it
    comes after and finds the message in `handing`.
    """
    with transaction.atomic():
        contact = Contact.objects.locked([message.contact_id]).first()
        if contact is None:
            return False
        enrolment = models.Enrolment.objects.select_related("sequence").get(pk=message.enrolment_id)
        objection = _objection(contact, enrolment)
        if objection:
            _leave(message, State.WITHHELD, now=now, reason=objection)
            return False
        if contact.email != message.contact.email or enrolment.sequence.status != "live":
            _release(message, now=now)
            return False
        began = models.Message.objects.filter(
            pk=message.pk, token=message.token, state=State.CLAIMED
        ).update(
            state=State.HANDING,
            look_at=now + lease(),
            changed_at=now,
            recipient=mail.recipient,
            subject=mail.subject,
            html=mail.html,
            text=mail.text,
            raw=mail.raw,
        )
        reached("deliver.before_handing_commit")
    return began == 1


def _objection(contact: Contact, enrolment: models.Enrolment) -> str:
    """Return why nothing may be sent, or an empty text."""
    if not contact.email:
        return "The contact has no email address"
    if not consent.granted(contact):
        return "No consent to email"
    if models.Suppression.objects.filter(address=contact.email.lower()).exists():
        return "The address is suppressed"
    if enrolment.state == models.Enrolment.State.STOPPED:
        return f"The sequence was stopped: {enrolment.reason}"
    return ""


def _leave(
    message: models.Message, state: State, *, now: datetime, reason: str = "", **columns: Any
) -> bool:
    """Put the message to rest, if it is still ours.

    The sweeper may have judged us dead and put it in doubt; as long as nobody has decided,
    what we know for certain takes the place of the doubt.
    """
    return (
        _ours(message).update(
            state=state, reason=reason[:500], look_at=None, changed_at=now, **columns
        )
        == 1
    )


def _ours(message: models.Message) -> models.MessageQuerySet:
    return models.Message.objects.filter(
        pk=message.pk,
        token=message.token,
        state__in=(State.CLAIMED, State.HANDING, State.IN_DOUBT),
    )


def _try_later(message: models.Message, *, now: datetime, reason: str) -> None:
    if message.attempts >= MAX_ATTEMPTS:
        text = f"Given up after {message.attempts} attempts. {reason}"
        _leave(message, State.FAILED, now=now, reason=text)
        return
    later = now + DELAYS[message.attempts - 1]
    _ours(message).update(
        state=State.QUEUED,
        reason=reason[:500],
        token="",
        not_before=later,
        look_at=later,
        changed_at=now,
    )


def _release(message: models.Message, *, now: datetime) -> None:
    """Give the claim back as if it had not been: nothing went wrong."""
    _ours(message).update(
        state=State.QUEUED,
        token="",
        attempts=F("attempts") - 1,
        look_at=now + PAUSE,
        changed_at=now,
    )


def suppress(address: str, *, now: datetime, reason: str) -> None:
    """Never send to the address again."""
    models.Suppression.objects.get_or_create(
        address=address.lower(), defaults={"reason": reason[:500], "at": now}
    )
