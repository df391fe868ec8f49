"""Questions and their choices, as the author edits them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from apps.quizzes.models.quiz import Quiz
from apps.quizzes.naming import KEY_LENGTH, check_key, free_key

CONTACT_FIELDS = ("first_name", "last_name", "email", "phone", "country")


class Question(models.Model):
    """One screen of a quiz."""

    class Kind(models.TextChoices):
        SINGLE = "single", "Single choice"
        SEVERAL = "several", "Several choices"
        SCALE = "scale", "Scale"
        NUMBER = "number", "Number"
        YES_NO = "yes_no", "Yes or no"
        TEXT = "text", "Short text"
        EMAIL = "email", "Email"
        CONTACT = "contact", "Contact form"
        STATEMENT = "statement", "Statement (nothing to answer)"

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(
        max_length=KEY_LENGTH,
        blank=True,
        validators=[check_key],
        help_text="Its name in traits and rules. Left blank, it is made from the title.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SINGLE)
    title = models.CharField("question", max_length=300)
    help = models.CharField(
        max_length=500, blank=True, help_text="One line of explanation under the question."
    )
    required = models.BooleanField(
        default=True, help_text="If not, the respondent may skip it; it then counts for nothing."
    )
    position = models.PositiveIntegerField(
        default=0, help_text="Questions are asked from the lowest position to the highest."
    )

    minimum = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, help_text="The lowest value."
    )
    maximum = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, help_text="The highest value."
    )
    step = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Values lie this far apart, counted from the lowest. Blank: a scale goes"
        " by 1, a number may have any two decimals.",
    )
    unit = models.CharField(max_length=20, blank=True, help_text="Shown behind the number: kg, €.")
    low_label = models.CharField(
        max_length=60, blank=True, help_text="What the lowest value means."
    )
    high_label = models.CharField(
        max_length=60, blank=True, help_text="What the highest value means."
    )
    reversed = models.BooleanField(
        default=False,
        help_text="A high answer counts low: on a scale of 1 to 5, a 5 counts 1. For yes or"
        " no, “no” counts.",
    )

    least = models.PositiveSmallIntegerField(
        "at least", null=True, blank=True, help_text="How many choices must be picked."
    )
    most = models.PositiveSmallIntegerField(
        "at most", null=True, blank=True, help_text="How many choices may be picked."
    )

    ask_first_name = models.BooleanField("first name", default=True)
    ask_last_name = models.BooleanField("last name", default=False)
    ask_email = models.BooleanField("email", default=True)
    ask_phone = models.BooleanField("phone", default=False)
    ask_country = models.BooleanField("country", default=False)
    consent_wording = models.TextField(
        blank=True,
        max_length=1000,
        help_text="What one agrees to by ticking the box, in plain words. It is kept in the"
        " consent ledger exactly as shown. Blank: no box, and no mail may be sent.",
    )
    consent_required = models.BooleanField(
        default=False, help_text="The form can only be sent with the box ticked."
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "quiz",
                "key",
                name="question_key_unique",
                violation_error_message="Another question of this quiz has this key.",
            ),
            models.CheckConstraint(
                condition=Q(minimum__lt=F("maximum")) | Q(minimum=None) | Q(maximum=None),
                name="question_minimum_below_maximum",
                violation_error_message="The lowest value must be below the highest.",
            ),
            models.CheckConstraint(
                condition=Q(step__gt=0) | Q(step=None),
                name="question_step_positive",
                violation_error_message="The step must be more than 0.",
            ),
            models.CheckConstraint(
                condition=Q(least__lte=F("most")) | Q(least=None) | Q(most=None),
                name="question_least_up_to_most",
                violation_error_message="“At least” cannot be more than “at most”.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.key:
            rows = Question.objects.filter(quiz=self.quiz_id).exclude(pk=self.pk)
            taken = rows.values_list("key", flat=True)
            self.key = free_key(self.title, taken=set(taken), fallback="question")
        super().save(*args, **kwargs)

    def contact_fields(self) -> list[str]:
        """Return the fields its contact form asks for, in the order they are shown."""
        return [name for name in CONTACT_FIELDS if getattr(self, f"ask_{name}")]


class Choice(models.Model):
    """One offered answer; picking it may lead to a later question, or to the end."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="choices")
    key = models.CharField(max_length=KEY_LENGTH, blank=True, validators=[check_key])
    label = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    # RESTRICT: a jump must not turn into "the next question" behind its author's back
    jump_to = models.ForeignKey(
        Question, null=True, blank=True, on_delete=models.RESTRICT, related_name="jumped_to_by"
    )
    jump_to_end = models.BooleanField("to the end", default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "question",
                "key",
                name="choice_key_unique",
                violation_error_message="Another choice of this question has this key.",
            ),
            models.CheckConstraint(
                condition=Q(jump_to=None) | Q(jump_to_end=False),
                name="choice_one_jump",
                violation_error_message="A choice leads to a question or to the end, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.key:
            rows = Choice.objects.filter(question=self.question_id).exclude(pk=self.pk)
            taken = rows.values_list("key", flat=True)
            self.key = free_key(self.label, taken=set(taken), fallback="choice")
        super().save(*args, **kwargs)

    def clean(self) -> None:
        target = self.jump_to
        if target and self.question_id and target.quiz_id != self.question.quiz_id:
            raise ValidationError({"jump_to": "This question belongs to another quiz."})
