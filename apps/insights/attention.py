"""What needs a person's attention: warnings, and segments on the move."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from apps.core import health
from apps.core.models import DeadTask
from apps.nurture.models import Message, Sequence
from apps.quizzes.models import Quiz
from apps.segments import sizes
from apps.segments.models import Segment, SprawlReport

MOVERS = 6


@dataclass(frozen=True, slots=True)
class Alarm:
    text: str
    advice: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mover:
    pk: int
    name: str
    size: int
    entered: int
    departed: int

    @property
    def net(self) -> int:
        return self.entered - self.departed


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do before the funnel runs."""

    text: str
    url: str
    done: bool


def warnings() -> list[Alarm]:
    return [*_of_health(), *_of_mail(), *_of_tasks(), *_of_segments()]


def movers(*, now: datetime) -> list[Mover]:
    """Return the live segments whose size changed most in seven days. Two queries."""
    named = dict(Segment.objects.live().values_list("pk", "name"))
    courses = sizes.courses(named, now=now, days=sizes.A_WEEK)
    moved = [
        Mover(pk, named[pk], course.members, course.entered, course.departed)
        for pk, course in courses.items()
    ]
    moved.sort(key=lambda mover: (-abs(mover.net), -mover.entered, mover.name))
    return moved[:MOVERS]


def first_steps() -> list[Step]:
    """Return what is left to do before the first respondent can be nurtured; nothing when done."""
    steps = [
        Step(
            "Write a quiz",
            reverse("admin:quizzes_quiz_changelist"),
            done=Quiz.objects.exists(),
        ),
        Step(
            "Publish it",
            reverse("admin:quizzes_quiz_changelist"),
            done=Quiz.objects.open().exists(),
        ),
        Step(
            "Put a segment to work",
            reverse("segments:list"),
            done=Segment.objects.live().exists(),
        ),
        Step(
            "Start a sequence of mails",
            reverse("admin:nurture_sequence_changelist"),
            done=Sequence.objects.live().exists(),
        ),
    ]
    return [] if all(step.done for step in steps) else steps


def _of_health() -> list[Alarm]:
    return [
        Alarm(f"{probe.name.replace('_', ' ').capitalize()}: {probe.detail}.", "")
        for probe in health.probes()
        if not probe.ok
    ]


def _of_mail() -> list[Alarm]:
    messages = reverse("admin:nurture_message_changelist")
    found = []
    doubt = Message.objects.in_doubt().count()
    if doubt:
        found.append(
            Alarm(
                f"{doubt:,} {'mail is' if doubt == 1 else 'mails are'} in doubt.",
                "The mail server may have taken them. Look, then send again or leave them.",
                f"{messages}?state__exact=in_doubt",
            )
        )
    failed = Message.objects.dead().count()
    if failed:
        found.append(
            Alarm(
                f"{failed:,} {'mail' if failed == 1 else 'mails'} could not be delivered.",
                "The reason stands with each one.",
                f"{messages}?state__exact=failed",
            )
        )
    return found


def _of_tasks() -> list[Alarm]:
    dead = DeadTask.objects.count()
    if not dead:
        return []
    return [
        Alarm(
            f"{dead:,} {'task' if dead == 1 else 'tasks'} failed too often and stopped.",
            "The work is kept: an admin can have it tried again.",
        )
    ]


def _of_segments() -> list[Alarm]:
    latest = SprawlReport.objects.done().order_by("-pk").values_list("alarms", flat=True).first()
    if not latest:
        return []
    return [
        Alarm(
            f"{latest:,} {'thing is' if latest == 1 else 'things are'} wrong with segments.",
            "The report says which: segments nobody can be in, doubles, sequences that collide.",
            reverse("segments:report"),
        )
    ]
