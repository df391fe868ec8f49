"""Segments, who is in them, how that came to be, and the marks that keep it true."""

import secrets
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.contacts.models import Contact


class Ladder(models.Model):
    """An ordered, exclusive set of segments: a contact stands on the first rung that holds."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class SegmentQuerySet(models.QuerySet["Segment"]):
    def live(self) -> Self:
        return self.filter(status=Segment.Status.LIVE)


class Segment(models.Model):
    """A named rule; without a rule a static segment, held by pins alone."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        ARCHIVED = "archived", "Archived"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)
    rule = models.JSONField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    ladder = models.ForeignKey(
        Ladder, null=True, blank=True, on_delete=models.PROTECT, related_name="rungs"
    )
    rung = models.PositiveSmallIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    stamp = models.CharField(
        max_length=16, editable=False, help_text="New at every save: what plans are cached by."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[SegmentQuerySet] = SegmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "ladder",
                "rung",
                name="segment_rung_unique",
                violation_error_message="This rung of the ladder is taken.",
            ),
            models.CheckConstraint(
                condition=Q(ladder=None, rung=None) | Q(ladder__isnull=False, rung__isnull=False),
                name="segment_rung_with_ladder",
                violation_error_message="A ladder and a rung go together.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Not the revision: a save that was rolled back gives its number to the next one.
        self.stamp = secrets.token_hex(8)
        super().save(*args, **kwargs)


class Revision(models.Model):
    """What a segment said from one edit to the next. Append-only."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=Segment.Status)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("segment", "number", name="revision_unique")]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.segment} revision {self.number}"


class Membership(models.Model):
    """Who is in a segment now."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("segment", "contact", name="membership_unique")]
        indexes = [models.Index("contact", "segment", name="membership_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.segment_id}"


class Transition(models.Model):
    """One entering or leaving: when, and what caused it. Append-only."""

    class Kind(models.TextChoices):
        ENTERED = "entered", "Entered"
        LEFT = "left", "Left"

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="transitions")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="transitions")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    cause = models.CharField(max_length=300, blank=True, help_text="The keys that had changed.")

    class Meta:
        indexes = [
            models.Index("contact", "at", name="transition_by_contact"),
            models.Index("segment", "at", name="transition_by_segment"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.kind} {self.segment_id}"


class Pin(models.Model):
    """A contact held in or out of a segment by hand, whatever its rule says."""

    class Held(models.TextChoices):
        IN = "in", "Held in"
        OUT = "out", "Held out"

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="pins")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="pins")
    held = models.CharField(max_length=3, choices=Held)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "segment",
                "contact",
                name="pin_unique",
                violation_error_message="This contact is pinned in this segment already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact} {self.get_held_display().lower()}"


class Change(models.Model):
    """The durable mark that a contact needs settling, with the keys that changed.

    Written in the transaction of the fact itself; deleted in the one that settles it.
    Keys: `trait:plan`, `event:order_completed`, `segment:customers`, `*` for everything.
    """

    EVERYTHING = "*"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    keys = models.JSONField()
    quiet = models.BooleanField(
        default=False, help_text="An edited rule made it: nobody starts a sequence by it alone."
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.contact_id}: {', '.join(self.keys)}"


class Watermark(models.Model):
    """Behind which nobody settles, and how far time's own changes have been marked.

    One row, locked by whoever ticks.
    """

    ticked_to = models.DateTimeField()
    swept_to = models.DateTimeField(
        null=True, help_text="Since when a sweep is under way; none where all up to here is marked."
    )
    done_to = models.BigIntegerField(
        default=0, help_text="Contacts up to this id are marked by the sweep under way."
    )

    def __str__(self) -> str:
        return f"{self.ticked_to:%Y-%m-%d %H:%M:%S}"


class Rebuild(models.Model):
    """One application to all contacts: of a segment's revision, or of every live segment."""

    class State(models.TextChoices):
        WAITING = "waiting", "Building"
        DONE = "done", "Built"
        SUPERSEDED = "superseded", "Superseded by a newer revision"

    segment = models.ForeignKey(
        Segment,
        null=True,
        on_delete=models.CASCADE,
        related_name="rebuilds",
        help_text="None: every live segment.",
    )
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    enrol_existing = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("segment", "revision", name="rebuild_once_a_revision")
        ]

    def __str__(self) -> str:
        return f"{self.segment or 'All segments'}: {self.get_state_display()}"


class RebuildPart(models.Model):
    """The contacts of a rebuild between two ids: what one worker does at a time."""

    rebuild = models.ForeignKey(Rebuild, on_delete=models.CASCADE, related_name="parts")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    done_to = models.BigIntegerField(help_text="Contacts up to this id are done.")
    entered = models.PositiveIntegerField(default=0)
    departed = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField(help_text="When a worker last took it up.")

    class Meta:
        constraints = [models.UniqueConstraint("rebuild", "first", name="rebuild_part_unique")]

    def __str__(self) -> str:
        return f"{self.rebuild}, contacts {self.first} to {self.last}"

    @property
    def is_done(self) -> bool:
        return self.done_to >= self.last


class Verification(models.Model):
    """One comparison of stored membership with a recomputation from scratch."""

    at = models.DateTimeField()
    seconds = models.FloatField()
    contacts = models.PositiveIntegerField()
    drift = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: drift {self.drift}"
