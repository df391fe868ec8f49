"""What becomes of a draft while it is written: its import, its revisions, trials of it."""

from django.conf import settings
from django.db import models

from apps.quizzes.models.quiz import Quiz


class ImportReport(models.Model):
    """What became of each element of the file a quiz was imported from."""

    quiz = models.OneToOneField(Quiz, on_delete=models.CASCADE, related_name="import_report")
    lines = models.JSONField(help_text="As exchanging.Line has them.")

    def __str__(self) -> str:
        return f"Import of {self.quiz}"


class DraftRevision(models.Model):
    """A draft as it stood after it was saved; the author may return to any."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="draft_revisions")
    number = models.PositiveIntegerField()
    draft = models.JSONField(help_text="As exchanging.py writes it.")
    what = models.CharField(max_length=200, help_text="What was done, in words.")
    saved_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("quiz", "number", name="draft_revision_unique")]

    def __str__(self) -> str:
        return f"{self.quiz} draft {self.number}"


class Trial(models.Model):
    """An author's run through a draft: what was sent so far. Nothing else is kept of it."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="trials")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    definition = models.JSONField()
    sent = models.JSONField(default=list, help_text="Forms in order: [question key, fields].")
    begun_at = models.DateTimeField()

    class Meta:
        ordering = ["-begun_at", "-id"]

    def __str__(self) -> str:
        return f"Trial {self.pk}"
