"""Making two contacts one: `into` stays, `gone` becomes a tombstone that points at it.

Lock order: what apps above lock before contacts, then the contacts by ascending id.
"""

from datetime import datetime

from django.db import transaction

from apps.contacts import consent, history, profile
from apps.contacts.importing import EVERYTHING
from apps.contacts.models import FIELDS, Consent, Contact, DatedTrait, Event, Identity
from apps.contacts.signals import contacts_merged, contacts_merging, facts_written

TRIES = 5
WORDING = "Withdrawn, or never given to this address, before two contacts were merged"


class MergeError(ValueError):
    """Two contacts that cannot be merged; the message says why, `pk` because of which."""

    def __init__(self, message: str, *, pk: int) -> None:
        super().__init__(message)
        self.pk = pk


class NotThere(MergeError):
    """One of them does not exist."""


class Interrupted(Exception):
    """Rows came meanwhile that had to be locked before the contacts; begin anew."""


def merge(*, into: int, gone: int, now: datetime) -> Contact:
    """Merge contact `gone` into contact `into` and return it; all or nothing.

    Fields and traits of `into` win, what it lacks is filled. The strictest consent wins.
    Where `gone` was merged into `into` before, nothing changes.
    Raises MergeError for one and the same contact, a tombstone, or one that is not there.
    """
    if into == gone:
        raise MergeError("A contact cannot be merged into itself.", pk=gone)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _merge(into, gone, now=now)
        except Interrupted as error:
            reason = error
    raise reason


def _merge(into_id: int, gone_id: int, *, now: datetime) -> Contact:
    contacts_merging.send(Contact, ids=(into_id, gone_id))
    locked = {row.pk: row for row in Contact.objects.locked([into_id, gone_id])}
    into = _standing(locked, into_id)
    if gone_id in locked and locked[gone_id].merged_into_id == into_id:
        return into
    gone = _standing(locked, gone_id)
    willing = _willing(into, gone)
    _move_rows(into, gone)
    _fill(into, gone, now=now)
    contacts_merged.send(Contact, into=into, gone=gone, now=now)
    if not willing and consent.granted(into):
        consent.record(into, now=now, granted=False, wording=WORDING, source="merge")
    facts_written.send(Contact, changes={into.pk: {EVERYTHING}, gone.pk: {EVERYTHING}})
    return into


def _standing(locked: dict[int, Contact], pk: int) -> Contact:
    found = locked.get(pk)
    if found is None:
        raise NotThere(f"There is no contact {pk}.", pk=pk)
    if found.merged_into_id is not None:
        message = f"Contact {pk} was merged into {found.merged_into_id} already."
        raise MergeError(message, pk=pk)
    return found


def _willing(into: Contact, gone: Contact) -> bool:
    """Return whether mail may go on: nobody withdrew, and the address that stays agreed."""
    said = {contact.pk: _latest(contact) for contact in (into, gone)}
    if False in said.values():
        return False
    return bool(said[into.pk] if into.email else said[gone.pk] or said[into.pk])


def _latest(contact: Contact) -> bool | None:
    entries = contact.consents.filter(purpose=Consent.Purpose.EMAIL).order_by("-at", "-id")
    return entries.values_list("granted", flat=True).first()


def _move_rows(into: Contact, gone: Contact) -> None:
    for model in (Identity, Event, Consent):
        model._default_manager.filter(contact=gone).update(contact=into)
    held = DatedTrait.objects.filter(contact=into).values_list("key", flat=True)
    dated = DatedTrait.objects.filter(contact=gone)
    dated.filter(key__in=list(held)).delete()
    dated.update(contact=into)
    Contact.objects.filter(merged_into=gone).update(merged_into=into)


def _fill(into: Contact, gone: Contact, *, now: datetime) -> None:
    """Let `into` have what it lacks; nothing personal stays on the tombstone."""
    for name in FIELDS:
        if not getattr(into, name):
            setattr(into, name, getattr(gone, name))
    if gone.email and gone.email != into.email:
        kind = Identity.Kind.EMAIL
        Identity.objects.get_or_create(
            kind=kind, value=gone.email.lower(), defaults={"contact": into}
        )
    profile.put(into, {**gone.profile, **into.profile})
    into.created_at = min(into.created_at, gone.created_at)
    into.last_seen_at = max(filter(None, (into.last_seen_at, gone.last_seen_at)), default=None)
    for name in FIELDS:
        setattr(gone, name, "")
    profile.put(gone, {})
    gone.last_seen_at, gone.merged_into = None, into
    history.merge(into, gone, now=now)
    gone.save()  # first: it has given up the email
    into.save()
