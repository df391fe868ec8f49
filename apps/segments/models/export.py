"""Members taken out as a file."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from apps.segments.models.segment import Segment


class ExportQuerySet(models.QuerySet["Export"]):
    def under_way(self) -> Self:
        """Return the exports that a worker should be at."""
        return self.filter(state=Export.State.RUNNING)

    def with_files(self) -> Self:
        """Return the exports that hold people's data."""
        return self.exclude(state=Export.State.STOPPED)


class Export(models.Model):
    """A file of a segment's members, written by ranges of contacts.

    `done_to` and `rows` commit together with the part that they count.
    """

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel (XLSX)"

    class State(models.TextChoices):
        RUNNING = "running", "Under way"
        DONE = "done", "Ready"
        STOPPED = "stopped", "Stopped"

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=4, choices=Format)
    columns = models.JSONField(default=list, help_text="Traits that are columns, in order.")
    since = models.DateField(null=True, help_text="Only who entered on that day or later.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was stopped.")
    done_to = models.BigIntegerField(default=0, help_text="Contacts up to this id are in it.")
    is_gathered = models.BooleanField(default=False, help_text="Every member is in a part.")
    rows = models.PositiveIntegerField(default=0)
    expected = models.PositiveIntegerField(help_text="Members when it was ordered.")
    size = models.BigIntegerField(default=0, help_text="Bytes of the file.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row, at one part.")
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text="When a worker last took it up.")
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ExportQuerySet] = ExportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.segment.slug}-{self.created_at:%Y-%m-%d}.{self.format}"

    @property
    def is_under_way(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def percent(self) -> int:
        """Return how much is done; of an Excel file gathering is the one half."""
        share = 100 * self.rows // max(self.expected, 1)
        return min(share // 2 if self.format == self.Format.XLSX else share, 99)


class ExportPart(models.Model):
    """A piece of an export, which workers and servers on every host can read here.

    Who is in it is kept beside it, so that erasing a contact finds the files that name it.
    """

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    first = models.BigIntegerField(help_text="The least id of a contact in it.")
    last = models.BigIntegerField()
    contacts = models.BinaryField(help_text="Their ids, eight bytes each.")
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("export", "number", name="export_part_unique")]

    def __str__(self) -> str:
        return f"{self.export_id}, piece {self.number}"
