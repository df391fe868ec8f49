"""Taking in what another system knows of many people: found or made, changed, marked, in batches.

One transaction a batch. A row that cannot be kept is refused by itself and changes nothing;
the rows after it see what those before it did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.contacts import history, people, profile
from apps.contacts import traits as catalogue
from apps.contacts.importing import EVERYTHING
from apps.contacts.models import FIELDS, Contact, DatedTrait, Identity, Trait
from apps.contacts.profile import DATED, ProfileError
from apps.contacts.signals import facts_written
from apps.rules.kinds import Kind, KindError, Value, canonical, infer_kind

BATCH = 500  # rows a transaction
TRIES = 3  # when others make or move the same people meanwhile


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a source says of one person. What it does not name is left as it is.

    An empty field is emptied, a trait of None removed.
    """

    external_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    traits: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    contact_id: int
    made: bool
    changed: bool  # by this very row; true of one it made


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row was not kept; `at` names the field, or the trait under `traits.`."""

    code: str
    message: str
    at: str


Outcome = Kept | Refused


class Interrupted(Exception):
    """Somebody else moved the people of this batch between finding and locking them."""


def gather(rows: Sequence[Sighting], *, now: datetime, source: str) -> list[Outcome]:
    """Keep each row: found by external id, else by email, else made; return each's outcome."""
    outcomes: list[Outcome] = []
    for start in range(0, len(rows), BATCH):
        outcomes += _gather(rows[start : start + BATCH], now=now, source=source)
    return outcomes


def _gather(rows: Sequence[Sighting], *, now: datetime, source: str) -> list[Outcome]:
    """Keep a batch. Where two of its rows cannot be written together, one by one."""
    checked = [_checked(row) for row in rows]
    for _ in range(TRIES):
        try:
            return _keep(checked, now=now, source=source)
        except (Interrupted, IntegrityError) as error:
            reason = error
    if len(rows) == 1:
        raise reason
    return [_gather([row], now=now, source=source)[0] for row in rows]


def _checked(row: Sighting) -> Sighting | Refused:
    """Return the row with its fields as they are kept: what needs no database."""
    try:
        fields = {name: profile.field_value(name, raw) for name, raw in row.fields.items()}
    except ProfileError as error:
        return Refused("wrong_value", error.message, error.key)
    return Sighting(row.external_id, fields, row.traits)


def _keep(rows: Sequence[Sighting | Refused], *, now: datetime, source: str) -> list[Outcome]:
    wanted = [row for row in rows if isinstance(row, Sighting)]
    kinds = _kinds(wanted)
    if any(key not in kinds for row in wanted for key in row.traits):
        _define(_attempt(rows, kinds, now=now).new_kinds, source=source)
        kinds = _kinds(wanted)
    with transaction.atomic():
        batch = _Batch(kinds, now)
        batch.find(wanted, lock=True)
        kept = batch.keep_all(rows)
        batch.write()
        return [one if isinstance(one, Refused) else one.outcome() for one in kept]


def _attempt(
    rows: Sequence[Sighting | Refused], kinds: dict[str, Kind], *, now: datetime
) -> "_Batch":
    """Keep the rows in memory alone, to learn which new traits those that are kept bring."""
    batch = _Batch(dict(kinds), now)
    batch.find([row for row in rows if isinstance(row, Sighting)], lock=False)
    batch.keep_all(rows)
    return batch


def _kinds(rows: Iterable[Sighting]) -> dict[str, Kind]:
    keys = {key for row in rows for key in row.traits}
    return catalogue.kinds_of(keys)


def _define(kinds: Mapping[str, Kind], *, source: str) -> None:
    """Add traits to the catalogue, before any contact is locked: nobody waits for us then."""
    for key, kind in sorted(kinds.items()):
        catalogue.define(key, label=profile.label_of(key), kind=kind, source=source)


