"""Quizzes that tests take: small, and different in kind."""

from datetime import UTC, datetime
from typing import Any

from apps.contacts.models import Contact, Event
from apps.quizzes.drafting import draft
from apps.quizzes.models import Answer, Quiz, Response, Version
from apps.quizzes.publishing import publish

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

QUALIFY: dict[str, Any] = {
    "title": "Is your team ready?",
    "slug": "ready",
    "intro": "Five questions, *two* minutes.",
    "questions": [
        {
            "key": "size",
            "title": "How large is your team?",
            "choices": [
                {"key": "small", "label": "Up to 10", "points": 1},
                {"key": "large", "label": "More than 10", "points": 5},
                {"key": "none", "label": "I have no team", "points": 0, "jump": "contact"},
            ],
        },
        {
            "key": "tools",
            "kind": "several",
            "title": "What do you use?",
            "required": False,
            "choices": [
                {"key": "sheets", "label": "Spreadsheets", "points": 1},
                {"key": "crm", "label": "A CRM", "points": 2},
                {"key": "paper", "label": "Paper", "points": -1},
            ],
        },
        {
            "key": "sure",
            "kind": "scale",
            "title": "How sure are you?",
            "minimum": 1,
            "maximum": 5,
            "low_label": "Not at all",
            "high_label": "Very",
            "weights": 1,
        },
        {
            "key": "contact",
            "kind": "contact",
            "title": "Where may we send the result?",
            "fields": ["first_name", "email", "phone"],
            "consent": "Yes, write to me about team tools.",
        },
    ],
    "tiers": [
        {"key": "cold", "label": "Cold", "headline": "Not yet", "body": "Wait **a bit**."},
        {"key": "warm", "label": "Warm", "headline": "Nearly there", "starts_at": 4},
        {
            "key": "hot",
            "label": "Hot",
            "headline": "You are ready",
            "starts_at": 9,
            "button_label": "Book a call",
            "button_url": "https://example.com/call",
        },
        {
            "key": "no-fit",
            "label": "No fit",
            "headline": "This is not for you",
            "override_only": True,
            "override": {"trait": "answer.size", "op": "is", "value": "none"},
        },
    ],
}

TYPES: dict[str, Any] = {
    "title": "Which bird are you?",
    "slug": "bird",
    "scoring": "outcomes",
    "scales": [{"key": "owl", "label": "Owl"}, {"key": "lark", "label": "Lark"}],
    "questions": [
        {
            "key": "wake",
            "title": "When do you wake?",
            "choices": [
                {"key": "early", "label": "Early", "points": {"lark": 2}},
                {"key": "late", "label": "Late", "points": {"owl": 2}},
            ],
        },
        {"key": "coffee", "kind": "yes_no", "title": "Coffee?", "weights": {"owl": 2}},
    ],
    "tiers": [
        {"key": "owl", "label": "Owl", "headline": "An owl", "scale": "owl"},
        {"key": "lark", "label": "Lark", "headline": "A lark", "scale": "lark"},
    ],
}


def published(spec: dict[str, Any] = QUALIFY, **changes: Any) -> Quiz:
    """Return an open quiz of this spec, with some of its parts changed."""
    quiz = draft({**spec, **changes})
    publish(quiz, by=None, now=NOW)
    quiz.refresh_from_db()
    return quiz


def version(quiz: Quiz) -> Version:
    return quiz.versions.latest("number")


def everything() -> tuple[object, ...]:
    """Return all that respondents can change, to compare before and after."""

    return (
        list(Response.objects.order_by("pk").values()),
        list(Answer.objects.order_by("pk").values()),
        list(Contact.objects.order_by("pk").values()),
        list(Event.objects.order_by("pk").values()),
    )
