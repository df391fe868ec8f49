"""Override rules of tiers: rules over the answers and score of one whole response."""

from functools import lru_cache

from apps.quizzes.conditions import Test, catalogue, parse, test
from apps.quizzes.definition import Definition, Tier
from apps.rules import prose
from apps.rules.facts import Facts
from apps.rules.nodes import Rule


def read(tier: Tier, definition: Definition) -> Rule:
    """Return a tier's override as a rule; raises RuleError."""
    return parse(dict(tier.override or {}), definition)


def first(definition: Definition, facts: Facts) -> Tier | None:
    """Return the first tier, as they are listed, whose override holds."""
    return next((tier for tier, holds in _tests(definition) if holds(facts)), None)


def sentence(tier: Tier, definition: Definition) -> str:
    return prose.sentence(read(tier, definition), catalogue(definition))


@lru_cache(maxsize=256)
def _tests(definition: Definition) -> tuple[tuple[Tier, Test], ...]:
    written = [tier for tier in definition.tiers if tier.override is not None]
    return tuple((tier, test(read(tier, definition))) for tier in written)
