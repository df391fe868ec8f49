"""Where a path goes other than on: jumps by rule, and the endings they may lead to."""

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from apps.quizzes.models.files import Picture
from apps.quizzes.models.keyed import Keyed
from apps.quizzes.models.question import Question
from apps.quizzes.models.quiz import Quiz


class Ending(Keyed):
    """A last page shown in place of the tier's result page; the tier is reached all the same."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="endings")
    label = models.CharField(max_length=120, help_text="What your team calls it.")
    position = models.PositiveIntegerField(default=0)
    is_default = models.BooleanField(
        "the usual end",
        default=False,
        help_text="Whoever comes to the end without a jump to another ending sees it.",
    )
    headline = models.CharField(max_length=200)
    body = models.TextField(blank=True, help_text="Markdown.")
    picture = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    button_label = models.CharField(max_length=60, blank=True)
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
                name="ending_key_unique",
                violation_error_message="Another ending of this quiz has this key.",
            ),
            models.UniqueConstraint(
                "quiz",
                condition=Q(is_default=True),
                name="ending_one_default",
                violation_error_message="Only one ending can be the usual one.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Jump(models.Model):
    """A rule and where it leads: to a later question, to an ending, or (neither) to the end.

    Of a question's jumps the first whose rule holds is taken; if none does, those of its
    choices are looked at, and then the next question comes.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="jumps")
    position = models.PositiveIntegerField(default=0)
    rule = models.JSONField(
        null=True,
        blank=True,
        help_text="A rule over the answers so far, hidden fields and the score. Blank: always.",
    )
    # RESTRICT: a jump must not turn into "the next question" behind its author's back
    to = models.ForeignKey(
        Question,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="reached_by",
        verbose_name="leads to",
    )
    ending = models.ForeignKey(
        Ending, null=True, blank=True, on_delete=models.RESTRICT, related_name="reached_by"
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to=None) | Q(ending=None),
                name="jump_one_target",
                violation_error_message="A jump leads to a question or to an ending, not both.",
            )
        ]

    def __str__(self) -> str:
        return f"to {self.to or self.ending or 'the end'}"

    def clean(self) -> None:
        for name in ("to", "ending"):
            target = getattr(self, name)
            if target and self.question_id and target.quiz_id != self.question.quiz_id:
                raise ValidationError({name: "This belongs to another quiz."})
