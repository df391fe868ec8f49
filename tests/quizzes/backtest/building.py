"""Finished responses to try an edit on, and all that an edit of the scoring may touch."""

import random
from datetime import timedelta
from typing import Any

from apps.contacts import people
from apps.contacts.models import Contact
from apps.leads.models import Lead
from apps.quizzes import branching, definition, finishing, taking
from apps.quizzes.models import Answer, Quiz, Response
from apps.segments.models import Membership
from tests.quizzes.drafts import NOW
from tests.segments.build import settle_all

FIT: dict[str, Any] = {
    "title": "Fit",
    "slug": "fit",
    "questions": [
        {
            "key": "budget",
            "title": "Budget?",
            "choices": [
                {"key": "none", "label": "None", "points": 0},
                {"key": "some", "label": "Some", "points": 3},
                {"key": "much", "label": "Much", "points": 6},
            ],
        },
        {
            "key": "tools",
            "kind": "several",
            "title": "Tools?",
            "required": False,
            "choices": [
                {"key": "crm", "label": "CRM", "points": 2},
                {"key": "mail", "label": "Mail", "points": 1},
                {"key": "paper", "label": "Paper", "points": -1},
            ],
        },
        {
            "key": "sure",
            "kind": "scale",
            "title": "How sure?",
            "minimum": 1,
            "maximum": 5,
            "weights": 1,
        },
    ],
    "tiers": [
        {"key": "cold", "label": "Cold", "headline": "x"},
        {"key": "warm", "label": "Warm", "headline": "x", "starts_at": 4},
        {"key": "hot", "label": "Hot", "headline": "x", "starts_at": 9},
    ],
}
HOT = {"trait": "quiz.fit.tier", "op": "is", "value": "hot"}
AT_LEAST_7 = {"trait": "quiz.fit.score", "op": "at_least", "value": 7}


def respond(quiz: Quiz, email: str, later: int = 0, /, **answers: Any) -> Response:
    """Finish a response on the latest version, as the last answer would."""
    now = NOW + timedelta(minutes=later)
    response, _ = taking.start(quiz, now=now)
    response.contact = people.find_or_make(email=email, now=now)
    Answer.objects.bulk_create(
        Answer(response=response, question_key=key, value=value, answered_at=now)
        for key, value in answers.items()
    )
    asked = definition.of(response)
    assert branching.waiting(asked, answers) is None
    finishing.finish(response, asked, answers, others={}, now=now)
    return response


def crowd(quiz: Quiz, count: int, *, seed: int = 0) -> list[Response]:
    """Let so many answer at random; one in eight for the second time."""
    chance = random.Random(seed)
    return [
        respond(
            quiz,
            f"p{number if number % 8 else number // 2}@people.example",
            number,
            budget=chance.choice(["none", "some", "much"]),
            tools=chance.choice([None, ["crm"], ["mail", "paper"], ["crm", "mail", "paper"]]),
            sure=chance.randint(1, 5),
        )
        for number in range(count)
    ]


def results() -> dict[str, Any]:
    """Return everything that re-scoring may change, to compare before and after."""
    settle_all(now=NOW)
    return {
        "responses": list(Response.objects.order_by("pk").values()),
        "profiles": dict(Contact.objects.values_list("pk", "profile")),
        "leads": list(Lead.objects.order_by("pk").values()),
        "members": set(Membership.objects.values_list("segment__slug", "contact")),
    }


def tiers() -> dict[int, str]:
    return dict(Response.objects.finished().values_list("pk", "tier_key"))


def members() -> set[tuple[str, int]]:
    return set(Membership.objects.values_list("segment__slug", "contact"))
