"""What a contact agreed to: an append-only ledger whose latest entry holds."""

from datetime import datetime

from django.db import transaction

from apps.contacts import people
from apps.contacts.models import Consent, Contact


def record(
    contact: Contact,
    *,
    now: datetime,
    purpose: str = Consent.Purpose.EMAIL,
    granted: bool,
    wording: str,
    source: str,
) -> Consent:
    """Add an entry, under the contact's lock: a hand-over of mail takes the same lock,
    so it sees the withdrawal or was over before it. It goes to whom the contact was merged
    into, if that happened meanwhile."""
    with transaction.atomic():
        return Consent.objects.create(
            contact=people.hold(contact),
            purpose=purpose,
            granted=granted,
            wording=wording,
            source=source,
            at=now,
        )


def granted(contact: Contact, purpose: str = Consent.Purpose.EMAIL) -> bool:
    """Return whether the latest entry grants the purpose; without any entry it is refused."""
    latest = contact.consents.filter(purpose=purpose).order_by("-at", "-id").first()
    return latest is not None and latest.granted