@dataclass(slots=True)
class _Person:
    """One contact of the batch, as it was found or is to be made."""

    contact: Contact
    made: bool
    new_ids: list[str] = field(default_factory=list)

    def said(self) -> tuple[object, ...]:
        """Return what a row can change of the person."""
        fields = [getattr(self.contact, name) for name in FIELDS]
        return fields, self.contact.profile, len(self.new_ids)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom one row is about, and whether this very row made them."""

    person: _Person
    made: bool
    changed: bool

    def outcome(self) -> Kept:
        return Kept(self.person.contact.pk, self.made, self.changed)


@dataclass(slots=True)
class _Batch:
    """The people of a batch of rows, and what is known of each while its rows are kept."""

    kinds: dict[str, Kind]
    now: datetime
    new_kinds: dict[str, Kind] = field(default_factory=dict)
    people: list[_Person] = field(default_factory=list)
    by_external: dict[str, _Person] = field(default_factory=dict)
    by_email: dict[str, _Person] = field(default_factory=dict)

    def find(self, rows: Iterable[Sighting], *, lock: bool) -> None:
        """Read the contacts the rows speak of; locked in the one order, they stay as they are.

        Raises Interrupted where they changed while we waited for the locks.
        """
        external = {row.external_id for row in rows if row.external_id}
        emails = {row.fields["email"] for row in rows if row.fields.get("email")}
        ids = people.ids_of_external(external), people.ids_of_emails(emails)
        wanted = {*ids[0].values(), *ids[1].values()}
        found = Contact.objects.locked(wanted) if lock else Contact.objects.filter(pk__in=wanted)
        persons = {contact.pk: _Person(contact, made=False) for contact in found}
        if (
            lock
            and wanted
            and ids
            != (
                people.ids_of_external(external),
                people.ids_of_emails(emails),
            )
        ):
            raise Interrupted
        if len(persons) < len(wanted):
            raise Interrupted
        self.people = list(persons.values())
        self.by_external = {text: persons[pk] for text, pk in ids[0].items()}
        self.by_email = {text: persons[pk] for text, pk in ids[1].items()}

    def keep_all(self, rows: Iterable[Sighting | Refused]) -> list[_Found | Refused]:
        return [row if isinstance(row, Refused) else self._keep(row) for row in rows]

    def _keep(self, row: Sighting) -> _Found | Refused:
        email = row.fields.get("email", "")
        person = self.by_external.get(row.external_id) or self.by_email.get(email)
        owner = self.by_email.get(email)
        if owner is not None and owner is not person:
            return Refused("email_taken", "Another contact has this email.", "email")
        brought: dict[str, Kind] = {}
        try:
            values = {key: self._value(key, raw, brought) for key, raw in row.traits.items()}
        except ProfileError as error:
            return Refused("wrong_value", error.message, f"traits.{error.key}")
        self.kinds |= brought
        self.new_kinds |= brought
        made = person is None
        person = person or self._made()
        changed = self._change(person, row, values)
        return _Found(person, made, made or changed)

    def _value(self, key: str, raw: object, brought: dict[str, Kind]) -> Value | None:
        """Return the canonical value; the kind of a key not known yet goes into `brought`."""
        kind = self.kinds.get(key) or brought.get(key)
        try:
            if kind is None:
                Trait.clean_key(key)
                if raw is None:
                    return None
                kind = brought[key] = infer_kind(raw)
            return canonical(kind, raw)
        except ValidationError as error:
            raise ProfileError(key, " ".join(error.messages)) from None
        except KindError as error:
            raise ProfileError(key, str(error)) from None

    def _made(self) -> _Person:
        person = _Person(Contact(created_at=self.now), made=True)
        self.people.append(person)
        return person

    def _change(self, person: _Person, row: Sighting, values: Mapping[str, Value | None]) -> bool:
        """Write what the row says into the contact; return whether that differs from before."""
        contact = person.contact
        before = person.said()
        if "email" in row.fields and contact.email != row.fields["email"]:
            self.by_email.pop(contact.email, None)
        for name, text in row.fields.items():
            setattr(contact, name, text)
        if contact.email:
            self.by_email[contact.email] = person
        if row.external_id and row.external_id not in self.by_external:
            self.by_external[row.external_id] = person
            person.new_ids.append(row.external_id)
        changed = {**contact.profile, **values}
        profile.put(contact, {key: value for key, value in changed.items() if value is not None})
        return person.said() != before

    def write(self) -> None:
        """Write what changed, with its marks."""
        changes = rewrite((p.contact for p in self.people if not p.made), now=self.now)
        made = [person.contact for person in self.people if person.made]
        Contact.objects.bulk_create(made)
        Identity.objects.bulk_create(
            [
                Identity(contact=person.contact, kind=Identity.Kind.EXTERNAL, value=external_id)
                for person in self.people
                for external_id in person.new_ids
            ]
        )
        self._index_dates(changes, made)
        marks = {pk: {f"trait:{key}" for key in keys} for pk, keys in changes.items()}
        marks |= {contact.pk: {EVERYTHING} for contact in made}
        if marks:
            facts_written.send(Contact, changes=marks)

    def _index_dates(self, changes: Mapping[int, set[str]], made: Iterable[Contact]) -> None:
        dated = {key for key, kind in self.kinds.items() if kind in DATED}
        touched = [(p.contact, changes.get(p.contact.pk, set()) & dated) for p in self.people]
        touched += [(contact, contact.profile.keys() & dated) for contact in made]
        gone = Q(pk__in=[])
        rows = []
        for contact, keys in touched:
            kept = keys & contact.profile.keys()
            rows += [
                DatedTrait(contact=contact, key=key, at=profile.moment_of(contact.profile[key]))
                for key in sorted(kept)
            ]
            if keys - kept:
                gone |= Q(contact=contact.pk, key__in=keys - kept)
        if gone != Q(pk__in=[]):
            DatedTrait.objects.filter(gone).delete()
        DatedTrait.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["contact", "key"], update_fields=["at"]
        )


def rewrite(contacts: Iterable[Contact], *, now: datetime) -> dict[int, set[str]]:
    """Save those of these locked contacts that changed; return the keys that did, by contact.

    What is replaced is kept; the caller leaves the marks.
    """
    keyed = [(contact, set(contact.changed_keys())) for contact in contacts]
    changed = [contact for contact, keys in keyed if keys]
    changes = {contact.pk: keys for contact, keys in keyed if keys}
    history.keep(changed, now=now)
    _update(changed, changes)
    return changes


def _update(contacts: list[Contact], changes: Mapping[int, set[str]]) -> None:
    """Write the columns that changed in any of them.

    As an upsert: rows of values cost a tenth of what bulk_update's CASE for each row does.
    """
    if not contacts:
        return
    keys = {key for contact in contacts for key in changes[contact.pk]}
    columns = {key.removeprefix("contact.") for key in keys if key.startswith("contact.")}
    if len(columns) < len(keys):
        columns.add("profile")
    Contact.objects.bulk_create(
        contacts,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[*sorted(columns), "updated_at"],
    )
