"""Texts that speak of earlier answers: `{{ answer.first_name | default: "there" }}`.

What respondents said is data and never read as a template. A text that names what does not
exist cannot be published.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from apps.core.liquid import TemplateError, parsed, render
from apps.quizzes.branching import Hidden, Walk
from apps.quizzes.conditions import hidden_names
from apps.quizzes.counting import figures, pairs, scores, tallies
from apps.quizzes.definition import (
    NUMBERS,
    Definition,
    Ending,
    Kind,
    Question,
    Tier,
    plain,
)
from apps.quizzes.wording import answer_text

Known = Mapping[str, Any]
Page = Tier | Ending
ROOTS = ("answer", "hidden", "score", "scores", "percent", "tier")


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def known(
    definition: Definition,
    taken: Walk,
    *,
    hidden: Hidden,
    others: Mapping[str, str],
    tier: str = "",
) -> Known:
    """Return all that a text may speak of: what was said on the path, as one reads it."""
    found = tallies(definition, taken.counted)
    named = figures(definition, found)
    said: dict[str, Any] = {}
    for question, value in pairs(definition, taken.counted):
        said[question.key] = others.get(question.key) or _spoken(question, value)
    for question, value in pairs(definition, taken.counted):
        if question.kind is Kind.CONTACT:
            said = {**{name: (value or {}).get(name, "") for name in question.fields}, **said}
    return {
        "answer": said,
        "hidden": dict(hidden),
        "score": named.get("score", 0),
        "percent": named.get("percent", 0),
        "scores": {key: plain(value) for key, value in scores(definition, found).items()},
        "tier": tier,
    }


def _spoken(question: Question, value: Any) -> Any:
    if value is None:
        return ""
    if question.kind in NUMBERS:
        return value
    if question.kind is Kind.CONTACT:
        return {name: value.get(name, "") for name in question.fields}
    if question.kind is Kind.MATRIX:
        return {row: question.by_key[column].label for row, column in value.items()}
    return answer_text(question, value)


def fill(text: str, known: Known, *, markdown: bool = False) -> str:
    """Return a text with what it speaks of filled in."""
    if not is_template(text):
        return text
    try:
        return render(text, known=known, markdown=markdown)
    except TemplateError:  # a value that a filter cannot take: the text without it is no use
        return ""


def pipes(question: Question) -> bool:
    return any(is_template(text) for text in _texts(question))


def filled(question: Question, known: Known) -> Question:
    """Return a question as it is shown to one respondent."""
    return replace(
        question,
        title=fill(question.title, known) or question.title,
        help=fill(question.help, known),
        low_label=fill(question.low_label, known),
        high_label=fill(question.high_label, known),
        picture_alt=fill(question.picture_alt, known),
        consent=fill(question.consent, known),
        choices=tuple(replace(one, label=fill(one.label, known)) for one in question.choices),
        rows=tuple(replace(row, label=fill(row.label, known)) for row in question.rows),
    )


def filled_page(page: Page, known: Known) -> Page:
    """Return a result page as it is shown to one respondent."""
    return replace(
        page,
        headline=fill(page.headline, known),
        body=fill(page.body, known, markdown=True),
        button_label=fill(page.button_label, known),
    )


def front(definition: Definition, hidden: Hidden) -> Definition:
    """Return a quiz with its first page filled in: nothing is answered yet."""
    known: Known = {"hidden": dict(hidden)}
    return replace(
        definition,
        intro=fill(definition.intro, known, markdown=True),
        start_label=fill(definition.start_label, known) or definition.start_label,
    )


def faults(definition: Definition, text: str, *, roots: Collection[str] = ROOTS) -> Iterator[str]:
    """Yield what is wrong with a text that may speak of these."""
    if not is_template(text):
        return
    try:
        template = parsed(text, markdown=False)
    except TemplateError as error:
        yield str(error)
        return
    for path in template.global_variable_segments():
        if str(path[0]) not in roots or not _exists(definition, [str(segment) for segment in path]):
            shown = ".".join(str(segment) for segment in path)
            yield f"there is no {shown} to speak of."


def _exists(definition: Definition, path: list[str]) -> bool:
    root, *rest = path
    if root in {"score", "percent", "tier"}:
        return not rest
    if root == "scores":
        return len(rest) == 1 and rest[0] in {scale.key for scale in definition.scales}
    if root == "hidden":
        return len(rest) == 1 and rest[0] in hidden_names(definition)
    return root == "answer" and bool(rest) and _is_said(definition, rest)


def _is_said(definition: Definition, rest: list[str]) -> bool:
    question = definition.question(rest[0])
    if question is None:
        fields = (name for one in definition.questions for name in one.fields)
        return len(rest) == 1 and rest[0] in fields
    if len(rest) == 1:
        return True
    parts = {*question.fields, *(row.key for row in question.rows)}
    return len(rest) == 2 and rest[1] in parts


def _texts(question: Question) -> Iterator[str]:
    yield from (question.title, question.help, question.low_label, question.high_label)
    yield question.picture_alt
    yield question.consent
    yield from (choice.label for choice in question.choices)
    yield from (row.label for row in question.rows)


def all_texts(definition: Definition) -> Iterator[tuple[str, Question | Tier | Ending]]:
    """Yield every text that may speak of answers, with what it belongs to."""
    for question in definition.questions:
        for text in _texts(question):
            yield text, question
    pages: list[Page] = [*definition.tiers, *definition.endings]
    for page in pages:
        for text in (page.headline, page.body, page.button_label):
            yield text, page
