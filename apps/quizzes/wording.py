"""Answers and numbers in words, for receipts, pages and lists."""

from decimal import Decimal
from typing import Any

from apps.quizzes.definition import Kind, Question, plain

FIELD_LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "phone": "Phone",
    "country": "Country",
}


def answer_text(question: Question, value: Any) -> str:
    """Return what was answered as one reads it."""
    if value is None:
        return "Skipped"
    match question.kind:
        case Kind.SINGLE:
            return _label(question, value)
        case Kind.SEVERAL:
            return ", ".join(_label(question, key) for key in value) or "None of them"
        case Kind.YES_NO:
            return "Yes" if value else "No"
        case Kind.SCALE | Kind.NUMBER:
            return f"{value} {question.unit}".strip()
        case Kind.CONTACT:
            return ", ".join(str(value[name]) for name in question.fields if value.get(name))
        case Kind.STATEMENT:
            return "Read"
        case _:
            return str(value)


def count(number: int, noun: str) -> str:
    """Return `1 point`, `3 points`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def points_text(value: Decimal) -> str:
    shown = plain(value)
    return f"{shown} point" if shown == 1 else f"{shown} points"


def _label(question: Question, key: str) -> str:
    choice = question.by_key.get(key)
    return choice.label if choice else key
