"""What is known of one contact, as rules read it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Occurrence:
    occurred_at: datetime
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Traits by key, events by name in any order, and the slugs of the contact's segments.

    `traits` holds the profile and the contact's columns under `contact.`: texts, and aware
    datetimes for `contact.created_at` and `contact.last_seen_at`. Events may lie in the
    future: they count once they are due.
    """

    traits: Mapping[str, object] = field(default_factory=dict)
    events: Mapping[str, Sequence[Occurrence]] = field(default_factory=dict)
    segments: Set[str] = frozenset()
