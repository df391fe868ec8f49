"""Finding a person by what a source knows of them, and making one."""

from datetime import datetime

from django.db import IntegrityError, transaction
from email_validator import EmailNotValidError, validate_email

from apps.contacts.models import Contact, Identity


class EmailError(ValueError):
    """An address no mail can go to; the message says why."""


def normalise_email(raw: str) -> str:
    """Return the address in the one form it is kept in: ASCII, trimmed and in lower case.

    Raises EmailError. Whether the domain exists is not asked: an answer must not wait for it.
    """
    try:
        checked = validate_email(
            raw.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise EmailError(str(error)) from None
    return str(checked.ascii_email).lower()


def find(*, email: str = "", external_id: str = "") -> Contact | None:
    """Return the contact with this external id, else the one with this (normalised) email."""
    if external_id:
        identity = (
            Identity.objects.select_related("contact")
            .filter(kind=Identity.Kind.EXTERNAL, value=external_id)
            .first()
        )
        if identity:
            return identity.contact
    if email:
        return Contact.objects.standing().filter(email__iexact=email).first()
    return None


def find_or_make(*, now: datetime, email: str = "", external_id: str = "") -> Contact:
    """Return the contact, made where there is none; without either, a new anonymous one.

    Two callers at once get the same row: the loser of the race reads the winner's.
    """
    email = normalise_email(email) if email else ""
    found = find(email=email, external_id=external_id)
    if found:
        return found
    try:
        with transaction.atomic():
            contact = Contact.objects.create(email=email, created_at=now)
            if external_id:
                contact.identities.create(kind=Identity.Kind.EXTERNAL, value=external_id)
            return contact
    except IntegrityError:
        found = find(email=email, external_id=external_id)
        if found is None:
            raise
        return found
