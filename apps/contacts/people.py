"""Finding a person by what a source knows of them, and making one."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
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


def address_of(email: str) -> str:
    """Return the form an address is looked up in; one that is none finds nobody."""
    if email.isascii():
        return email.strip().lower()
    try:
        return normalise_email(email)
    except EmailError:
        return email


def find(*, email: str = "", external_id: str = "") -> Contact | None:
    """Return the contact with this external id, else the one with this (normalised) email.

    The former email of a contact that was merged finds whom it was merged into.
    """
    pk = ids_of_external([external_id]).get(external_id) if external_id else None
    if pk is None and email:
        pk = ids_of_emails([email]).get(email.lower())
    return None if pk is None else Contact.objects.filter(pk=pk).first()


def surviving_ids(ids: Collection[int]) -> dict[int, int]:
    """Return the id of each contact that is there, or that of whom it was merged into."""
    rows = Contact.objects.filter(pk__in=ids).values_list("pk", "merged_into")
    return {pk: into or pk for pk, into in rows}


def external_ids_of(ids: Collection[int]) -> dict[int, str]:
    """Return the external id of each of these contacts that has one: the first it was given."""
    rows = Identity.objects.filter(kind=Identity.Kind.EXTERNAL, contact__in=ids).order_by("-pk")
    return dict(rows.values_list("contact_id", "value"))


def ids_of_external(external_ids: Collection[str]) -> dict[str, int]:
    """Return the contact ids of those external ids that are known. One query."""
    rows = Identity.objects.filter(kind=Identity.Kind.EXTERNAL, value__in=external_ids)
    return dict(rows.values_list("value", "contact_id"))


def ids_of_emails(emails: Collection[str]) -> dict[str, int]:
    """Return the contact ids of those emails that are known, by email in lower case."""
    wanted = {email.lower() for email in emails}
    former = Identity.objects.filter(kind=Identity.Kind.EMAIL, value__in=wanted)
    own = Contact.objects.standing().annotate(address=Lower("email")).filter(address__in=wanted)
    return {
        **dict(former.values_list("value", "contact_id")),
        **dict(own.exclude(email="").values_list("address", "pk")),
    }


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


class Merged(Exception):
    """The contact is a tombstone: it points at whom it was merged into."""


def hold(contact: Contact) -> Contact:
    """Lock the contact, or whom it was merged into meanwhile, and return that one.

    A tombstone is let go again before the survivor is locked: its id may be the smaller.
    """
    try:
        with transaction.atomic():
            held = Contact.objects.locked([contact.pk]).get()
            if held.merged_into_id is None:
                return held
            raise Merged
    except Merged:
        survivor = Contact.objects.select_related("merged_into").get(pk=contact.pk).merged_into
        assert survivor is not None
        return hold(survivor)
