"""The report on all live segments."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q


class SprawlReportQuerySet(models.QuerySet["SprawlReport"]):
    def under_way(self) -> Self:
        """Return the report that a worker should be at: there is one at most."""
        return self.filter(state=SprawlReport.State.RUNNING)

    def done(self) -> Self:
        return self.filter(state=SprawlReport.State.DONE)


class SprawlReport(models.Model):
    """What is wrong with the live segments taken together, as worked out at one time.

    `proved` holds what the next report, or a killed worker's successor, need not prove again.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Being worked out"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    rules = models.CharField(max_length=64, blank=True, help_text="The live rules it is about.")
    done = models.PositiveIntegerField(default=0, help_text="Pairs of segments done.")
    of = models.PositiveIntegerField(default=0, help_text="Of how many.")
    proved = models.JSONField(default=dict)
    found = models.JSONField(default=dict)
    alarms = models.PositiveIntegerField(default=0, help_text="Findings that should not wait.")
    token = models.CharField(max_length=32, blank=True, help_text="Whoever took it up last.")
    failures = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text="When a worker last gave a sign.")
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[SprawlReportQuerySet] = SprawlReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "state", condition=Q(state="running"), name="sprawl_report_one_under_way"
            )
        ]

    def __str__(self) -> str:
        return f"Sprawl report of {self.asked_at:%Y-%m-%d %H:%M}"
