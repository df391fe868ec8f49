"""Files: pictures that authors show, and what respondents upload. Both lie in the database:
one backup holds all, any host can serve them, and what is erased is gone everywhere."""

import secrets
from typing import ClassVar

from django.db import models

TOKEN_LENGTH = 32


def new_token() -> str:
    """Return an address that nobody can guess."""
    return secrets.token_urlsafe(24)


class PictureManager(models.Manager["Picture"]):
    """Pictures without their bytes, which are read only where one is shown."""

    def get_queryset(self) -> models.QuerySet["Picture"]:
        return super().get_queryset().defer("data")


class Picture(models.Model):
    """A picture that quizzes show; everybody who has its address may see it."""

    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=40, help_text="Such as image/png; read from its bytes.")
    data = models.BinaryField()
    alt = models.CharField(
        "in words",
        max_length=300,
        blank=True,
        help_text="What it shows, for those who cannot see it.",
    )
    width = models.PositiveIntegerField(null=True, editable=False, help_text="In pixels.")
    height = models.PositiveIntegerField(null=True, editable=False)

    objects: ClassVar[PictureManager] = PictureManager()

    def __str__(self) -> str:
        return self.alt or self.name

    def get_absolute_url(self) -> str:
        return f"/q/p/{self.token}/"


class Upload(models.Model):
    """A file that a respondent sent; only staff may open it. It goes with its response."""

    response = models.ForeignKey(
        "quizzes.Response", on_delete=models.CASCADE, related_name="uploads"
    )
    question_key = models.CharField(max_length=60)
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="In bytes.")
    data = models.BinaryField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("response", "question_key", name="upload_unique")]

    def __str__(self) -> str:
        return self.name
