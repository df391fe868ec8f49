"""A quiz as its author sees it, and the frozen versions that respondents take."""

import re
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.quizzes.naming import KEY_LENGTH, check_key, free_key
from apps.quizzes.theming import check_theme

HIDDEN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_HIDDEN = 30
MOST_RESPONSES = 1_000_000_000


def check_hidden(names: object) -> None:
    """Raise ValidationError unless these are names of hidden fields."""
    fits = isinstance(names, list) and len(names) <= MOST_HIDDEN
    for name in names if isinstance(names, list) else ():
        fits = fits and isinstance(name, str) and bool(HIDDEN_NAME.fullmatch(name))
    if not fits:
        raise ValidationError(
            f"At most {MOST_HIDDEN} names of small letters, digits and _, beginning with a letter."
        )


class QuizQuerySet(models.QuerySet["Quiz"]):
    def open(self) -> Self:
        """Return the quizzes that can be started."""
        return self.filter(status=Quiz.Status.OPEN)


class Quiz(models.Model):
    """A draft that its author edits at will; respondents only ever see its versions."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    class Scoring(models.TextChoices):
        TIERS = "tiers", "Tiers: the score on the main scale decides"
        OUTCOMES = "outcomes", "Outcomes: the scale with most points wins"

    class Bands(models.TextChoices):
        POINTS = "points", "Points"
        PERCENT = "percent", "Percent of what was attainable on the way taken"

    class Chart(models.TextChoices):
        NONE = "", "Not shown"
        GAUGE = "gauge", "A gauge: the score, and what could be reached"
        RADAR = "radar", "A radar over all scales (three or more)"

    TIE_RULE = "When two outcomes have equally many points, the one listed first wins."

    title = models.CharField(max_length=200, help_text="Respondents see it on the first page.")
    slug = models.CharField(
        "address",
        max_length=KEY_LENGTH,
        unique=True,
        blank=True,
        validators=[check_key],
        help_text=(
            "The last part of the public address, and the quiz's name in traits such as"
            " quiz.<i>address</i>.score. Left blank, it is made from the title."
            " It stays as it is once a version is published."
        ),
    )
    status = models.CharField(
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        help_text="Publishing opens a draft. A closed quiz takes no new respondents;"
        " those under way may finish.",
    )
    intro = models.TextField(
        blank=True, help_text="Markdown. What it is about, how long it takes, what one gets."
    )
    start_label = models.CharField("start button", max_length=60, default="Start")
    scoring = models.CharField(max_length=10, choices=Scoring, default=Scoring.TIERS)
    bands = models.CharField(
        "tiers begin at",
        max_length=10,
        choices=Bands,
        default=Bands.POINTS,
        help_text="What “starts at” of a tier is compared with.",
    )
    hidden = models.JSONField(
        "hidden fields",
        default=list,
        blank=True,
        validators=[check_hidden],
        help_text="Names that may come with the address, such as ?plan=pro; utm_source and its"
        " like always may.",
    )
    chart = models.CharField(
        "score on the result page", max_length=5, choices=Chart, default=Chart.NONE, blank=True
    )
    shareable = models.BooleanField(
        "respondents may share their result",
        default=False,
        help_text="By a link of its own, which shows neither answers nor names.",
    )
    downloadable = models.BooleanField("respondents may keep their result as PDF", default=False)
    theme = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_theme],
        help_text="Typed tokens; without any, Tidemark's own look.",
    )
    opens_at = models.DateTimeField(
        "opens", null=True, blank=True, help_text="Blank: as soon as it is published."
    )
    closes_at = models.DateTimeField(
        "closes",
        null=True,
        blank=True,
        help_text="From then on nobody can begin; whoever has begun may finish.",
    )
    most_responses = models.PositiveIntegerField(
        "at most so many responses",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_RESPONSES)],
        help_text="Finished ones. Blank: as many as come.",
    )
    closed_text = models.TextField(
        "text when closed",
        blank=True,
        max_length=5000,
        help_text="Markdown, in place of our own words, whenever nobody can begin.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[QuizQuerySet] = QuizQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "quizzes"
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")) | Q(opens_at=None) | Q(closes_at=None),
                name="quiz_closes_after_it_opens",
                violation_error_message="It would close before it opens.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            taken = Quiz.objects.exclude(pk=self.pk).values_list("slug", flat=True)
            self.slug = free_key(self.title, taken=set(taken), fallback="quiz")
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return f"/q/{self.slug}/"


class Version(models.Model):
    """A quiz as it was published: numbered, and never changed again."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the definition.")
    published_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("quiz", "number", name="version_number_unique")]

    def __str__(self) -> str:
        return f"{self.quiz} version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A published version never changes: publish another.")
        super().save(*args, **kwargs)
