"""What another scoring would make of the responses there are, and what it did make of them."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.contacts.models import Contact
from apps.quizzes.models.quiz import Quiz, Version
from apps.quizzes.models.response import Response


class BackTestQuerySet(models.QuerySet["BackTest"]):
    def under_way(self) -> Self:
        return self.filter(state=BackTest.State.WORKING)


class BackTest(models.Model):
    """A draft, frozen as it was, tried on every finished response; its lists hang on it.

    It is for whoever asked, and gone after a day.
    """

    class State(models.TextChoices):
        WORKING = "working", "Being worked out"
        DONE = "done", "Worked out"
        FAILED = "failed", "Failed"

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="backtests")
    definition = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the definition.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE)
    at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    attempt = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text="Finished responses.")
    done = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    touched_at = models.DateTimeField(help_text="When a worker last took it up.")
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[BackTestQuerySet] = BackTestQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"Back-test of {self.quiz}"

    @property
    def percent(self) -> int:
        return min(100 * self.done // max(self.total, 1), 99)


class TierMove(models.Model):
    """A response that would come to another tier."""

    backtest = models.ForeignKey(
        BackTest, on_delete=models.CASCADE, related_name="tier_moves", db_index=False
    )
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="+")
    former = models.CharField(max_length=60)
    tier = models.CharField(max_length=60)
    former_score = models.FloatField(null=True)
    score = models.FloatField()

    class Meta:
        indexes = [
            models.Index("backtest", "former", "tier", "response", name="tier_move_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.response_id}: {self.former} to {self.tier}"


class SegmentMove(models.Model):
    """A contact that would enter or leave a segment, which stands in an app above: by its slug."""

    backtest = models.ForeignKey(
        BackTest, on_delete=models.CASCADE, related_name="segment_moves", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    segment = models.CharField(max_length=80)
    enters = models.BooleanField()

    class Meta:
        indexes = [
            models.Index("backtest", "segment", "enters", "contact", name="segment_move_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {'enters' if self.enters else 'leaves'} {self.segment}"


class RescoringQuerySet(models.QuerySet["Rescoring"]):
    def under_way(self) -> Self:
        return self.filter(state__in=[Rescoring.State.APPLYING, Rescoring.State.UNDOING])


class Rescoring(models.Model):
    """One step that scored the responses of older versions by a newer one, or took that back.

    It counts as done only when every response is; until then it says how far it is.
    """

    class State(models.TextChoices):
        APPLYING = "applying", "Being re-scored"
        APPLIED = "applied", "Re-scored"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="rescorings")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="rescorings")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    starts_sequences = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.APPLYING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0, help_text="Of the step under way.")
    from_versions = models.JSONField(help_text="Responses by the version that they were scored by.")
    tiers = models.JSONField(default=list, help_text="Responses by tier before and after.")
    finished_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(help_text="When a worker last took it up.")

    objects: ClassVar[RescoringQuerySet] = RescoringQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                "quiz",
                condition=Q(state__in=["applying", "undoing"]),
                name="rescoring_one_under_way",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quiz}, scored by version {self.version.number}"

    @property
    def is_under_way(self) -> bool:
        return self.state in {self.State.APPLYING, self.State.UNDOING}

    @property
    def percent(self) -> int:
        return min(100 * self.done // max(self.total, 1), 99)


class Rescored(models.Model):
    """One response of a re-scoring, with all that is needed to take it back."""

    rescoring = models.ForeignKey(
        Rescoring, on_delete=models.CASCADE, related_name="rescored", db_index=False
    )
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="rescored")
    is_done = models.BooleanField(default=False, help_text="Re-scored, and not undone.")
    former = models.JSONField(null=True, help_text="The result before: columns of the response.")
    former_tier = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=60, blank=True, help_text="The tier it came to.")
    written = models.JSONField(null=True, help_text="Traits written on its contact.")
    replaced = models.JSONField(null=True, help_text="What they replaced; null: nothing.")

    class Meta:
        constraints = [
            models.UniqueConstraint("rescoring", "response", name="rescored_once"),
        ]
        indexes = [models.Index("rescoring", "is_done", "response", name="rescored_to_do")]

    def __str__(self) -> str:
        return f"{self.response_id} by {self.rescoring_id}"
