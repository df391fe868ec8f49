"""The answers given to one version, as another version would take them. Pure.

Whatever the other would not take counts as skipped: the question is gone, is of another kind,
or the choice is not offered any more; of several choices those that are left count. What the
other asks and nobody was asked counts as skipped too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.quizzes.answers import AnswerError, accept
from apps.quizzes.definition import MANY, Definition, Kind, Question
from apps.quizzes.worth import selections

ALONE = frozenset({Kind.FILE, Kind.STATEMENT})  # their answers mean nothing to other kinds


@dataclass(frozen=True, slots=True)
class Carried:
    """The answers as the other version takes them, every question of it with a value."""

    answers: Mapping[str, Any]
    lost: int  # answers of which it takes less than was said


class Carrier:
    """Takes what was answered to `old` for answers to `new`."""

    def __init__(self, old: Definition, new: Definition) -> None:
        self.new = new
        self._questions = {question.key: question for question in new.questions}
        self._same = {
            question.key
            for question in old.questions
            if _shape(question) == _shape(self._questions.get(question.key))
        }
        self._kinds = {question.key: question.kind for question in old.questions}
        self._skipped = {
            question.key: True if question.kind is Kind.STATEMENT else None
            for question in new.questions
        }

    def carry(self, answers: Mapping[str, Any]) -> Carried:
        """Carry all answers of a response over, those on abandoned branches too."""
        carried = dict(self._skipped)
        lost = 0
        for key, value in answers.items():
            if key in self._same:
                carried[key] = value
                continue
            kept = self._fitted(key, value)
            if key in carried:
                carried[key] = kept
            lost += value is not None and kept != value
        return Carried(carried, lost)

    def unasked(self, counted: Iterable[str], answers: Mapping[str, Any]) -> int:
        """Return how many questions on the way this respondent was never asked."""
        never = [self._questions[key] for key in counted if key not in answers]
        return sum(question.kind is not Kind.STATEMENT for question in never)

    def _fitted(self, key: str, value: Any) -> Any:
        """Return what the new version's question takes of a value, None if nothing."""
        question, former = self._questions.get(key), self._kinds.get(key)
        if question is None:
            return None
        if question.kind is Kind.STATEMENT:
            return True
        if value is None or (former != question.kind and {former, question.kind} & ALONE):
            return None
        if question.kind in MANY and isinstance(value, list):
            left = [one for one in value if one in question.by_key]
            return left if 0 < len(left) <= selections(question)[1] else None
        if question.kind is Kind.MATRIX and isinstance(value, dict):
            rows = {row.key for row in question.rows}
            said = value.items()
            return {r: c for r, c in said if r in rows and c in question.by_key} or None
        try:
            return accept(question, value)
        except AnswerError:
            return None


def _shape(question: Question | None) -> Question | None:
    """Return a question without what does not say which answers it takes."""
    if question is None:
        return None
    return replace(
        question,
        title="",
        help="",
        required=True,
        choices=tuple(
            replace(one, label="", points={}, jump=None, ends=False, picture="")
            for one in question.choices
        ),
        rows=tuple(replace(row, label="", reversed=False) for row in question.rows),
        weights={},
        mapping=(),
        unit="",
        low_label="",
        high_label="",
        reversed=False,
        order="",
        consent="",
        picture="",
        picture_alt="",
        visible=None,
        jumps=(),
    )
