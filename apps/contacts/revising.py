"""Setting traits of many known contacts at once: what they replaced is given back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.contacts import gathering, profile
from apps.contacts import traits as catalogue
from apps.contacts.models import Contact
from apps.contacts.signals import facts_written
from apps.rules.kinds import Kind, KindError, Value, canonical

Traits = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value that gave way to another; None: there was none."""

    before: Value | None
    after: Value | None


def revise(
    wanted: Mapping[int, Traits],
    *,
    now: datetime,
    quiet: bool = False,
    standing: Mapping[int, Traits] | None = None,
) -> dict[int, dict[str, Replaced]]:
    """Set traits of these contacts, None removing one; return by contact what was replaced.

    One transaction, which leaves the marks. `quiet`: nobody starts a sequence by it.
    `standing`: only where that is still the value. Contacts that are gone, or were merged into
    others, are passed over, as is a value that does not fit the kind its trait has by now.
    Dates are not for here: they have an index of their own.
    """
    with transaction.atomic():
        people = list(Contact.objects.locked(wanted).filter(merged_into=None))
        kinds = kinds_of(wanted)
        found = {}
        for one in people:
            traits = wanted[one.pk]
            if standing is not None:
                there = standing[one.pk]
                traits = {k: v for k, v in traits.items() if one.profile.get(k) == there[k]}
            found[one.pk] = put(one, traits, kinds)
        changes = gathering.rewrite(people, now=now)
        marks = {pk: {f"trait:{key}" for key in keys} for pk, keys in changes.items()}
        if marks:
            facts_written.send(Contact, changes=marks, quiet=quiet)
    return found


def kinds_of(wanted: Mapping[int, Traits]) -> dict[str, Kind]:
    """Return the kinds of all traits that are named."""
    return catalogue.kinds_of({key for traits in wanted.values() for key in traits})


def put(contact: Contact, traits: Traits, kinds: Mapping[str, Kind]) -> dict[str, Replaced]:
    """Put traits into a contact in memory; return what they replaced, where that differs."""
    values = dict(contact.profile)
    replaced = {}
    for key, raw in traits.items():
        try:
            value = None if raw is None else canonical(kinds[key], raw)
        except (KeyError, KindError):
            continue
        former = values.pop(key, None)
        if value is not None:
            values[key] = value
        if former != value:
            replaced[key] = Replaced(former, value)
    profile.put(contact, values)
    return replaced
