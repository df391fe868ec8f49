"""Override rules of tiers: rules over the answers and score of one response alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.quizzes.definition import Definition, Tier
from apps.quizzes.traits import answer_trait
from apps.rules import codec, prose, verdict
from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.clock import Calendar
from apps.rules.errors import Code, RuleError
from apps.rules.keys import keys
from apps.rules.kinds import Kind as TraitKind
from apps.rules.nodes import Rule

# No trait here is a date, so no rule here depends on the time it is read at.
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
ANY_CALENDAR = Calendar(UTC)


def catalogue(definition: Definition) -> Catalogue:
    """Return what an override may read: `score`, `percent` and `answer.<question>`."""
    traits = {
        "score": TraitSpec("score", "Score", TraitKind.NUMBER),
        "percent": TraitSpec("percent", "Percent of the attainable score", TraitKind.NUMBER),
    }
    for question in definition.questions:
        spec = answer_trait(question, key=f"answer.{question.key}")
        if spec:
            traits[spec.key] = spec
    return Catalogue(traits)


def read(tier: Tier, definition: Definition) -> Rule:
    """Return a tier's override as a rule; raises RuleError."""
    return parse(dict(tier.override or {}), definition)


def parse(source: object, definition: Definition) -> Rule:
    """Return a rule over answers and score; raises RuleError for anything else."""
    rule = codec.loads(source, catalogue(definition))
    if keys(rule).events:
        raise RuleError(Code.WRONG_SHAPE, "An override reads answers and score, not events.")
    return rule


def holds(
    tier: Tier, definition: Definition, answers: Mapping[str, Any], numbers: Mapping[str, float]
) -> bool:
    """Return whether a tier's override holds for the answers and for `score` and `percent`."""
    if tier.override is None:
        return False
    traits: dict[str, object] = dict(numbers)
    traits |= {f"answer.{key}": value for key, value in answers.items() if value is not None}
    facts = verdict.Facts(traits=traits)
    return verdict.holds(read(tier, definition), facts, now=ANY_TIME, calendar=ANY_CALENDAR)


def sentence(tier: Tier, definition: Definition) -> str:
    return prose.sentence(read(tier, definition), catalogue(definition))
