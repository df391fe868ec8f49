"""People, what is known of them, what they did and what they agreed to.

Facts are written by the verbs of this app (people, profile, events, consent), so that
values keep their canonical form and whoever reads facts above learns of each change.
"""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now as the_clock

from apps.rules.kinds import Kind

TRAIT_KEY = RegexValidator(
    r"^[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*\Z",
    "A trait's key is lower-case words joined by dots, such as plan or quiz.skin.score.",
)
FIELDS = ("email", "first_name", "last_name", "phone", "country", "language", "timezone")
READ_COLUMNS = (*FIELDS, "created_at", "last_seen_at")
WATCHED = (*READ_COLUMNS, "merged_into_id")
MAX_SEARCH, MAX_WORDS = 254, 8  # characters, words: what is longer names nobody


class ContactQuerySet(models.QuerySet["Contact"]):
    def standing(self) -> Self:
        """Return the contacts that are people: tombstones of merged ones left out."""
        return self.filter(merged_into=None)

    def locked(self, ids: Iterable[int], *, deleting: bool = False) -> Self:
        """Lock these contacts in id order: the one lock order of the whole product.

        The keys stay free unless they are to be deleted: rows that refer to a contact are
        checked at their commit, in an order of their own, and must not wait for a lock then.
        """
        rows = self.select_for_update(no_key=not deleting)
        return rows.filter(pk__in=list(ids)).order_by("pk")

    def search(self, words: str) -> Self:
        """Return the contacts whose email or name begins with each of the words."""
        found = self
        for word in words[:MAX_SEARCH].split()[:MAX_WORDS]:
            found = found.filter(
                Q(email__istartswith=word)
                | Q(first_name__istartswith=word)
                | Q(last_name__istartswith=word)
            )
        return found


class Contact(models.Model):
    """A person; without email and identity an anonymous visitor."""

    email = models.CharField(max_length=254, blank=True, default="")
    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    country = models.CharField(max_length=60, blank=True, default="")
    language = models.CharField(max_length=20, blank=True, default="")
    timezone = models.CharField(max_length=60, blank=True, default="")
    profile = models.JSONField(
        default=dict, blank=True, help_text="Traits in canonical form (apps/rules/kinds.py)."
    )
    created_at = models.DateTimeField(default=the_clock, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, db_index=True)
    history_from = models.DateTimeField(
        default=the_clock,
        editable=False,
        help_text="From when on every change of the profile is kept (ProfileChange).",
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.CASCADE, related_name="+"
    )

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="contact_email_unique",
                violation_error_message="A contact with this email exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"Visitor {self.pk}"

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        contact = super().from_db(db, field_names, values, **kwargs)
        contact._loaded = _snapshot(contact, field_names)
        return contact

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        if kwargs.get("update_fields") is None:
            self.remember()
        else:  # what was not written still differs from what is stored
            self._loaded = {**self._before(), **_snapshot(self, kwargs["update_fields"])}

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def changed_keys(self) -> frozenset[str]:
        """Return the trait keys (`plan`, `contact.email`) that differ from what was loaded."""
        return frozenset(self.replaced())

    def replaced(self) -> dict[str, Any]:
        """Return by trait key what was loaded and differs now; None where there was no value."""
        before = self._before()
        columns = {
            f"contact.{name}": before[name]
            for name in WATCHED
            if name in before and before[name] != getattr(self, name)
        }
        old, new = before.get("profile", {}), self.profile
        keys = old.keys() | new.keys() if "profile" in before else set()
        return columns | {key: old.get(key) for key in keys if old.get(key) != new.get(key)}

    def remember(self) -> None:
        """Take the present values as the ones `changed_keys` compares with."""
        self._loaded = _snapshot(self, (*WATCHED, "profile"))

    def _before(self) -> dict[str, Any]:
        return getattr(self, "_loaded", {})


def _snapshot(contact: Contact, names: Iterable[str]) -> dict[str, Any]:
    """Copy values, lists within the profile too: whoever changes one in place is found out."""
    loaded = {name: getattr(contact, name) for name in WATCHED if name in names}
    if "profile" in names:
        loaded["profile"] = {
            key: [*value] if isinstance(value, list) else value
            for key, value in contact.profile.items()
        }
    return loaded


class ProfileChange(models.Model):
    """What one change of a contact's profile replaced. Append-only; written by history.py.

    `before` holds, by trait key (`plan`, `contact.email`), the values that gave way: None where
    a trait was not there. So the profile of any moment is the present one with what came later
    undone, and a contact that never changed has no row.
    """

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="profile_changes", db_index=False
    )
    former = models.BigIntegerField(
        null=True, help_text="Whose it was, where that contact was merged into this one."
    )
    at = models.DateTimeField()
    before = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index("contact", "at", name="profile_change_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.at:%Y-%m-%d %H:%M}: {', '.join(self.before)}"


class Identity(models.Model):
    """One name under which a source knows a contact."""

    class Kind(models.TextChoices):
        EXTERNAL = "external_id", "External id"
        ANONYMOUS = "anonymous_id", "Anonymous id"
        EMAIL = "email", "Former email"  # of a contact merged into this one

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=254)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint("kind", "value", name="identity_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Event(models.Model):
    """Something a contact did. Append-only; `message_id` makes a replay change nothing."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events")
    name = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=the_clock)
    properties = models.JSONField(default=dict, blank=True)
    message_id = models.CharField(max_length=200, unique=True)

    class Meta:
        indexes = [
            models.Index("contact", "name", "occurred_at", name="event_by_contact"),
            # With the contact, so that a tick need not read the rows themselves.
            models.Index("name", "occurred_at", "contact", name="event_by_time"),
            # The few that were still to come: a tick asks which of them are due.
            models.Index(
                "occurred_at", condition=Q(occurred_at__gt=F("received_at")), name="event_to_come"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.occurred_at:%Y-%m-%d %H:%M}"


class Trait(models.Model):
    """One entry of the field catalogue: what a rule may read of a profile."""

    key = models.CharField(max_length=150, unique=True, validators=[TRAIT_KEY])
    label = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=[(kind, kind.title()) for kind in Kind])
    options = models.JSONField(
        default=list, blank=True, help_text='For choices: [{"value": "pro", "label": "Pro"}].'
    )
    source = models.CharField(max_length=200, blank=True, help_text="Where it comes from.")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def clean_key(key: str) -> str:
        """Raise ValidationError unless `key` may name a trait of a profile."""
        TRAIT_KEY(key)
        if len(key) > 150 or key.startswith("contact."):
            raise ValidationError("A trait's key has at most 150 characters, not under contact.")
        return key


class DatedTrait(models.Model):
    """The index of date and time traits by value, kept by the profile's verb.

    A tick asks which values slid across the edge of a window; a JSON column cannot answer
    that without a scan. A date is kept as midnight UTC of that day: it is compared as a day.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="dated_traits")
    key = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("contact", "key", name="dated_trait_unique")]
        indexes = [models.Index("key", "at", "contact", name="dated_trait_by_time")]

    def __str__(self) -> str:
        return f"{self.key} {self.at:%Y-%m-%d}"


class Consent(models.Model):
    """One entry of the ledger of what a contact agreed to or withdrew. Append-only."""

    class Purpose(models.TextChoices):
        EMAIL = "email", "Email"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose, default=Purpose.EMAIL)
    granted = models.BooleanField()
    wording = models.TextField(max_length=2000, help_text="The exact words agreed to.")
    source = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["contact", "purpose", "-at", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.purpose} {'granted' if self.granted else 'withdrawn'}"
