"""Erasing a person: the contact, its tombstones and every row about it, in every app.

Rows that hang on the contact by a key go with it. What only mentions it goes by name: the
admin's log, failed tasks whose traceback may quote it, and what listeners of
`contacts_erasing` know of.
"""

from collections.abc import Iterable, Iterator

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from apps.contacts.models import FIELDS, Contact, Event, Identity
from apps.contacts.signals import contacts_erasing
from apps.core import forgetting

SHORTEST = 4  # characters of a text that is looked for: shorter ones stand everywhere


class NotThere(ValueError):
    """There is nobody to erase."""


def erase(contact_id: int) -> None:
    """Erase the contact, found by its own id or that of one merged into it. Raises NotThere."""
    with transaction.atomic():
        ids = _everyone(contact_id)
        contacts_erasing.send(Contact, ids=ids, emails=_emails(ids))
        contacts = list(Contact.objects.locked(ids, deleting=True))
        if not contacts:
            raise NotThere("There is no such contact.")
        texts = frozenset(_texts(contacts))
        _forget_log(ids)
        forgetting.forget(texts)
        events = Event.objects.filter(contact__in=ids)
        events._raw_delete(events.db)  # without reading each: there may be many
        for contact in contacts:
            Contact.objects.filter(pk=contact.pk).delete()


def _everyone(contact_id: int) -> tuple[int, ...]:
    """Return the ids of the person: whom this one was merged into, and all merged into that."""
    rows = Contact.objects.filter(pk=contact_id).values_list("merged_into", flat=True)
    survivor = rows.first() or contact_id
    merged = Contact.objects.filter(merged_into=survivor).values_list("pk", flat=True)
    return tuple(sorted({survivor, *merged}))


def _emails(ids: Iterable[int]) -> frozenset[str]:
    own = Contact.objects.filter(pk__in=ids).exclude(email="").values_list("email", flat=True)
    former = Identity.objects.filter(contact__in=ids, kind=Identity.Kind.EMAIL)
    return frozenset(text.lower() for text in (*own, *former.values_list("value", flat=True)))


def _texts(contacts: Iterable[Contact]) -> Iterator[str]:
    """Yield every text of their fields, names, traits, past and events worth looking for."""
    for contact in contacts:
        found = [getattr(contact, name) for name in FIELDS]
        found += list(contact.identities.values_list("value", flat=True))
        found += _within(contact.profile)
        for before in contact.profile_changes.values_list("before", flat=True).iterator():
            found += _within(before)
        for properties in contact.events.values_list("properties", flat=True).iterator():
            found += _within(properties)
        yield from (text for text in found if len(text) >= SHORTEST)


def _within(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _within(item)]
        case list():
            return [text for item in value for text in _within(item)]
        case _:
            return []


def _forget_log(ids: Iterable[int]) -> None:
    """Delete the admin's log of the contacts and of the rows that hang on them: it names them."""
    _forget_log_of(Contact, ids)
    for relation in Contact._meta.related_objects:
        model = relation.related_model
        rows = model._base_manager.filter(**{f"{relation.field.name}__in": list(ids)})
        _forget_log_of(model, rows.values_list("pk", flat=True))


def _forget_log_of(model: type[models.Model], ids: Iterable[int]) -> None:
    if model is Event:  # has no forms, and there may be many
        return
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model),
        object_id__in=[str(pk) for pk in ids],
    )
    entries.delete()
