"""Who is in which segment now, who moved when, and who is held by hand."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.contacts.models import Contact
from apps.segments.models.segment import Segment


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
    former = models.BigIntegerField(
        null=True, help_text="Who moved, where that contact was merged into this one."
    )

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


class PinChange(models.Model):
    """One pinning, or letting go, of a contact by hand: who did it and when. Append-only.

    Where two became one, those of the contact that went stay its own, under its former id; what
    its pins hold from then on is a row of the one that stayed.
    """

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="pin_changes")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="pin_changes")
    former = models.BigIntegerField(
        null=True, help_text="Whose it was, where that contact was merged into this one."
    )
    held = models.CharField(
        max_length=3, blank=True, choices=Pin.Held, help_text="Empty: let go, the rule decides."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.contact_id} {self.held or 'let go'} in {self.segment_id}"
