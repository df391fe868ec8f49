"""What a rule may speak of: the traits, and the segments, that exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.rules.kinds import Kind, Option


@dataclass(frozen=True, slots=True)
class TraitSpec:
    key: str
    label: str
    kind: Kind
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    traits: Mapping[str, TraitSpec]
    segments: Mapping[str, str] = field(default_factory=dict)  # slug: name


CONTACT_TRAITS: Mapping[str, TraitSpec] = {
    spec.key: spec
    for spec in (
        TraitSpec("contact.email", "Email", Kind.TEXT),
        TraitSpec("contact.first_name", "First name", Kind.TEXT),
        TraitSpec("contact.last_name", "Last name", Kind.TEXT),
        TraitSpec("contact.phone", "Phone", Kind.TEXT),
        TraitSpec("contact.country", "Country", Kind.TEXT),
        TraitSpec("contact.language", "Language", Kind.TEXT),
        TraitSpec("contact.timezone", "Time zone", Kind.TEXT),
        TraitSpec("contact.created_at", "Created", Kind.DATETIME),
        TraitSpec("contact.last_seen_at", "Last seen", Kind.DATETIME),
    )
}
