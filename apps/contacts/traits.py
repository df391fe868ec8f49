"""The field catalogue: which traits exist, of which kind, under which label."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.contacts.models import Trait
from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.kinds import Kind, Option


class KindDiffers(ValueError):
    """The trait is there with another kind."""


def put(key: str, *, label: str, kind: Kind, options: Iterable[Option] = (), source: str) -> Trait:
    """Define a trait of this very kind. Raises KindDiffers, and ValidationError for the key."""
    with transaction.atomic():
        trait = define(key, label=label, kind=kind, options=options, source=source)
        if trait.kind != kind:
            raise KindDiffers(f"{key} is of kind {trait.kind}, and a trait keeps its kind.")
    return trait


def define(
    key: str, *, label: str, kind: Kind, options: Iterable[Option] = (), source: str
) -> Trait:
    """Add a trait to the catalogue, or bring its label and options up to date.

    A known trait keeps its kind: values of it are stored, and rules are written on it.
    """
    Trait.clean_key(key)
    listed = [{"value": option.value, "label": option.label} for option in options]
    trait, made = Trait.objects.get_or_create(
        key=key, defaults={"label": label, "kind": kind, "options": listed, "source": source}
    )
    if not made and (trait.label, trait.options) != (label, listed):
        trait.label, trait.options = label, listed
        trait.save(update_fields=["label", "options"])
    return trait


def kinds_of(keys: Iterable[str]) -> dict[str, Kind]:
    """Return the kind of each of these traits that is in the catalogue.

    What no trait can be called is not looked up: databases refuse to look for some texts.
    """
    named = [key for key in keys if _is_key(key)]
    return {row.key: Kind(row.kind) for row in Trait.objects.filter(key__in=named)}


def _is_key(text: str) -> bool:
    try:
        Trait.clean_key(text)
    except ValidationError:
        return False
    return True


def spec(trait: Trait) -> TraitSpec:
    options = tuple(Option(item["value"], item["label"]) for item in trait.options)
    return TraitSpec(trait.key, trait.label, Kind(trait.kind), options)


def catalogue() -> Catalogue:
    """Return every trait a rule may read; segments are added by the app that has them."""
    return Catalogue(
        {**CONTACT_TRAITS, **{trait.key: spec(trait) for trait in Trait.objects.all()}}
    )
