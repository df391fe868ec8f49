"""What the processes know of one another. None of it is about people."""

from django.db import models
from django.utils import timezone


class Pulse(models.Model):
    """The one row whose conditional update decides which pulse process acts this second."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    beat_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="pulse_is_one_row")]

    def __str__(self) -> str:
        return f"beat at {self.beat_at:%H:%M:%S}"


class Canary(models.Model):
    """One running cluster of workers: silent when it does not answer what was rung.

    Rings are counted, not timed: the clocks of two hosts need not agree.
    """

    cluster = models.CharField(max_length=80, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    rung = models.PositiveIntegerField(default=0)
    rung_at = models.DateTimeField(null=True)
    answered = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return self.cluster

    @property
    def is_waiting(self) -> bool:
        return self.answered < self.rung


class Attempt(models.Model):
    """How often a task that came back has begun. The first run is not counted: most end well."""

    task = models.PositiveBigIntegerField(unique=True)  # the row of django-q2's queue
    begun = models.PositiveSmallIntegerField(default=1)
    place = models.BigIntegerField(null=True)  # from where, if it says so

    def __str__(self) -> str:
        return f"task {self.task}, {self.begun} times"


class DeadTask(models.Model):
    """A task that failed too often: taken off the queue, kept for a person to look at."""

    job = models.CharField(max_length=255)
    ids = models.JSONField(default=list)
    attempts = models.PositiveSmallIntegerField()
    error = models.TextField(blank=True)
    buried_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-buried_at"]

    def __str__(self) -> str:
        return f"{self.job}({', '.join(map(str, self.ids))})"
