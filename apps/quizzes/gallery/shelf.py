"""Quizzes of our own writing that an author may begin with, kept as Tidemark's own JSON."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "quizzes"
WHAT_FOR = {  # in the order they are shown
    "agency-lead": "Lead qualification for an agency or consultancy: budget, date and who decides"
    " tell whether a first call is worth it.",
    "product-finder": "A product finder with outcomes: the one with most points is recommended.",
    "readiness": "A readiness assessment: one level for the whole, and a mean for each of three"
    " fields, with reversed statements.",
    "event-interest": "Interest in an event or webinar: a seat, the recording, or an honest no.",
    "customer-health": "Customer health by NPS: each group is asked the question that fits it.",
    "pricing-fit": "Which plan fits: a recommendation by need, and one requirement that decides"
    " alone.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    name: str
    title: str
    what_for: str
    questions: int
    results: tuple[str, ...]  # labels of its tiers


def source(name: str) -> dict[str, Any]:
    """Return a quiz as it is kept. Raises KeyError for one that is not there."""
    if name not in WHAT_FOR:
        raise KeyError(name)
    found: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def shown() -> tuple[Shown, ...]:
    quizzes = ((name, source(name)) for name in WHAT_FOR)
    return tuple(
        Shown(
            name,
            quiz["title"],
            WHAT_FOR[name],
            len(quiz["questions"]),
            tuple(tier["label"] for tier in quiz["tiers"]),
        )
        for name, quiz in quizzes
    )
