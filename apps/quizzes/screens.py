"""What a question's page shows: the definition's values with what was answered or posted."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.quizzes import branching
from apps.quizzes.answers import MAX_LENGTHS, Raw, needed
from apps.quizzes.definition import Definition, Kind, Question, plain
from apps.quizzes.models import Answer
from apps.quizzes.wording import FIELD_LABELS
from apps.quizzes.worth import bounds, selections

INPUTS = {  # type, autocomplete
    "first_name": ("text", "given-name"),
    "last_name": ("text", "family-name"),
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "country": ("text", "country-name"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """A card to pick; `hint` is the key that picks it."""

    value: str
    label: str
    hint: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    type: str
    autocomplete: str
    value: str
    optional: bool
    limit: int
    error: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One question as it is painted."""

    question: Question
    title: str  # of the quiz
    options: list[Option]
    fields: list[Field]
    value: str
    consent: bool
    revision: int
    progress: int  # percent
    back: str  # the key of the question before; empty for the first
    last: bool
    rule: str  # how many to pick, which numbers are taken
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""

    @property
    def template(self) -> str:
        return f"quizzes/kinds/{self.question.kind.value}.html"

    @property
    def error(self) -> str:
        return self.errors.get("answer", "")


def screen(
    quiz: Definition,
    question: Question,
    rows: Mapping[str, Answer],
    *,
    posted: Raw | None = None,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
) -> Screen:
    """Return the page of a question; what was posted goes before what is kept."""
    answers = {key: row.value for key, row in rows.items()}
    row = rows.get(question.key)
    shown = posted if posted is not None else as_posted(question, row.value if row else None)
    before = branching.previous(quiz, answers, question.key)
    return Screen(
        question=question,
        title=quiz.title,
        options=_options(question, set(shown.get("answer", ()))),
        fields=[_field(question, name, shown, errors or {}) for name in question.fields],
        value=_first(shown, "answer"),
        consent=bool(_first(shown, "consent")),
        revision=row.revision if row else 0,
        progress=round(100 * branching.progress(quiz, answers, question.key)),
        back=before.key if before else "",
        last=branching.longest(quiz)[quiz.places[question.key]] == 1,
        rule=_rule(question),
        errors=errors or {},
        notice=notice,
    )


def as_posted(question: Question, value: Any) -> Raw:
    """Return a kept value as the form would send it."""
    if value is None:
        return {}
    if question.kind is Kind.CONTACT:
        form = {name: [value.get(name, "")] for name in question.fields}
        return {**form, "consent": ["on"] if value.get("consent") else []}
    if question.kind is Kind.SEVERAL:
        return {"answer": list(value)}
    if question.kind is Kind.YES_NO:
        return {"answer": ["yes" if value else "no"]}
    return {"answer": [str(value)]}


def _options(question: Question, picked: set[str]) -> list[Option]:
    if question.kind is Kind.YES_NO:
        return [
            Option("yes", "Yes", "Y", "yes" in picked),
            Option("no", "No", "N", "no" in picked),
        ]
    if question.kind is Kind.SCALE:
        return [Option(one, one, one, one in picked) for one in _scale_values(question)]
    hints = [*string.ascii_uppercase, *[""] * len(question.choices)]
    return [
        Option(choice.key, choice.label, hint, choice.key in picked)
        for choice, hint in zip(question.choices, hints, strict=False)
    ]


def _scale_values(question: Question) -> list[str]:
    low, high = bounds(question)
    step = question.step or Decimal(1)
    return [str(plain(low + step * place)) for place in range(int((high - low) / step) + 1)]


def _field(question: Question, name: str, shown: Raw, errors: Mapping[str, str]) -> Field:
    kind, autocomplete = INPUTS[name]
    return Field(
        name=name,
        label=FIELD_LABELS[name],
        type=kind,
        autocomplete=autocomplete,
        value=_first(shown, name),
        optional=name not in needed(question),
        limit=MAX_LENGTHS[name],
        error=errors.get(name, ""),
    )


def _rule(question: Question) -> str:
    if question.kind is Kind.SEVERAL:
        return _selection_rule(question)
    low, high = question.minimum, question.maximum
    if question.kind is Kind.NUMBER and low is not None and high is not None:
        return f"From {plain(low)} to {plain(high)}."
    return ""


def _selection_rule(question: Question) -> str:
    least, most = selections(question)
    if least == most:
        return f"Pick {least}."
    if question.least > 1 and question.most:
        return f"Pick {least} to {most}."
    if question.least > 1:
        return f"Pick {least} or more."
    return f"Pick up to {most}." if question.most else "Pick all that apply."


def _first(shown: Raw, name: str) -> str:
    return next(iter(shown.get(name, ())), "")
