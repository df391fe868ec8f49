"""A sample of the ways through a quiz, for when there are too many to go through.

Each way is drawn question by question; how likely it was to be drawn is made up for, so that
every way counts alike, as it does where all are counted.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from math import comb, factorial
from typing import Any

from apps.quizzes.branching import rules_on_the_way, walk
from apps.quizzes.conditions import readable
from apps.quizzes.definition import (
    MANY,
    NUMBERS,
    ONE,
    TRUTHS,
    Definition,
    Kind,
    Question,
    plain,
)
from apps.quizzes.samples import samples
from apps.quizzes.scoring import score
from apps.quizzes.worth import bounds, grain, selections
from apps.rules.keys import leaves
from apps.rules.nodes import TraitCondition

SIZE = 1_000
TRIES = 200
SEED = 20_261_123  # the same draft has the same sample


def sample(definition: Definition, *, size: int = SIZE) -> dict[str, Any]:
    """Return what was met on that many ways, as the fields of an Outlook."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    weights: defaultdict[str, float] = defaultdict(float)
    tied = 0.0
    asked: set[int] = set()
    endings: set[str | None] = set()
    for _ in range(size):
        answers, weight = _way(definition, chance)
        result = score(definition, answers)
        weights[result.tier.key] += weight
        rivals = [result.scores[tier.scale] for tier in definition.tiers if tier.scale]
        tied += weight if rivals and rivals.count(max(rivals)) > 1 else 0
        asked |= {definition.places[key] for key in answers}
        endings.add(result.ending)
    total = sum(weights.values())
    return {
        "asked": frozenset(asked),
        "taken": frozenset(),
        "endings": frozenset(endings),
        "tiers": frozenset(weights),
        "shares": {tier.key: weights[tier.key] / total for tier in definition.tiers},
        "ties": tied / total,
        "empty": False,
        "sampled": True,
    }


def _way(definition: Definition, chance: random.Random) -> tuple[dict[str, Any], float]:
    """Return the answers of one way, and one over the chance with which it was drawn."""
    answers: dict[str, Any] = {}
    weight = 1.0
    while question := walk(definition, answers).waiting:
        value, ways = draw(question, _read_of(definition, question), chance)
        answers[question.key] = value
        weight *= ways
    return answers, weight


def way_to(definition: Definition, key: str, *, seed: str) -> dict[str, Any]:
    """Return answers after which this question waits; none where no way of some tried meets it."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(TRIES):
        answers: dict[str, Any] = {}
        while question := walk(definition, answers).waiting:
            if question.key == key:
                return answers
            answers[question.key], _ways = draw(question, _read_of(definition, question), chance)
    return {}


def _read_of(definition: Definition, question: Question) -> list[TraitCondition]:
    read = [spec.key for spec in readable(question)]
    return [leaf for leaf in _conditions(definition) if leaf.trait in read]


def _conditions(definition: Definition) -> list[TraitCondition]:
    rules = rules_on_the_way(definition)
    found = (leaf for rule in rules for leaf in leaves(rule))
    return [leaf for leaf in found if isinstance(leaf, TraitCondition)]


def draw(
    question: Question, conditions: Sequence[TraitCondition], chance: random.Random
) -> tuple[Any, float]:
    """Return an answer with how many there are, each as likely as the others."""
    value, ways = _drawn(question, conditions, chance)
    if question.required:
        return value, ways
    return (None, ways + 1) if chance.random() * (ways + 1) < 1 else (value, ways + 1)


def _drawn(
    question: Question, conditions: Sequence[TraitCondition], chance: random.Random
) -> tuple[Any, float]:
    kind = question.kind
    if kind in ONE:
        return chance.choice(question.choices).key, len(question.choices)
    if kind in MANY:
        return _selection(question, chance)
    if kind in TRUTHS:
        return (True, 1) if question.consent_required else (chance.random() < 0.5, 2)
    if kind in NUMBERS and question.minimum is not None and question.maximum is not None:
        low, high = bounds(question)
        count = int((high - low) / grain(question)) + 1
        return plain(low + grain(question) * chance.randrange(count)), count
    if kind is Kind.RANKING:
        keys = [choice.key for choice in question.choices]
        return chance.sample(keys, len(keys)), float(factorial(len(keys)))
    if kind is Kind.MATRIX:
        columns = [choice.key for choice in question.choices]
        picked = {row.key: chance.choice(columns) for row in question.rows}
        return picked, float(len(columns) ** len(question.rows))
    found = samples(question, conditions)
    return chance.choice(found), len(found)


def _selection(question: Question, chance: random.Random) -> tuple[list[str], float]:
    least, most = selections(question)
    keys = [choice.key for choice in question.choices]
    sizes = range(least, most + 1)
    ways = [comb(len(keys), size) for size in sizes]
    size = chance.choices(sizes, weights=ways)[0]
    picked = set(chance.sample(keys, size))
    return [key for key in keys if key in picked], float(sum(ways))
