"""What respondents leave: one run through one version, and what they said on the way."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from apps.contacts.models import Contact
from apps.quizzes.models.files import TOKEN_LENGTH, new_token
from apps.quizzes.models.quiz import Version


class ResponseQuerySet(models.QuerySet["Response"]):
    def finished(self) -> Self:
        return self.exclude(finished_at=None)

    def with_version(self) -> Self:
        """Bring the version along without its definition, which is kept in memory."""
        return self.select_related("version").defer("version__definition")


class Response(models.Model):
    """One respondent's run through one version, carried by a token in the address."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="responses")
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="responses"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True, db_index=True)
    hidden = models.JSONField(
        "came with", default=dict, blank=True, help_text="utm_source and its like."
    )
    score = models.FloatField(null=True, blank=True)
    percent = models.FloatField(null=True, blank=True)
    tier_key = models.CharField(max_length=60, blank=True)
    tier_label = models.CharField("tier", max_length=120, blank=True)
    ending_key = models.CharField("ending", max_length=60, blank=True)
    receipt = models.JSONField(null=True, blank=True)
    scored_by = models.ForeignKey(
        Version,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version its result is of, where it was re-scored; its answers stay its own.",
    )

    objects: ClassVar[ResponseQuerySet] = ResponseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None, tier_key="")
                | (Q(finished_at__isnull=False, contact__isnull=False) & ~Q(tier_key="")),
                name="response_finished_whole",
                violation_error_message="A finished response has a contact and a tier.",
            )
        ]

    def __str__(self) -> str:
        return f"Response {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class Answer(models.Model):
    """What was said to one question; no value means it was skipped."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="answers")
    question_key = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    other = models.CharField(
        max_length=500, blank=True, help_text="What was written beside “other”."
    )
    revision = models.PositiveIntegerField(default=1)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("response", "question_key", name="answer_unique"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="answer_revision_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.question_key}: {self.value}"


class Share(models.Model):
    """The address under which a respondent shows their result; taken back, it is gone."""

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="share")
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Share of {self.response}"

    def get_absolute_url(self) -> str:
        return f"/q/s/{self.token}/"
