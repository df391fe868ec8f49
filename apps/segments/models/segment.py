"""Segments and the ladders they stand on, with what they said at each revision."""

import secrets
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


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
        max_length=16, editable=False, help_text="New at every save: tells one state from another."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[SegmentQuerySet] = SegmentQuerySet.as_manager()  # type: ignore[assignment]

    DEFAULT_RUNG = 32_767  # the last there can be: what a contact stands on whom no other took
    EVERYBODY: ClassVar[dict[str, list[object]]] = {"all": []}  # its rule

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

    @property
    def is_default(self) -> bool:
        """Whether it is its ladder's declared default."""
        return self.rung == self.DEFAULT_RUNG

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Not the revision: a save that was rolled back gives its number to the next one.
        self.stamp = secrets.token_hex(8)
        super().save(*args, **kwargs)


class PlanStamp(models.Model):
    """What the compiled rules are cached by: one row, new whenever any segment is written.

    A trigger of the database writes it (migration 0015), so that no way of writing is missed.
    """

    ONLY = 1  # its id
    value = models.UUIDField()

    def __str__(self) -> str:
        return str(self.value)


class Revision(models.Model):
    """What a segment said from one edit to the next. Append-only."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=Segment.Status)
    name = models.CharField(max_length=120, blank=True, help_text="Empty: it was not kept yet.")
    ladder = models.ForeignKey(Ladder, null=True, on_delete=models.SET_NULL, related_name="+")
    rung = models.PositiveSmallIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("segment", "number", name="revision_unique")]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.segment} revision {self.number}"
