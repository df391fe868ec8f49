"""Answers and numbers in words, for receipts, pages and lists."""

from decimal import Decimal
from typing import Any

from apps.quizzes.definition import MANY, NUMBERS, ONE, Kind, Question, plain

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
    kind = question.kind
    if kind in ONE:
        return _label(question, value)
    if kind in MANY or kind is Kind.RANKING:
        return ", ".join(_label(question, key) for key in value) or "None of them"
    if kind in NUMBERS:
        return f"{value} {question.unit}".strip()
    match kind:
        case Kind.YES_NO:
            return "Yes" if value else "No"
        case Kind.CONSENT:
            return "Accepted" if value else "Not accepted"
        case Kind.MATRIX:
            answered = [row for row in question.rows if row.key in value]
            return "; ".join(f"{row.label}: {_label(question, value[row.key])}" for row in answered)
        case Kind.CONTACT:
            return ", ".join(str(value[name]) for name in question.fields if value.get(name))
        case Kind.FILE:
            return str(value["name"])
        case Kind.STATEMENT:
            return "Read"
        case _:
            return str(value)


def count(number: int, noun: str) -> str:
    """Return `1 point`, `3 points`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def points_text(value: Decimal) -> str:
    shown = plain(round(value, 2))
    return f"{shown} point" if shown == 1 else f"{shown} points"


def _label(question: Question, key: str) -> str:
    choice = question.by_key.get(key)
    return choice.label if choice else key


def share_text(share: float) -> str:
    """Return a share, of 1, in whole percent; a little is not told as nothing, nor most as all."""
    whole = round(100 * share)
    if share > 0 and whole == 0:
        return "under 1 %"
    if share < 1 and whole == 100:
        return "over 99 %"
    return f"{whole} %"
