"""The traits that a quiz writes on the contacts who finish it."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import Truncator

from apps.contacts.models import Trait
from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.models import Response
from apps.rules.catalogue import TraitSpec
from apps.rules.kinds import Kind as TraitKind
from apps.rules.kinds import Option

LONGEST = Trait._meta.get_field("label").max_length or 200
TIER, SCORE, PERCENT = "Tier of '{}'", "Score of '{}'", "Percent of '{}'"
ANSWER = "Answer to '{}'"
SHORT = {"tier": "Tier", "score": "Score", "percent": "Percent of what was attainable"}
TRAIT_KINDS = {
    Kind.SINGLE: TraitKind.CHOICE,
    Kind.SEVERAL: TraitKind.CHOICES,
    Kind.SCALE: TraitKind.NUMBER,
    Kind.NUMBER: TraitKind.NUMBER,
    Kind.YES_NO: TraitKind.BOOLEAN,
    Kind.TEXT: TraitKind.TEXT,
}


def trait_specs(definition: Definition) -> list[TraitSpec]:
    """Return the traits that a finished response writes on its contact."""
    prefix, title = f"quiz.{definition.slug}", definition.title
    tiers = tuple(Option(tier.key, tier.label) for tier in definition.tiers)
    answers = (
        answer_trait(question, key=f"{prefix}.answer.{question.key}", label=ANSWER)
        for question in definition.questions
    )
    return [
        TraitSpec(f"{prefix}.score", _label(SCORE, title), TraitKind.NUMBER),
        TraitSpec(f"{prefix}.percent", _label(PERCENT, title), TraitKind.NUMBER),
        TraitSpec(f"{prefix}.tier", _label(TIER, title), TraitKind.CHOICE, tiers),
        *(spec for spec in answers if spec),
    ]


def answer_trait(question: Question, *, key: str, label: str = "{}") -> TraitSpec | None:
    """Return the trait a question's answer becomes, or None where it becomes none.

    Email and contact form fill the contact's own fields instead.
    """
    kind = TRAIT_KINDS.get(question.kind)
    if kind is None:
        return None
    options = tuple(Option(choice.key, choice.label) for choice in question.choices)
    return TraitSpec(key, _label(label, question.title), kind, options)


def _label(words: str, title: str) -> str:
    """Return the label, its title shortened where the catalogue would cut it off."""
    return words.format(Truncator(title).chars(LONGEST - len(words.format(""))))


def within_its_quiz(spec: TraitSpec) -> tuple[str, str]:
    """Return the slug of the quiz a trait belongs to, and its label where the quiz is named."""
    _, _, rest = spec.key.partition("quiz.")
    slug, _, name = rest.partition(".")
    before, after = ANSWER.split("{}")
    return slug, SHORT.get(name) or spec.label.removeprefix(before).removesuffix(after)


def profile_traits(
    definition: Definition, response: Response, counted: Mapping[str, Any]
) -> dict[str, object]:
    """Return every trait of the quiz; None, which removes it, for what was not answered."""
    prefix = f"quiz.{definition.slug}"
    values: dict[str, object] = {
        f"{prefix}.score": response.score,
        f"{prefix}.percent": response.percent,
        f"{prefix}.tier": response.tier_key,
    }
    values |= {f"{prefix}.answer.{key}": value for key, value in counted.items()}
    return {spec.key: values.get(spec.key) for spec in trait_specs(definition)}
