"""What answers count for, and what a score means: scales, points, weights, tiers."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from apps.quizzes.models.files import Picture
from apps.quizzes.models.keyed import Keyed
from apps.quizzes.models.question import Choice, Question
from apps.quizzes.models.quiz import Quiz
from apps.quizzes.naming import KEY_LENGTH, check_key


class Scale(Keyed):
    """A named sum or mean of points; a quiz's first scale is its main one."""

    class Method(models.TextChoices):
        SUM = "sum", "Sum of points"
        MEAN = "mean", "Mean of the answered questions that count on it"

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="scales")
    label = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    method = models.CharField(
        "counted as",
        max_length=5,
        choices=Method,
        default=Method.SUM,
        help_text="A skipped question is left out of a mean.",
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "quiz",
                "key",
                name="scale_key_unique",
                violation_error_message="Another scale of this quiz has this key.",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Points(models.Model):
    """What picking a choice adds to one scale; it may be negative."""

    choice = models.ForeignKey(Choice, on_delete=models.CASCADE, related_name="points")
    scale = models.ForeignKey(Scale, on_delete=models.CASCADE, related_name="points")
    value = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        verbose_name_plural = "points"
        constraints = [models.UniqueConstraint("choice", "scale", name="points_unique")]

    def __str__(self) -> str:
        return f"{self.value} on {self.scale}"


class Weight(models.Model):
    """How often the value of a scale, number or yes-or-no question counts on one scale."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="weights")
    scale = models.ForeignKey(Scale, on_delete=models.CASCADE, related_name="weights")
    value = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint("question", "scale", name="weight_unique")]

    def __str__(self) -> str:
        return f"{self.value} on {self.scale}"


class Tier(Keyed):
    """A named band of the score, or the outcome of one scale, with its result page.

    A band is written by its lower bound alone and ends where the next one begins, so
    neither a gap nor an overlap can be written. Without a bound it begins at the bottom.
    """

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="tiers")
    key = models.CharField(
        max_length=KEY_LENGTH,
        blank=True,
        validators=[check_key],
        help_text="Its name in rules. Left blank, it is made from the label.",
    )
    label = models.CharField(max_length=120, help_text="Cold, warm, hot: what your team calls it.")
    position = models.PositiveIntegerField(default=0)
    starts_at = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The lowest score of this tier; it reaches up to where the next one begins."
        " Blank for the lowest tier.",
    )
    scale = models.ForeignKey(
        Scale,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tiers",
        help_text="For outcomes: this one wins when its scale has most points.",
    )
    override_only = models.BooleanField(
        "by override only",
        default=False,
        help_text="No score leads here, only the override rule below (a disqualifying answer).",
    )
    override = models.JSONField(
        "override rule",
        null=True,
        blank=True,
        help_text="When this rule over the response's answers holds, this tier is the result"
        ' whatever the score: {"trait": "answer.budget", "op": "is", "value": "none"}.',
    )
    headline = models.CharField(
        max_length=200, help_text="The first line of the result page, to the respondent."
    )
    body = models.TextField(blank=True, help_text="Markdown. Why, and what it means.")
    picture = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    button_label = models.CharField(max_length=60, blank=True, help_text="The one next step.")
    button_url = models.CharField(
        "button address",
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "quiz",
                "key",
                name="tier_key_unique",
                violation_error_message="Another tier of this quiz has this key.",
            ),
            models.UniqueConstraint(
                "quiz",
                "starts_at",
                name="tier_start_unique",
                violation_error_message="Another tier begins at this score.",
            ),
            models.UniqueConstraint(
                "quiz",
                condition=Q(starts_at=None, scale=None, override_only=False),
                name="tier_one_lowest",
                violation_error_message="Only one tier can begin at the bottom.",
            ),
            models.UniqueConstraint(
                "quiz",
                "scale",
                name="tier_scale_unique",
                violation_error_message="Another outcome stands for this scale.",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, scale=None)
                | Q(override_only=False, scale=None)
                | Q(override_only=False, starts_at=None),
                name="tier_one_way_in",
                violation_error_message="A tier is reached by a score, by a scale, or by its"
                " override rule only: fill in one of them.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
