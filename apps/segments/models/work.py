"""What is still to be done so that stored membership is true, and how it was verified."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.contacts.models import Contact
from apps.segments.models.segment import Ladder, Segment


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
    """One application to all contacts: of a segment's revision, a ladder, or every live segment."""

    class State(models.TextChoices):
        WAITING = "waiting", "Building"
        DONE = "done", "Built"
        SUPERSEDED = "superseded", "Superseded by a newer revision"

    segment = models.ForeignKey(
        Segment,
        null=True,
        on_delete=models.CASCADE,
        related_name="rebuilds",
        help_text="None: the ladder's, or every live segment.",
    )
    ladder = models.ForeignKey(Ladder, null=True, on_delete=models.CASCADE, related_name="rebuilds")
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    beside = models.JSONField(
        default=dict, help_text="Slugs of the rungs to be decided with it, each at its revision."
    )
    enrol_existing = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("segment", "revision", name="rebuild_once_a_revision")
        ]
        indexes = [
            models.Index("id", name="rebuild_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.segment or self.ladder or 'All segments'}: {self.get_state_display()}"


class RebuildPart(models.Model):
    """The contacts of a rebuild between two ids: what one worker does at a time."""

    OPEN = 2**62  # the end of the last part: whoever comes is in it

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


class Overtaken(models.Model):
    """A contact that was settled, or moved, while a rebuild waited that may have looked at it.

    Written in the transaction that settles; of no use once no rebuild waits.
    """

    contact_id = models.BigIntegerField(primary_key=True)  # no key: who is erased waits for nobody

    def __str__(self) -> str:
        return f"{self.contact_id} to be looked at again"


class Verification(models.Model):
    """One comparison of stored membership with a recomputation from scratch."""

    at = models.DateTimeField()
    seconds = models.FloatField()
    contacts = models.PositiveIntegerField()
    drift = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: drift {self.drift}"
