"""Edits that are rehearsed before they are saved."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from apps.contacts.models import Contact
from apps.segments.models.segment import Segment


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def under_way(self) -> Self:
        return self.filter(state=Proposal.State.WORKING)


class Proposal(models.Model):
    """An edit that is rehearsed before it is saved, and what it would do.

    `posted` is the editor's form as it was sent; `basis` has a digest for each segment that the
    outcome hangs on, by slug, so that a later edit of any of them is seen.
    """

    class State(models.TextChoices):
        WORKING = "working", "Being worked out"
        DONE = "done", "Worked out"
        FAILED = "failed", "Failed"

    segment = models.ForeignKey(
        Segment, null=True, on_delete=models.CASCADE, related_name="proposals"
    )
    name = models.CharField(max_length=120)
    posted = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    step = models.PositiveSmallIntegerField(default=0, help_text="How many steps are done.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="Whoever took it up last.")
    done_at = models.DateTimeField(null=True)
    basis = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)

    objects: ClassVar[ProposalQuerySet] = ProposalQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.name}, as proposed at {self.at:%Y-%m-%d %H:%M}"


class ProposedMove(models.Model):
    """Who would enter or leave a segment if a proposal were saved; no segment: the new one."""

    # Without constraints and indexes of their own: there may be a million of them.
    proposal = models.ForeignKey(
        Proposal,
        on_delete=models.CASCADE,
        related_name="moves",
        db_index=False,
        db_constraint=False,
    )
    segment = models.ForeignKey(
        Segment,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    enters = models.BooleanField()

    class Meta:
        indexes = [
            models.Index("proposal", "segment", "enters", "contact", name="proposed_move_listed")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {'enters' if self.enters else 'leaves'} {self.segment_id}"


class Foreseen(models.Model):
    """A row of the temporary table that a rehearsal works in; segment 0 is a new one."""

    contact_id = models.BigIntegerField(primary_key=True)
    segment_id = models.BigIntegerField()
    due = models.BooleanField()

    class Meta:
        managed = False
        db_table = "segments_foreseen"

    def __str__(self) -> str:
        return f"{self.contact_id} {'enters' if self.due else 'leaves'} {self.segment_id}"
