"""What a question's page shows: the definition's values with what was answered or posted."""

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes import branching, definition, piping
from apps.quizzes.answers import LONG, MAX_LENGTHS, RANK, ROW, SHORT, Raw, needed, posted
from apps.quizzes.definition import MANY, STEPPED, Choice, Definition, Kind, Question, plain
from apps.quizzes.holding import Rows, Said
from apps.quizzes.models import Response
from apps.quizzes.uploading import ACCEPTED
from apps.quizzes.wording import FIELD_LABELS
from apps.quizzes.worth import bounds, selections

INPUTS = {  # type, autocomplete
    "first_name": ("text", "given-name"),
    "last_name": ("text", "family-name"),
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "country": ("text", "country-name"),
}
CHOOSING = frozenset({Kind.DROPDOWN, Kind.RANKING})


@dataclass(frozen=True, slots=True)
class Option:
    """A card to pick; `hint` is the key that picks it."""

    value: str
    label: str
    hint: str
    checked: bool
    picture: str = ""
    other: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a matrix, or a choice to be ranked: a name to post and what may be posted."""

    name: str
    label: str
    options: list[Option]


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
    lines: list[Line]
    fields: list[Field]
    value: str
    other: str  # what was written beside the choice of that name
    consent: bool
    last: bool
    rule: str  # how many to pick, which numbers are taken
    has_choosing: bool  # the quiz has lists to search or to drag: only then their script is sent
    errors: Mapping[str, str]
    file: str = ""  # the name of the file that is there already
    revision: int = 0
    progress: int = 0  # percent
    back: str = ""  # the key of the question before; empty for the first
    notice: str = ""
    is_fresh: bool = True  # nothing of the respondent's own shows where the answer is given

    @property
    def template(self) -> str:
        return f"quizzes/kinds/{self.question.kind.value}.html"

    @property
    def limit(self) -> int:
        usual = LONG if self.question.kind is Kind.LONG_TEXT else SHORT
        return self.question.longest or usual

    @property
    def accepted(self) -> str:
        return ACCEPTED

    @property
    def error(self) -> str:
        return self.errors.get("answer", "")


def screen(
    response: Response,
    question: Question,
    rows: Rows,
    *,
    sent: Raw | None = None,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
) -> Screen:
    """Return the page of a question; what was posted goes before what is kept."""
    quiz = definition.of(response)
    answers = {key: row.value for key, row in rows.items()}
    row = rows.get(question.key)
    asked = spoken(response, question, rows)
    before = branching.previous(quiz, answers, question.key, response.hidden)
    progress = branching.progress(quiz, answers, question.key, response.hidden)
    return _screen(
        quiz,
        asked,
        sent if sent is not None else _kept(asked, row),
        seed=response.token_hash,
        errors=errors or {},
        file=row.value["name"] if question.kind is Kind.FILE and row and row.value else "",
        revision=row.revision if row else 0,
        progress=round(100 * progress),
        back=before.key if before else "",
        notice=notice,
        is_fresh=not (row or sent or errors or asked is not question or asked.order == "random"),
    )


def fresh(quiz: Definition, question: Question) -> Screen:
    """Return a question as it is painted for everybody who has nothing of their own in it."""
    return _screen(quiz, question, {}, seed="", errors={})


def _screen(
    quiz: Definition,
    question: Question,
    shown: Raw,
    *,
    seed: str,
    errors: Mapping[str, str],
    **of_the_respondent: Any,
) -> Screen:
    return Screen(
        question=question,
        title=quiz.title,
        options=_options(question, set(shown.get("answer", ())), seed=seed),
        lines=_lines(question, shown, seed=seed),
        fields=[_field(question, name, shown, errors) for name in question.fields],
        value=_first(shown, "answer"),
        other=_first(shown, "other"),
        consent=bool(_first(shown, "consent")),
        last=branching.longest(quiz)[quiz.places[question.key]] == 1,
        rule=_rule(question),
        has_choosing=any(one.kind in CHOOSING for one in quiz.questions),
        errors=errors,
        **of_the_respondent,
    )


def spoken(response: Response, question: Question, rows: Rows) -> Question:
    """Return the question with what its texts say of earlier answers."""
    if not piping.pipes(question):
        return question
    return piping.filled(question, spoken_of(response, rows))


def spoken_of(response: Response, rows: Rows) -> piping.Known:
    """Return what texts of this response may speak of."""
    quiz = definition.of(response)
    answers = {key: row.value for key, row in rows.items()}
    return piping.known(
        quiz,
        branching.walk(quiz, answers, response.hidden),
        hidden=response.hidden,
        others={key: row.other for key, row in rows.items()},
        tier=response.tier_label,
    )


def _kept(question: Question, row: Said | None) -> Raw:
    return posted(question, row.value, row.other) if row else {}


def ordered(question: Question, *, seed: str) -> list[Choice]:
    """Return the choices in the order one respondent sees them; “other” stays last."""
    choices = list(question.choices)
    if question.order == "alphabetical":
        choices.sort(key=lambda choice: choice.label.casefold())
    elif question.order == "random":
        random.Random(f"{seed}:{question.key}").shuffle(choices)  # noqa: S311 - no secret
    return sorted(choices, key=lambda choice: choice.other)


def _options(question: Question, picked: set[str], *, seed: str) -> list[Option]:
    if question.kind is Kind.YES_NO:
        return _truths("Yes", "No", picked)
    if question.kind is Kind.CONSENT:
        return _truths("I accept", "I do not accept", picked)
    if question.kind in STEPPED:
        return [Option(one, one, one, one in picked) for one in _scale_values(question)]
    hints = [*string.ascii_uppercase, *[""] * len(question.choices)]
    return [
        Option(choice.key, choice.label, hint, choice.key in picked, choice.picture, choice.other)
        for choice, hint in zip(ordered(question, seed=seed), hints, strict=False)
    ]


def _truths(yes: str, no: str, picked: set[str]) -> list[Option]:
    return [Option("yes", yes, "Y", "yes" in picked), Option("no", no, "N", "no" in picked)]


def _lines(question: Question, shown: Raw, *, seed: str) -> list[Line]:
    if question.kind is Kind.MATRIX:
        return [
            Line(name, row.label, _columns(question, _first(shown, name)))
            for row in question.rows
            for name in [f"{ROW}{row.key}"]
        ]
    if question.kind is Kind.RANKING:
        return [
            Line(name, choice.label, _ranks(question, _first(shown, name)))
            for choice in ordered(question, seed=seed)
            for name in [f"{RANK}{choice.key}"]
        ]
    return []


def _columns(question: Question, picked: str) -> list[Option]:
    return [
        Option(choice.key, choice.label, "", choice.key == picked) for choice in question.choices
    ]


def _ranks(question: Question, picked: str) -> list[Option]:
    places = (str(number) for number in range(1, len(question.choices) + 1))
    return [Option(place, place, "", place == picked) for place in places]


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
    if question.kind in MANY:
        return _selection_rule(question)
    if question.kind is Kind.RANKING:
        return "Give each a place: 1 comes first."
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
