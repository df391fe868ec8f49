"""Trying a quiz out: where given answers lead and what they come to. Nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.quizzes.answers import AnswerError, accept
from apps.quizzes.branching import NOTHING, Hidden, walk
from apps.quizzes.conditions import hidden_names
from apps.quizzes.definition import Definition, Kind, Question, load, of_version
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz
from apps.quizzes.problems import jump_problems, question_problems
from apps.quizzes.proving import tier_problems
from apps.quizzes.publishing import PublishError
from apps.quizzes.scoring import Result, score
from apps.quizzes.taking import BadHidden, kept_hidden


class UnknownVersion(LookupError):
    """The quiz has no version of this number."""


class BadAnswer(ValueError):
    """An answer that cannot be given; `at` says to which question."""

    def __init__(self, message: str, *, at: str) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Simulation:
    path: list[str]  # keys of the questions asked so far, in order
    next: str | None
    result: Result

    @property
    def complete(self) -> bool:
        return self.next is None


def definition_of(quiz: Quiz, *, version: int | None) -> Definition:
    """Return a version of the quiz, or its draft as it stands.

    Raises UnknownVersion, and PublishError where the draft has a fault that no path survives.
    """
    if version is not None:
        found = quiz.versions.filter(number=version).defer("definition").first()
        if found is None:
            raise UnknownVersion(f"There is no version {version}.")
        return of_version(found)
    draft = load(freeze(quiz))
    checks = (question_problems(draft), jump_problems(draft), tier_problems(draft))
    faults = [problem for found in checks for problem in found if problem.blocks]
    if faults:
        raise PublishError(faults)
    return draft


def simulate(
    definition: Definition, values: Mapping[str, Any], hidden: Hidden = NOTHING
) -> Simulation:
    """Return where the answers lead, and their score as far as they go.

    Statements are passed by. A question that may be skipped and is left out is taken as
    skipped where a later one is answered. Raises BadAnswer.
    """
    answers = _accepted(definition, values)
    came_with = _hidden(definition, hidden)
    lenient = {**_skippable(definition), **answers}
    through = walk(definition, lenient, came_with)
    said = [key for key in through.path if key in answers]
    reached = through.path.index(said[-1]) if said else 0
    for key in through.path[:reached]:
        answers.setdefault(key, lenient[key])
    for question in definition.questions:
        if question.kind is Kind.STATEMENT:
            answers.setdefault(question.key, True)
    taken = walk(definition, answers, came_with)
    waiting = taken.waiting.key if taken.waiting else None
    asked = [key for key in taken.path if key != waiting]
    return Simulation(asked, waiting, score(definition, answers, came_with))


def _accepted(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for key, value in values.items():
        question = definition.question(key)
        if question is None:
            raise BadAnswer("There is no such question.", at=key)
        _refuse_unknown_fields(question, value)
        try:
            answers[key] = accept(question, value)
        except AnswerError as error:
            raise BadAnswer(str(error), at=key) from None
    return answers


def _refuse_unknown_fields(question: Question, value: object) -> None:
    """Raise BadAnswer where a form has a field it does not ask for.

    Not left to `accept`: what an older version asked for is carried over with less.
    """
    if question.kind is not Kind.CONTACT or not isinstance(value, dict):
        return
    asked = {*question.fields, "consent"} if question.consent else set(question.fields)
    for name in value:
        if name not in asked:
            raise BadAnswer("This form has no such field.", at=f"{question.key}.{name}")


def _hidden(definition: Definition, hidden: Hidden) -> dict[str, str]:
    try:
        return kept_hidden(hidden, hidden_names(definition))
    except BadHidden as error:
        raise BadAnswer(str(error), at="") from None


def _skippable(definition: Definition) -> dict[str, Any]:
    """Return what questions come to that need no answer."""
    return {
        question.key: True if question.kind is Kind.STATEMENT else None
        for question in definition.questions
        if not question.required or question.kind is Kind.STATEMENT
    }
