"""What the kill test's installation offers: one quiz, segments over its tier, one sequence.

Plain values, for the process that writes them into the database and for the one that foretells
what each respondent must come to.
"""

from datetime import timedelta
from typing import Any

SLUG = "ready"
SIZES = {"small": 1, "medium": 3, "large": 6}  # choice: points
TOOLS = {"sheets": 1, "crm": 2, "paper": 0}
SURE = range(1, 6)  # its answer is its points
TIERS = {"hot": 9, "warm": 5, "cold": 0}  # tier: lowest score, highest first

QUIZ: dict[str, Any] = {
    "title": "Is your team ready?",
    "slug": SLUG,
    "questions": [
        {
            "key": "size",
            "title": "How large is your team?",
            "choices": [{"key": k, "label": k.title(), "points": v} for k, v in SIZES.items()],
        },
        {
            "key": "tools",
            "kind": "several",
            "title": "What do you use?",
            "choices": [{"key": k, "label": k.title(), "points": v} for k, v in TOOLS.items()],
        },
        {
            "key": "you",
            "kind": "contact",
            "title": "Where may we send the result?",
            "fields": ["first_name", "email"],
            "consent": "Yes, write to me about team tools.",
        },
        {
            "key": "sure",
            "kind": "scale",
            "title": "How sure are you?",
            "minimum": SURE[0],
            "maximum": SURE[-1],
            "weights": 1,
        },
    ],
    "tiers": [
        {
            "key": key,
            "label": key.title(),
            "headline": f"You are {key}",
            "starts_at": lowest or None,
        }
        for key, lowest in reversed(TIERS.items())
    ],
}
QUESTIONS = [question["key"] for question in QUIZ["questions"]]


def _tier_is(tier: str) -> dict[str, Any]:
    return {"trait": f"quiz.{SLUG}.tier", "op": "is", "value": tier}


def scored(least: int) -> dict[str, Any]:
    return {"trait": f"quiz.{SLUG}.score", "op": "at_least", "value": least}


EDITED = "high-scores"  # its rule changes to and fro while people answer
TOP_SCORES = "top-scores"
MAILED = "worth-writing"  # whoever enters it is enrolled
PASSING = "finished-lately"  # time alone ends its memberships
RUNGS = {"hot": "hot-leads", "warm": "warm-leads", "cold": "everybody-else"}
# slug, rung of the ladder or None, rule
SEGMENTS: tuple[tuple[str, int | None, dict[str, Any]], ...] = (
    ("hot-leads", 1, _tier_is("hot")),
    ("warm-leads", 2, _tier_is("warm")),
    ("everybody-else", 3, {"all": []}),
    (TOP_SCORES, None, scored(12)),
    (EDITED, None, scored(7)),
    (
        MAILED,
        None,
        {
            "all": [
                {"any": [{"segment": "hot-leads"}, {"segment": TOP_SCORES}]},
                {"trait": "contact.email", "op": "is_set"},
            ]
        },
    ),
    (PASSING, None, {"event": "quiz_finished", "within": "8s"}),
)
STEPS: tuple[dict[str, Any], ...] = (
    {"kind": "email", "subject": "First", "body": "Hello {{ contact.first_name }}"},
    {"kind": "wait", "wait": timedelta(seconds=1)},
    {"kind": "email", "subject": "Second", "body": "Hello again"},
)
SUBJECTS = [step["subject"] for step in STEPS if step["kind"] == "email"]


def score_of(answers: dict[str, Any]) -> int:
    """Return what the answers of one response come to, counted apart from the product."""
    tools = sum(TOOLS[key] for key in answers["tools"])
    return SIZES[answers["size"]] + tools + int(answers["sure"])


def tier_of(score: float) -> str:
    return next(tier for tier, lowest in TIERS.items() if score >= lowest)
