"""Loading what rules read of contacts, once for a whole batch."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from apps.contacts.models import READ_COLUMNS, Contact, Event
from apps.core import rows
from apps.rules.facts import Facts, Occurrence
from apps.segments.plan import Planned


def load(
    contacts: Collection[Contact],
    *,
    segments: Iterable[Planned],
    standing: Mapping[int, frozenset[str]],
) -> dict[int, Facts]:
    """Return each contact's facts as far as the segments read them.

    `standing` gives the slugs each contact stands in now. One query, whatever the batch.
    """
    names = {name for segment in segments for name in segment.keys.events}
    events = _events([contact.pk for contact in contacts], names)
    return {
        contact.pk: Facts(
            traits=_traits(contact),
            events=events.get(contact.pk, {}),
            segments=standing.get(contact.pk, frozenset()),
        )
        for contact in contacts
    }


def _traits(contact: Contact) -> dict[str, Any]:
    columns = {f"contact.{name}": getattr(contact, name) for name in READ_COLUMNS}
    return {**contact.profile, **columns}


def _events(ids: list[int], names: Collection[str]) -> dict[int, dict[str, list[Occurrence]]]:
    found: dict[int, dict[str, list[Occurrence]]] = {}
    if not names or not ids:
        return found
    named = ", ".join(["%s"] * len(names))
    events = rows.run(
        f"SELECT contact_id, name, occurred_at, properties FROM {rows.table(Event)} WHERE"
        f" contact_id IN ({rows.listed(ids)}) AND name IN ({named}) ORDER BY occurred_at",
        sorted(names),
    )
    for contact_id, name, occurred_at, properties in events:
        occurrence = Occurrence(rows.moment(occurred_at), json.loads(properties))
        found.setdefault(contact_id, {}).setdefault(name, []).append(occurrence)
    return found
