"""The traits that a quiz writes on the contacts who finish it."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import Truncator

from apps.contacts.models import Trait
from apps.quizzes.definition import MANY, NUMBERS, ONE, TRUTHS, Definition, Kind, Question
from apps.quizzes.models import Response
from apps.rules.catalogue import TraitSpec
from apps.rules.kinds import MAX_TEXT, Option
from apps.rules.kinds import Kind as TraitKind

LONGEST = Trait._meta.get_field("label").max_length or 200
TIER, SCORE, PERCENT = "Tier of '{}'", "Score of '{}'", "Percent of '{}'"
ANSWER = "Answer to '{}'"
SHORT = {"tier": "Tier", "score": "Score", "percent": "Percent of what was attainable"}
TRAIT_KINDS = {
    **dict.fromkeys(ONE, TraitKind.CHOICE),
    **dict.fromkeys(MANY, TraitKind.CHOICES),
    **dict.fromkeys(NUMBERS, TraitKind.NUMBER),
    **dict.fromkeys(TRUTHS, TraitKind.BOOLEAN),
    Kind.RANKING: TraitKind.CHOICES,
    Kind.TEXT: TraitKind.TEXT,
    Kind.LONG_TEXT: TraitKind.TEXT,
    Kind.DATE: TraitKind.DATE,
    Kind.FILE: TraitKind.BOOLEAN,  # that there is one
}


def trait_specs(definition: Definition) -> list[TraitSpec]:
    """Return the traits that a finished response writes on its contact."""
    prefix, title = f"quiz.{definition.slug}", definition.title
    tiers = tuple(Option(tier.key, tier.label) for tier in definition.tiers)
    answers = (
        spec
        for question in definition.questions
        for spec in answer_traits(question, key=f"{prefix}.answer.{question.key}", label=ANSWER)
    )
    return [
        TraitSpec(f"{prefix}.score", _label(SCORE, title), TraitKind.NUMBER),
        TraitSpec(f"{prefix}.percent", _label(PERCENT, title), TraitKind.NUMBER),
        TraitSpec(f"{prefix}.tier", _label(TIER, title), TraitKind.CHOICE, tiers),
        *_scale_specs(definition),
        *answers,
    ]


def _scale_specs(definition: Definition) -> list[TraitSpec]:
    """Return a score for each scale where there are several."""
    if len(definition.scales) < 2:
        return []
    return [
        TraitSpec(
            f"quiz.{definition.slug}.score.{scale.key}",
            _label(f"{scale.label}: {SCORE}", definition.title),
            TraitKind.NUMBER,
        )
        for scale in definition.scales
    ]


def answer_traits(question: Question, *, key: str, label: str = "{}") -> list[TraitSpec]:
    """Return the traits a question's answer becomes: none, one, or one for each row.

    Email, phone and contact form fill the contact's own fields instead.
    """
    options = tuple(Option(choice.key, choice.label) for choice in question.choices)
    if question.kind is Kind.MATRIX:
        titles = (f"{question.title}: {row.label}" for row in question.rows)
        return [
            TraitSpec(f"{key}.{row.key}", _label(label, text), TraitKind.CHOICE, options)
            for row, text in zip(question.rows, titles, strict=True)
        ]
    kind = TRAIT_KINDS.get(question.kind)
    if kind is None:
        return []
    found = [TraitSpec(key, _label(label, question.title), kind, options)]
    if question.other:
        words = f"{question.title}: {question.by_key[question.other].label}"
        found.append(TraitSpec(f"{key}.other", _label(label, words), TraitKind.TEXT))
    return found


def answer_values(question: Question, value: Any, *, key: str) -> dict[str, object]:
    """Return the values of those traits; what was skipped has none."""
    if value is None:
        return {}
    match question.kind:
        case Kind.MATRIX:
            return {f"{key}.{row}": column for row, column in value.items()}
        case Kind.FILE:
            return {key: True}
        case Kind.LONG_TEXT:
            return {key: value[:MAX_TEXT].strip()}
        case _:
            return {key: value}


def _label(words: str, title: str) -> str:
    """Return the label, its title shortened where the catalogue would cut it off."""
    before, _, after = words.rpartition("{}")  # what is before may have braces of its own
    return before + Truncator(title).chars(LONGEST - len(before + after)) + after


def within_its_quiz(spec: TraitSpec) -> tuple[str, str]:
    """Return the slug of the quiz a trait belongs to, and its label where the quiz is named."""
    _, _, rest = spec.key.partition("quiz.")
    slug, _, name = rest.partition(".")
    before, after = ANSWER.split("{}")
    return slug, SHORT.get(name) or spec.label.removeprefix(before).removesuffix(after)


def profile_traits(
    definition: Definition,
    response: Response,
    counted: Mapping[str, Any],
    others: Mapping[str, str],
    by_scale: Mapping[str, float],
) -> dict[str, object]:
    """Return every trait of the quiz; None, which removes it, for what was not answered.

    `others` holds what was written beside “other”, by question.
    """
    prefix = f"quiz.{definition.slug}"
    values = result_traits(
        definition,
        score=response.score,
        percent=response.percent,
        tier=response.tier_key,
        by_scale=by_scale,
    )
    for key, value in counted.items():
        question = definition.questions[definition.places[key]]
        values |= answer_values(question, value, key=f"{prefix}.answer.{key}")
        if others.get(key):
            values[f"{prefix}.answer.{key}.other"] = others[key]
    return {spec.key: values.get(spec.key) for spec in trait_specs(definition)}


def result_traits(
    definition: Definition,
    *,
    score: float | None,
    percent: float | None,
    tier: str,
    by_scale: Mapping[str, float],
) -> dict[str, object]:
    """Return the traits of a result alone; each scale's where there are several."""
    prefix = f"quiz.{definition.slug}"
    scales = by_scale if len(definition.scales) > 1 else {}
    return {
        f"{prefix}.score": score,
        f"{prefix}.percent": percent,
        f"{prefix}.tier": tier,
        **{f"{prefix}.score.{scale}": value for scale, value in scales.items()},
    }
