"""Writing many contacts at once, with their marks, in batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.contacts.models import Contact, Identity
from apps.contacts.signals import facts_written

BATCH = 500
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact of another system. `email` must be normalised and not in use."""

    external_id: str
    email: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None


def import_new(rows: Iterable[NewContact], *, now: datetime) -> dict[str, int]:
    """Make the contacts that are not known yet; return every row's contact id by external id.

    Each batch commits with its marks. A row whose external id is known is left as it is.
    """
    ids: dict[str, int] = {}
    listed = list(rows)
    for start in range(0, len(listed), BATCH):
        ids |= _import_batch(listed[start : start + BATCH], now)
    return ids


def _import_batch(rows: Sequence[NewContact], now: datetime) -> dict[str, int]:
    with transaction.atomic():
        known = _known([row.external_id for row in rows])
        fresh = [row for row in rows if row.external_id not in known]
        made = Contact.objects.bulk_create(
            [
                Contact(email=row.email, created_at=row.created_at or now, **row.fields)
                for row in fresh
            ]
        )
        Identity.objects.bulk_create(
            [
                Identity(contact=contact, kind=Identity.Kind.EXTERNAL, value=row.external_id)
                for contact, row in zip(made, fresh, strict=True)
            ]
        )
        facts_written.send(Contact, changes={contact.pk: {EVERYTHING} for contact in made})
    return known | {row.external_id: contact.pk for contact, row in zip(made, fresh, strict=True)}


def _known(external_ids: list[str]) -> dict[str, int]:
    rows = Identity.objects.filter(kind=Identity.Kind.EXTERNAL, value__in=external_ids)
    return dict(rows.values_list("value", "contact_id"))
