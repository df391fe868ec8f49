"""Questions and their choices, as the author edits them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from apps.quizzes.models.files import Picture
from apps.quizzes.models.keyed import Keyed
from apps.quizzes.models.quiz import Quiz
from apps.quizzes.naming import KEY_LENGTH, check_key

MOST_BANDS = 100
HELP_LENGTH = 2000
LARGEST = 10**6
CONTACT_FIELDS = ("first_name", "last_name", "email", "phone", "country")


def check_mapping(bands: object) -> None:
    """Raise ValidationError unless these are bands of numbers with their points."""
    wrong = ValidationError('Expected bands such as [{"from": 0, "points": {"score": 1}}].')
    if not isinstance(bands, list) or len(bands) > MOST_BANDS:
        raise wrong
    for band in bands:
        if not isinstance(band, dict) or set(band) != {"from", "points"}:
            raise wrong
        points = band["points"]
        numbers = [band["from"], *(points.values() if isinstance(points, dict) else [None])]
        if not all(_is_number(one) for one in numbers):
            raise wrong


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and abs(value) <= LARGEST and round(value, 2) == value


class Question(Keyed):
    """One screen of a quiz."""

    words = "title"

    class Kind(models.TextChoices):
        SINGLE = "single", "Single choice"
        SEVERAL = "several", "Several choices"
        PICTURE = "picture", "Picture choice"
        PICTURES = "pictures", "Picture choice, several"
        DROPDOWN = "dropdown", "Dropdown with search"
        YES_NO = "yes_no", "Yes or no"
        SCALE = "scale", "Opinion scale"
        RATING = "rating", "Rating"
        NPS = "nps", "Recommendation, 0 to 10 (NPS)"
        NUMBER = "number", "Number"
        RANKING = "ranking", "Ranking"
        MATRIX = "matrix", "Matrix"
        TEXT = "text", "Short text"
        LONG_TEXT = "long_text", "Long text"
        EMAIL = "email", "Email"
        PHONE = "phone", "Phone"
        DATE = "date", "Date"
        CONTACT = "contact", "Contact form"
        CONSENT = "consent", "Terms to accept"
        FILE = "file", "File upload"
        STATEMENT = "statement", "Statement (nothing to answer)"

    class Order(models.TextChoices):
        LISTED = "listed", "As listed"
        RANDOM = "random", "Random, the same for one respondent"
        ALPHABETICAL = "alphabetical", "Alphabetical"

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
        max_length=HELP_LENGTH, blank=True, help_text="Explanation under the question."
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

    mapping = models.JSONField(
        "points by value",
        default=list,
        blank=True,
        validators=[check_mapping],
        help_text="What a number counts, band by band, in place of its value:"
        ' [{"from": 0, "points": {"score": 1}}, {"from": 18, "points": {"score": 3}}].'
        " A band reaches up to where the next one begins.",
    )

    least = models.PositiveSmallIntegerField(
        "at least", null=True, blank=True, help_text="How many choices must be picked."
    )
    most = models.PositiveSmallIntegerField(
        "at most", null=True, blank=True, help_text="How many choices may be picked."
    )
    order = models.CharField(
        "order of choices",
        max_length=12,
        choices=Order,
        default=Order.LISTED,
        help_text="“Other” always stays last.",
    )
    longest = models.PositiveSmallIntegerField(
        "longest answer", null=True, blank=True, help_text="In characters."
    )
    picture = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    picture_alt = models.CharField(
        "picture in words",
        max_length=300,
        blank=True,
        help_text="For those who cannot see it. Blank: as the picture itself says.",
    )
    visible = models.JSONField(
        "shown if",
        null=True,
        blank=True,
        help_text="A rule over the answers before it; where it does not hold, the question is"
        ' passed over: {"trait": "answer.size", "op": "is", "value": "large"}.',
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

    def contact_fields(self) -> list[str]:
        """Return the fields its contact form asks for, in the order they are shown."""
        return [name for name in CONTACT_FIELDS if getattr(self, f"ask_{name}")]


class Choice(Keyed):
    """One offered answer; picking it may lead to a later question, or to the end."""

    siblings_share = "question"
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="choices")
    label = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    # RESTRICT: a jump must not turn into "the next question" behind its author's back
    jump_to = models.ForeignKey(
        Question, null=True, blank=True, on_delete=models.RESTRICT, related_name="jumped_to_by"
    )
    jump_to_end = models.BooleanField("to the end", default=False)
    is_other = models.BooleanField(
        "other, with text", default=False, help_text="Who picks it may write what they mean."
    )
    picture = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "question",
                "key",
                name="choice_key_unique",
                violation_error_message="Another choice of this question has this key.",
            ),
            models.UniqueConstraint(
                "question",
                condition=Q(is_other=True),
                name="choice_one_other",
                violation_error_message="Only one choice can be “other”.",
            ),
            models.CheckConstraint(
                condition=Q(jump_to=None) | Q(jump_to_end=False),
                name="choice_one_jump",
                violation_error_message="A choice leads to a question or to the end, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        target = self.jump_to
        if target and self.question_id and target.quiz_id != self.question.quiz_id:
            raise ValidationError({"jump_to": "This question belongs to another quiz."})


class Row(Keyed):
    """One row of a matrix; the choices of its question are the columns of them all."""

    siblings_share = "question"
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="rows")
    label = models.CharField(max_length=300)
    position = models.PositiveIntegerField(default=0)
    reversed = models.BooleanField(
        default=False, help_text="The column with most points counts least, and so on."
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "question",
                "key",
                name="row_key_unique",
                violation_error_message="Another row of this question has this key.",
            )
        ]

    def __str__(self) -> str:
        return self.label
