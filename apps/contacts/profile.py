"""The one verb that changes what is known of a contact."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.contacts import history, people
from apps.contacts import traits as catalogue
from apps.contacts.models import FIELDS, Contact, DatedTrait
from apps.contacts.people import Merged
from apps.rules.kinds import Kind, KindError, Value, canonical, infer_kind

TEXT_FIELDS = {field.name: field for field in Contact._meta.fields if field.name in FIELDS}
DATED = (Kind.DATE, Kind.DATETIME)


class ProfileError(ValueError):
    """A value that cannot be stored; `key` names the field or trait."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


def change_profile(
    contact: Contact,
    *,
    now: datetime,
    fields: Mapping[str, str] | None = None,
    traits: Mapping[str, object] | None = None,
    source: str,
) -> frozenset[str]:
    """Set fields and traits of a contact; return the keys that really changed.

    A trait set to None is removed; one not in the catalogue is added with the kind of its
    value. What comes late for a contact that was merged goes to whom it was merged into.
    The contact is locked and read again first, so two changes never lose each other,
    and saved once, or not at all when nothing differs. Raises ProfileError and then changes
    nothing.
    """
    try:
        with transaction.atomic():
            contact.refresh_from_db(from_queryset=Contact.objects.locked([contact.pk]))
            contact.remember()
            if contact.merged_into is not None:
                raise Merged  # lets go of the tombstone before the survivor is locked
            return _change(contact, fields or {}, traits or {}, now=now, source=source)
    except Merged:
        assert contact.merged_into is not None
        return change_profile(
            contact.merged_into, now=now, fields=fields, traits=traits, source=source
        )


def _change(
    contact: Contact,
    fields: Mapping[str, str],
    traits: Mapping[str, object],
    *,
    now: datetime,
    source: str,
) -> frozenset[str]:
    _set_fields(contact, fields)
    kinds = _set_traits(contact, traits, source)
    changed = contact.changed_keys()
    if changed:
        history.keep([contact], now=now)
        _save(contact, changed)
        _index_dates(contact, {key: kinds[key] for key in changed if key in kinds})
    return changed


def _save(contact: Contact, changed: frozenset[str]) -> None:
    """Save; raise ProfileError where another contact has the email."""
    if "contact.email" not in changed:
        contact.save()
        return
    try:
        with transaction.atomic():
            contact.save()
    except IntegrityError:
        raise ProfileError("email", "Another contact has this email.") from None


def _set_fields(contact: Contact, fields: Mapping[str, str]) -> None:
    for name, raw in fields.items():
        if name not in FIELDS:
            raise ProfileError(name, "There is no such field.")
        setattr(contact, name, field_value(name, raw))


def field_value(name: str, raw: str) -> str:
    """Return a field's text as it is kept. Raises ProfileError."""
    if name == "email" and raw:
        try:
            return people.normalise_email(raw)
        except people.EmailError as error:
            raise ProfileError(name, str(error)) from None
    try:
        text = str(canonical(Kind.TEXT, raw) or "")
        TEXT_FIELDS[name].run_validators(text)
    except (KindError, ValidationError) as error:
        raise ProfileError(name, " ".join(getattr(error, "messages", [str(error)]))) from None
    return text


def _set_traits(contact: Contact, changes: Mapping[str, object], source: str) -> dict[str, Kind]:
    """Write the traits into `contact.profile`; return the kind of each one named."""
    known = catalogue.kinds_of(changes)
    profile: dict[str, Any] = dict(contact.profile)
    for key, raw in sorted(changes.items()):  # two who add the same traits never cross
        try:
            value = _value(key, raw, known, source)
        except (KindError, ValidationError) as error:
            raise ProfileError(key, " ".join(getattr(error, "messages", [str(error)]))) from None
        profile.pop(key, None)
        if value is not None:
            profile[key] = value
    put(contact, profile)
    return known


def put(contact: Contact, profile: Mapping[str, Any]) -> None:
    """Set the profile of a locked contact to values in canonical form; nothing is saved."""
    contact.profile = dict(profile)


def _value(key: str, raw: object, known: dict[str, Kind], source: str) -> Value | None:
    """Return the canonical value; a key not yet in `known` is defined and added to it."""
    if key not in known:
        if raw is None:
            return None
        kind = infer_kind(raw)
        value = canonical(kind, raw)
        trait = catalogue.define(key, label=label_of(key), kind=kind, source=source)
        known[key] = Kind(trait.kind)
        return value
    return canonical(known[key], raw)


def label_of(key: str) -> str:
    """Return the label a trait gets that nobody has named."""
    return key.replace(".", " ").replace("_", " ").replace("-", " ").capitalize()


def _index_dates(contact: Contact, kinds: Mapping[str, Kind]) -> None:
    for key in (key for key, kind in kinds.items() if kind in DATED):
        value = contact.profile.get(key)
        if value is None:
            DatedTrait.objects.filter(contact=contact, key=key).delete()
        else:
            DatedTrait.objects.update_or_create(
                contact=contact, key=key, defaults={"at": moment_of(value)}
            )


def moment_of(value: str) -> datetime:
    """Return what DatedTrait keeps for a date or time in canonical form."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
