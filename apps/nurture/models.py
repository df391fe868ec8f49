"""Sequences, their steps, one contact's way through them, and every mail that came of it."""

import secrets
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.contacts.models import Contact
from apps.nurture import spans, templating
from apps.segments.models import Segment

DAY = timedelta(days=1)
CENTURY = 36_525 * DAY  # a longer cooldown ends before time began


def new_message_id() -> str:
    """Make a Message-ID that says nothing of this machine; it never changes afterwards."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{secrets.token_hex(16)}@{domain}>"


class SequenceQuerySet(models.QuerySet["Sequence"]):
    def live(self) -> Self:
        return self.filter(status=Sequence.Status.LIVE)

    def stopping_leavers(self) -> Self:
        """Return the sequences that end for whoever leaves their segment."""
        return self.filter(on_leave=Sequence.OnLeave.STOP)


class Sequence(models.Model):
    """A nurture track: contacts who enter its segment begin it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"

    class ReEntry(models.TextChoices):
        NEVER = "never", "Never: once per contact"
        AFTER_FINISH = "after_finish", "When it has ended for the contact"
        EVERY_TIME = "every_time", "Every time: start over from the first step"

    class OnLeave(models.TextChoices):
        FINISH = "finish", "Finish the sequence"
        STOP = "stop", "Stop at once"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        related_name="sequences",
        verbose_name="begins on entering",
    )
    re_entry = models.CharField(
        "on entering again", max_length=15, choices=ReEntry, default=ReEntry.NEVER
    )
    cooldown = models.DurationField(
        default=DAY, help_text="How long after one start another may follow."
    )
    on_leave = models.CharField(
        "on leaving the segment", max_length=10, choices=OnLeave, default=OnLeave.STOP
    )
    lane = models.CharField(
        max_length=60,
        blank=True,
        db_index=True,
        help_text="Of the sequences in one lane only one runs for a contact at a time.",
    )
    priority = models.PositiveSmallIntegerField(
        default=0,
        help_text="Within its lane: the higher number begins and stops the lower; of equals, the"
        " one under way goes on.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[SequenceQuerySet] = SequenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cooldown__gte=timedelta(0)),
                name="sequence_cooldown_not_negative",
                violation_error_message="A cooldown cannot be negative.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.lane = " ".join(self.lane.split()).lower()  # one lane has one name

    @property
    def starts_over(self) -> bool:
        return self.re_entry == self.ReEntry.EVERY_TIME


class Step(models.Model):
    """One thing a sequence does: send an e-mail, or wait."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WAIT = "wait", "Wait"

    sequence = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EMAIL)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(
        max_length=50_000,
        blank=True,
        help_text="Markdown, with fields such as {{ contact.first_name | default: 'there' }}.",
    )
    wait = models.DurationField(null=True, blank=True)

    class Meta:
        ordering = ["sequence", "position"]
        constraints = [
            models.UniqueConstraint(
                "sequence",
                "position",
                name="step_position_unique",
                violation_error_message="Two steps cannot stand at the same position.",
            ),
            models.CheckConstraint(
                condition=Q(kind="email", wait=None) & ~Q(subject="") & ~Q(body="")
                | Q(kind="wait", wait__gt=timedelta(0), subject="", body=""),
                name="step_holds_what_its_kind_needs",
                violation_error_message=(
                    "An e-mail needs a subject and a text, a wait a duration and nothing else."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Wait {spans.in_words(self.wait)}" if self.wait else self.subject

    def clean(self) -> None:
        errors = {}
        for name in ("subject", "body"):
            try:
                templating.check(getattr(self, name))
            except templating.TemplateError as error:
                errors[name] = str(error)
        if errors:
            raise ValidationError(errors)


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def active(self) -> Self:
        return self.filter(state=Enrolment.State.ACTIVE)

    def barring(self, sequence: Sequence, now: datetime) -> Self:
        """Return the enrolments that keep their contact from beginning the sequence again."""
        past = self.filter(sequence=sequence)
        if sequence.re_entry == Sequence.ReEntry.NEVER:
            return past
        bars = Q(started_at__gt=now - min(sequence.cooldown, CENTURY))
        if sequence.re_entry == Sequence.ReEntry.AFTER_FINISH:
            bars |= Q(state=Enrolment.State.ACTIVE)
        return past.filter(bars)

    def due(self, now: datetime) -> Self:
        """Return the enrolments whose wait is over and whose sequence runs, longest due first."""
        return (
            self.active()
            .filter(due_at__lte=now, sequence__status=Sequence.Status.LIVE)
            .order_by("due_at")
        )


class Enrolment(models.Model):
    """One contact's way through one sequence."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped"

    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="enrolments")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="enrolments")
    trigger_key = models.CharField(
        max_length=60, help_text="What began it; the re-entry policy is in the key."
    )
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    reason = models.CharField(max_length=200, blank=True)
    next_position = models.PositiveIntegerField(default=0, help_text="Steps before it are done.")
    due_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[EnrolmentQuerySet] = EnrolmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "sequence", "contact", "trigger_key", name="enrolment_once_per_trigger"
            ),
            models.UniqueConstraint(
                "sequence", "contact", condition=Q(state="active"), name="enrolment_one_active"
            ),
            models.CheckConstraint(
                condition=Q(state="active", ended_at=None)
                | (~Q(state="active") & Q(due_at=None, ended_at__isnull=False)),
                name="enrolment_ended_or_active",
            ),
        ]
        indexes = [
            models.Index(
                "due_at",
                condition=Q(due_at__isnull=False),
                name="enrolment_due",
            ),
            models.Index("contact", "started_at", name="enrolment_by_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} in {self.sequence}"


class MessageQuerySet(models.QuerySet["Message"]):
    def unfinished(self) -> Self:
        """Return the messages whose hand-over has not begun."""
        return self.filter(state__in=(Message.State.QUEUED, Message.State.CLAIMED))

    def handing(self) -> Self:
        return self.filter(state=Message.State.HANDING)

    def in_doubt(self) -> Self:
        """Return the messages in doubt on which nobody has decided yet."""
        return self.filter(state=Message.State.IN_DOUBT, resolved_at=None)

    def dead(self) -> Self:
        """Return the failed messages that nobody has sent again."""
        return self.filter(state=Message.State.FAILED, resolved_at=None)

    def neglected(self, now: datetime) -> Self:
        """Return the messages that somebody should have moved on by now, oldest first."""
        return self.filter(look_at__lte=now).order_by("look_at")


class Message(models.Model):
    """One e-mail. The row exists before anything is sent; its state says how far that went.

    queued -> claimed -> handing -> sent, or failed, or in doubt: the mail server may have
    taken it, nobody knows, and only a person may decide to send it again (another pass).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        CLAIMED = "claimed", "Claimed"
        HANDING = "handing", "Being handed over"
        SENT = "sent", "Sent"
        IN_DOUBT = "in_doubt", "In doubt"
        FAILED = "failed", "Failed"
        WITHHELD = "withheld", "Withheld"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="messages")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="messages")
    pass_number = models.PositiveSmallIntegerField(default=1)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="messages")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=500, blank=True)
    token = models.CharField(max_length=32, blank=True, help_text="Whoever claimed it last.")
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(help_text="It may be claimed from then on.")
    look_at = models.DateTimeField(
        null=True,
        help_text=(
            "When the sweeper takes an interest: queued, to ring for it again; claimed or being "
            "handed over, when the lease is over; empty once the message is at rest."
        ),
    )
    message_id = models.CharField(max_length=300, unique=True, default=new_message_id)
    recipient = models.CharField(max_length=254, blank=True, help_text="The address it went to.")
    subject = models.CharField(max_length=500, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    raw = models.TextField(blank=True, help_text="The mail as it was handed over (RFC 5322).")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When it came into its state.")
    sent_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody sent it again as another pass."
    )

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "enrolment", "step", "pass_number", name="message_once_per_step_and_pass"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["queued", "claimed", "handing"],
                    look_at__isnull=False,
                )
                | Q(state__in=["sent", "in_doubt", "failed", "withheld"], look_at=None),
                name="message_watched_until_at_rest",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="message_sent_has_its_time",
            ),
        ]
        indexes = [
            models.Index("look_at", condition=Q(look_at__isnull=False), name="message_look"),
            models.Index(
                "contact",
                condition=Q(state__in=["queued", "claimed", "handing"]),
                name="message_open_by_contact",
            ),
            models.Index("state", "changed_at", name="message_by_state"),
            models.Index("contact", "created_at", name="message_by_contact"),
        ]

    def __str__(self) -> str:
        return self.subject or str(self.step)


class Suppression(models.Model):
    """An address nothing may be sent to: the mail server said that nobody is there."""

    address = models.CharField(max_length=254, unique=True, help_text="In lower case.")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = self.address.strip().lower()
