"""What a question of each kind begins with, so that it can be tried out at once."""

from typing import Any

from apps.quizzes.definition import OFFERING, WEIGHED, Kind
from apps.quizzes.models import Question, Quiz

TITLES = {
    Kind.CONTACT: "Where may we send your result?",
    Kind.EMAIL: "What is your email address?",
    Kind.PHONE: "What is your phone number?",
    Kind.CONSENT: "Do you agree to our terms?",
    Kind.STATEMENT: "Something to know before we go on",
}
ENDS = {Kind.SCALE: (1, 5), Kind.NUMBER: (0, 100)}


def spec(kind: Kind, quiz: Quiz) -> dict[str, Any]:
    """Return a new question as drafting.py takes it."""
    scale = quiz.scales.first()
    found: dict[str, Any] = {
        "kind": kind.value,
        "title": TITLES.get(kind, f"New question: {Question.Kind(kind.value).label.lower()}"),
    }
    if kind in OFFERING:
        found["choices"] = [{"key": f"answer-{one}", "label": f"Answer {one}"} for one in (1, 2)]
    if kind is Kind.MATRIX:
        found["rows"] = [{"key": f"row-{one}", "label": f"Row {one}"} for one in (1, 2)]
    if kind in ENDS:
        found["minimum"], found["maximum"] = ENDS[kind]
    if kind in WEIGHED and kind is not Kind.CONSENT and scale is not None:
        found["weights"] = {scale.key: 1}
    if kind is Kind.CONTACT:
        found["fields"] = ["first_name", "email"]
    if kind is Kind.CONSENT:
        found["consent"] = "I agree to the terms."
    return found
