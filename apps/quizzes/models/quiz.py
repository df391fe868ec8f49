"""A quiz as its author sees it, and the frozen versions that respondents take."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.quizzes.naming import KEY_LENGTH, check_key, free_key


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
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[QuizQuerySet] = QuizQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "quizzes"
        ordering = ["title", "id"]

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
