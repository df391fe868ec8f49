"""What operators' own systems sign in with, and the files people bring."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> Self:
        """Return the tokens that open something: not revoked, and of somebody who works here."""
        return self.filter(revoked_at=None, user__is_active=True)


class ApiToken(models.Model):
    """A secret that a program shows instead of a password. Only its hash is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Write"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        help_text="Who answers for it; it ends to work when they leave.",
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False, help_text="How the token begins.")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.hint}…"

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None


class ImportQuerySet(models.QuerySet["Import"]):
    def under_way(self) -> Self:
        """Return the imports that a worker should be at."""
        return self.filter(state__in=Import.UNDER_WAY)

    def with_files(self) -> Self:
        """Return the imports whose file is still kept."""
        return self.filter(state__in=Import.WITH_FILE)


class Import(models.Model):
    """A CSV file of contacts or events: looked through, confirmed, then taken in by batches.

    `done_to`, `done_lines` and the counts commit together with what they count.
    """

    class Holds(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        EVENTS = "events", "Events"

    class State(models.TextChoices):
        LOOKING = "looking", "Being looked through"
        READY = "ready", "Waits for a yes"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    UNDER_WAY = (State.LOOKING, State.RUNNING)
    WITH_FILE = (State.LOOKING, State.READY, State.RUNNING)

    holds = models.CharField(max_length=10, choices=Holds)
    name = models.CharField(max_length=120, help_text="What the file is called.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    event_name = models.CharField(max_length=100, blank=True, help_text="Of rows that name none.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=10)
    delimiter = models.CharField(max_length=1)
    columns = models.JSONField(default=list, help_text="As imports/columns.py has them.")
    first_row = models.BigIntegerField(help_text="The byte behind the header.")
    first_line = models.PositiveIntegerField(help_text="Lines up to the end of the header.")
    state = models.CharField(max_length=10, choices=State, default=State.LOOKING)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was stopped.")
    done_to = models.BigIntegerField(help_text="Bytes up to this one are done.")
    done_lines = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row, at one batch.")
    created_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(help_text="When a worker last took it up.")
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ImportQuerySet] = ImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def percent(self) -> int:
        return min(100 * self.done_to // max(self.size, 1), 100)


class ImportChunk(models.Model):
    """A piece of the file, until it is done: workers on every host can read it here."""

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("upload", "number", name="import_chunk_unique")]

    def __str__(self) -> str:
        return f"{self.upload_id}, piece {self.number}"


class RefusedRow(models.Model):
    """Where a row could not be taken in, and why. Never what stands there: it may be personal."""

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="refused_rows")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=300)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint("upload", "line", name="refused_row_unique")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"
