"""Unsubscribing: consent is withdrawn, sequences end, and no hand-over begins afterwards."""

import time
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.contacts import consent, people
from apps.contacts.models import Contact
from apps.nurture import models
from apps.nurture.stopping import stop, withhold
from apps.nurture.unsubscribe_token import Bearer

WORDING = "Unsubscribed by the link in an e-mail"
PATIENCE = 10.0  # seconds; longer than handing.BEGIN_WITHIN, see there
POLL = 0.1  # seconds

Clock = Callable[[], datetime]


def find_contact(bearer: Bearer) -> Contact | None:
    """Return whom the link was written to, or whom they were merged into."""
    contact = Contact.objects.select_related("merged_into").filter(pk=bearer.contact_id).first()
    return contact and (contact.merged_into or contact)


def unsubscribe(contact: Contact, *, source: str, clock: Clock, patience: float = PATIENCE) -> None:
    """Withdraw consent to email and end what sends it; when this returns, no mail begins.

    A mail that is being handed over at this moment is waited for, outside any transaction.
    One that is not over when patience ends either began before or will never begin.
    """
    now = clock()
    with transaction.atomic():
        contact = people.hold(contact)
        end_mail(contact.pk, now=now, reason="Unsubscribed")
        if consent.granted(contact):
            consent.record(contact, now=now, granted=False, wording=WORDING, source=source)
    _wait_for_hand_overs(contact, patience=patience)


def end_mail(contact_id: int, *, now: datetime, reason: str) -> None:
    """Stop all sequences of a contact and withhold its mails; callers hold the contact's lock."""
    enrolments = models.Enrolment.objects.filter(contact=contact_id)
    stop(enrolments.active(), now=now, reason=reason)
    withhold(models.Message.objects.filter(contact=contact_id), now=now, reason=reason)


def _wait_for_hand_overs(contact: Contact, *, patience: float) -> None:
    ends_at = time.monotonic() + patience
    under_way = models.Message.objects.handing().filter(contact=contact)
    while under_way.exists() and time.monotonic() < ends_at:
        time.sleep(POLL)
