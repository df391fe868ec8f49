"""A quiz as Tidemark's own JSON: written out whole, and read back as a new draft.

The JSON is what a version holds, with the mark of the format. Pictures stay behind: what came
with one is reported.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction

from apps.quizzes.definition import load
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Choice, Jump, Question, Quiz, Row
from apps.quizzes.naming import free_key

MARK = "tidemark"
FORMAT = 1
UNREADABLE = (
    AttributeError,
    DataError,
    IntegrityError,
    InvalidOperation,
    KeyError,
    TypeError,
    ValidationError,
    ValueError,
)


class Unreadable(ValueError):
    """This is no quiz of the format; nothing was kept of it. `at` says where in the file."""

    def __init__(self, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one element."""

    at: str
    outcome: str  # imported, approximated or refused
    why: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    quiz: Quiz
    report: list[Line]
    keys: dict[str, str] = field(default_factory=dict)  # the source's reference: question key


def written(quiz: Quiz) -> dict[str, Any]:
    """Return the draft as it stands."""
    return {MARK: FORMAT, **freeze(quiz)}


def read(source: Mapping[str, Any]) -> Imported:
    """Write a new draft. Raises Unreadable."""
    if source.get(MARK) != FORMAT:
        raise Unreadable(f'Expected "{MARK}": {FORMAT}: the mark of this format.')
    try:
        with transaction.atomic():
            quiz = draft(_spec(source))
            _check(quiz)
    except UNREADABLE as error:
        raise Unreadable(f"This is no quiz that can be kept: {_why(error)}") from None
    keys = {question["key"]: question["key"] for question in source["questions"]}
    return Imported(quiz, list(_report(source)), keys)


def _spec(source: Mapping[str, Any]) -> dict[str, Any]:
    load({key: value for key, value in source.items() if key != MARK})
    if not all(isinstance(source[name], str) for name in ("title", "slug", "intro")):
        raise TypeError
    taken = set(Quiz.objects.values_list("slug", flat=True))
    slug = source["slug"] if source["slug"] not in taken else ""
    return {
        **{key: value for key, value in source.items() if key != MARK},
        "slug": slug or free_key(str(source["title"]), taken=taken, fallback="quiz"),
        "questions": [_question(item) for item in source["questions"]],
        "tiers": [_unpictured(item) for item in source["tiers"]],
        "endings": [_unpictured(item) for item in source.get("endings", ())],
    }


def _question(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = _unpictured(item)
    for limit in ("least", "most"):  # 0 is written where there is none
        if not kept.get(limit, 1):
            del kept[limit]
    return {**kept, "choices": [_unpictured(choice) for choice in item.get("choices", ())]}


def _unpictured(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if not key.startswith("picture")}


def _check(quiz: Quiz) -> None:
    """Raise ValidationError for a row that a form would not take."""
    of_questions: list[type[models.Model]] = [Choice, Row, Jump]
    rows = [quiz, *quiz.scales.all(), *quiz.tiers.all(), *quiz.endings.all()]
    rows += Question.objects.filter(quiz=quiz)
    for model in of_questions:
        rows += model._default_manager.filter(question__quiz=quiz)
    for row in rows:
        row.full_clean()


def _report(source: Mapping[str, Any]) -> Iterator[Line]:
    for part in ("scales", "questions", "tiers", "endings"):
        for item in source.get(part, ()):
            yield Line(f"{part}.{item['key']}", "imported")
    for part in ("questions", "tiers", "endings"):
        for item in source.get(part, ()):
            shown = [item, *item.get("choices", ())]
            if any(one.get("picture") for one in shown):
                at = f"{part}.{item['key']}.picture"
                yield Line(at, "refused", "Pictures are not part of the file: add them again.")


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing, or named and not there."
    return "a part of it is not what it should be."
