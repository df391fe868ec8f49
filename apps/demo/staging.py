"""Setting the demonstration up: staff, quizzes, segments, sequences, a week of respondents."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.demo import company
from apps.demo.purchases import FIRST_NAMES, LAST_NAMES
from apps.nurture.models import Sequence
from apps.quizzes import branching, definition, taking
from apps.quizzes.definition import Question
from apps.quizzes.drafting import draft
from apps.quizzes.models import Quiz
from apps.quizzes.publishing import publish
from apps.segments import editing, rebuilding
from apps.segments.models import Ladder, Rebuild, Segment

RESPONDENTS = 60
COUNTRIES = ("Portugal", "Sweden", "Germany", "United States", "France")


def make_staff() -> User:
    """Make one user a role; return the marketer."""
    for email, name, role in company.STAFF:
        User.objects.create_user(email, company.PASSWORD, name=name, role=role)
    return User.objects.get(role=User.Role.MARKETER)


def publish_quizzes(*, by: User, now: datetime) -> None:
    for spec in (company.VENUE_QUIZ, company.LISTENER_QUIZ):
        publish(draft(spec), by=by, now=now)


def save_segments(*, by: User, now: datetime) -> None:
    """Save every segment and apply it to the contacts that are there, without a worker."""
    ladder = Ladder.objects.create(**company.LADDER)
    for name, slug, rung, rule in company.SEGMENTS:
        row = Segment(
            name=name,
            slug=slug,
            status=Segment.Status.LIVE,
            ladder=ladder if rung else None,
            rung=rung,
        )
        editing.save(row, rule=rule, by=by, now=now)
    for rebuild in Rebuild.objects.filter(state=Rebuild.State.WAITING).order_by("pk"):
        rebuilding.run(rebuild.pk)


def write_sequences() -> None:
    for name, slug, segment, on_leave, steps in company.SEQUENCES:
        sequence = Sequence.objects.create(
            name=name,
            slug=slug,
            segment=Segment.objects.get(slug=segment),
            on_leave=on_leave,
            status=Sequence.Status.LIVE,
        )
        for place, step in enumerate(steps, start=1):
            kind = "wait" if "wait" in step else "email"
            sequence.steps.create(position=place * 10, kind=kind, **step)


def let_people_answer(*, now: datetime, report: Callable[[str, int, int], None]) -> None:
    """Let people take both quizzes over the last week, through the same verbs as a browser."""
    chance = random.Random(1997)  # noqa: S311  the same week at every run
    quizzes = list(Quiz.objects.order_by("pk"))
    for number in range(RESPONDENTS):
        started = now - timedelta(days=7) * (1 - (number + chance.random()) / RESPONDENTS)
        _respond(quizzes[number % 2], number, chance, started)
        if number % 20 == 19:
            report("respondents", number + 1, RESPONDENTS)


def _respond(quiz: Quiz, number: int, chance: random.Random, started: datetime) -> None:
    response, _ = taking.start(quiz, now=started, hidden={"utm_source": "newsletter"})
    question = branching.waiting(definition.of(response), {})
    moment = started
    while question is not None:
        moment += timedelta(seconds=chance.randint(4, 25))
        raw = _reply(question, number, chance)
        question = taking.answer(
            response.token_hash, question.key, raw, revision=0, now=moment
        ).next


def _reply(question: Question, number: int, chance: random.Random) -> dict[str, list[str]]:
    """Return what a form would post for this question."""
    match question.kind:
        case "contact":
            return _details(number, chance)
        case "several":
            keys = [choice.key for choice in question.choices]
            return {"answer": chance.sample(keys, chance.randint(1, len(keys)))}
        case "single":
            weights = [
                6 if choice.key not in {"home", "office"} else 2 for choice in question.choices
            ]
            return {"answer": [chance.choices([c.key for c in question.choices], weights)[0]]}
        case "yes_no":
            return {"answer": [chance.choice(["yes", "yes", "no"])]}
        case _:
            return {"answer": [str(chance.randint(2, 5))]}


def _details(number: int, chance: random.Random) -> dict[str, list[str]]:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    details = {
        "first_name": [first],
        "last_name": [last],
        "email": [f"{first}.{last}.{number}@guests.example".lower()],
        "country": [chance.choice(COUNTRIES)],
    }
    if chance.random() < 0.8:
        details["consent"] = ["on"]
    return details
