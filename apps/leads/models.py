"""Contacts as sales sees them."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.contacts.models import Contact
from apps.quizzes.models import Response


class LeadQuerySet(models.QuerySet["Lead"]):
    def newest_first(self) -> Self:
        return self.order_by("-scored_at", "-pk")

    def search(self, words: str) -> Self:
        """Return the leads whose contact's email or name begins with each of the words."""
        return self.filter(contact__in=Contact.objects.standing().search(words).values("pk"))

    def with_people(self) -> Self:
        return self.select_related("contact", "owner").defer("contact__profile")


class Lead(models.Model):
    """A contact who finished a quiz and can be written to; its latest result is what counts.

    Quiz, tier and score are kept as they read when the response was finished.
    """

    class Stage(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    TONES = {"new": "accent", "working": "warning", "won": "success", "lost": "quiet"}

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="lead")
    response = models.ForeignKey(
        Response, null=True, on_delete=models.SET_NULL, related_name="leads"
    )
    quiz_slug = models.CharField(max_length=80)
    quiz_title = models.CharField(max_length=200)
    tier_key = models.CharField(max_length=60)
    tier_label = models.CharField(max_length=120)
    score = models.FloatField(null=True)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.NEW)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
    )
    since = models.DateTimeField(
        default=timezone.now, help_text="When the first quiz was finished."
    )
    scored_at = models.DateTimeField(help_text="When the latest quiz was finished.")
    staged_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LeadQuerySet] = LeadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["-scored_at", "-id"], name="lead_newest"),
            models.Index(fields=["tier_key", "-scored_at", "-id"], name="lead_by_tier"),
            models.Index(fields=["owner", "-scored_at", "-id"], name="lead_by_owner"),
            models.Index(fields=["since"], name="lead_since"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=["new", "working", "won", "lost"]), name="lead_stage_known"
            )
        ]

    def __str__(self) -> str:
        return str(self.contact)

    @property
    def tone(self) -> str:
        """Return the colour of its stage's dot."""
        return self.TONES[self.stage]
