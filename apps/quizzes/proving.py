"""The proof before publishing: what is wrong with a draft, and what scores it can give."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, product
from math import prod
from typing import Any

from apps.quizzes import overrides
from apps.quizzes.definition import Definition, Kind, Question, Tier, load, plain
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz
from apps.quizzes.problems import (
    Problem,
    jump_problems,
    question_problems,
    trait_problems,
)
from apps.quizzes.ranges import Spread, reachable, score_range, spread
from apps.quizzes.scoring import band, winner
from apps.rules.errors import RuleError
from apps.rules.keys import keys

Range = tuple[Decimal, Decimal]
TRIALS = 5_000  # combinations of answers tried before an override is taken as possible


@dataclass(frozen=True, slots=True)
class Proof:
    """The problems, the range of every scale, and each tier's share of all ways to answer."""

    problems: tuple[Problem, ...]
    ranges: Mapping[str, Range] = field(default_factory=dict)  # by scale: lowest, highest
    shares: Mapping[str, float] | None = None  # by tier, 0 to 1; None: too many ways to count

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.blocks]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.blocks]


def proof(quiz: Quiz) -> Proof:
    """Return the proof of a draft as it stands now."""
    return prove(load(freeze(quiz)))


def prove(definition: Definition) -> Proof:
    found = [
        *question_problems(definition),
        *jump_problems(definition),
        *trait_problems(definition),
        *_tier_problems(definition),
    ]
    if any(problem.blocks for problem in found):
        return Proof(problems=tuple(found))
    return _prove_scores(definition, found)


def _prove_scores(definition: Definition, found: list[Problem]) -> Proof:
    """Go on with a quiz whose parts are sound: what can be reached, and with which scores."""
    ranges = {scale.key: score_range(definition, scale.key) for scale in definition.scales}
    outcomes = definition.scoring == "outcomes"
    scales = [tier.scale for tier in definition.tiers if tier.scale]
    ways = spread(definition, scales if outcomes else [definition.scales[0].key])
    shares = _shares(definition, ways) if ways is not None else None
    more = chain(
        _unreachable(definition),
        _unreached_tiers(definition, ranges, shares),
        _idle_overrides(definition),
        _ties(ways) if outcomes and ways else (),
    )
    return Proof(problems=(*found, *more), ranges=ranges, shares=shares)


def _tier_problems(definition: Definition) -> Iterator[Problem]:
    if not definition.scales:
        yield Problem("There is no scale to count points on: add one.")
    if not definition.tiers:
        yield Problem("There are no tiers yet: a respondent would get no result.")
    elif not any(_has_own_way(definition, tier) for tier in definition.tiers):
        yield Problem(
            "No outcome stands for a scale: choose one for each."
            if definition.scoring == "outcomes"
            else "No tier begins at the bottom: leave “starts at” blank for the lowest one."
        )
    for tier in definition.tiers:
        for message in _tier_faults(definition, tier):
            yield Problem(f"Tier “{tier.label}”: {message}", tier=tier.key)


def _has_own_way(definition: Definition, tier: Tier) -> bool:
    if definition.scoring == "outcomes":
        return bool(tier.scale)
    return not tier.scale and not tier.override_only and tier.starts_at is None


def _tier_faults(definition: Definition, tier: Tier) -> Iterator[str]:
    if definition.scoring == "outcomes":
        if tier.starts_at is not None:
            yield "in a quiz of outcomes a scale decides, not “starts at”."
        elif not tier.scale and not tier.override_only:
            yield "it stands for no scale: choose one, or tick “by override only”."
    elif tier.scale:
        yield "in a quiz of tiers the score decides: leave its scale blank."
    if tier.override_only and tier.override is None:
        yield "it is reached by its override rule only, and has none."
    if tier.override is not None:
        try:
            overrides.read(tier, definition)
        except RuleError as error:
            yield f"its override rule cannot be read. {error}"


def _unreachable(definition: Definition) -> Iterator[Problem]:
    found = reachable(definition)
    for question in definition.questions:
        if question.key not in found:
            yield Problem(
                f"“{question.title}” is on no path: every way jumps past it.",
                question=question.key,
            )


def _unreached_tiers(
    definition: Definition, ranges: Mapping[str, Range], shares: Mapping[str, float] | None
) -> Iterator[Problem]:
    low, high = ranges[definition.scales[0].key]
    if definition.scoring == "tiers" and low == high:
        yield Problem(f"Every path gives the same score, {plain(low)}.", blocks=False)
    for tier in definition.tiers:
        if tier.override_only or tier.override is not None:
            continue
        missed = not shares[tier.key] if shares is not None else _misses(definition, tier, ranges)
        if missed:
            reach = (
                f"scores run from {plain(low)} to {plain(high)}"
                if definition.scoring == "tiers"
                else "another outcome always has more points"
            )
            yield Problem(f"Tier “{tier.label}” cannot be reached: {reach}.", tier=tier.key)


def _misses(definition: Definition, tier: Tier, ranges: Mapping[str, Range]) -> bool:
    """Return whether the ranges alone show that a tier is out of reach."""
    if definition.scoring == "outcomes":
        floor = max(ranges[one.scale][0] for one in definition.tiers if one.scale)
        return ranges[tier.scale][1] < floor
    low, high = ranges[definition.scales[0].key]
    starts = sorted(one.starts_at for one in definition.tiers if one.starts_at is not None)
    begin = tier.starts_at
    end = next((start for start in starts if begin is None or start > begin), None)
    return (begin is not None and begin > high) or (end is not None and end <= low)


def _shares(definition: Definition, ways: Spread) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for sums, count in ways.items():
        counts[_tier_of(definition, sums).key] += count
    return {tier.key: counts[tier.key] / ways.total() for tier in definition.tiers}


def _tier_of(definition: Definition, sums: tuple[Decimal, ...]) -> Tier:
    if definition.scoring == "outcomes":
        scales = [tier.scale for tier in definition.tiers if tier.scale]
        return winner(definition, dict(zip(scales, sums, strict=True)))
    return band(definition.tiers, sums[0])


def _ties(ways: Spread) -> Iterator[Problem]:
    tied = sum(count for sums, count in ways.items() if sums.count(max(sums)) > 1)
    if tied:
        share = max(1, round(100 * tied / ways.total()))
        yield Problem(
            f"{share} % of all ways to answer end in a tie. {Quiz.TIE_RULE}", blocks=False
        )


def _idle_overrides(definition: Definition) -> Iterator[Problem]:
    for tier in definition.tiers:
        if tier.override is not None and not _can_hold(definition, tier):
            yield Problem(
                f"Tier “{tier.label}”: no answers make its override rule hold.",
                blocks=tier.override_only,
                tier=tier.key,
            )


def _can_hold(definition: Definition, tier: Tier) -> bool:
    """Return whether some answers make the override hold, by trying them all.

    A rule that reads the score or more answers than can be tried is taken as possible.
    """
    read = keys(overrides.read(tier, definition)).traits
    asked = [one for one in definition.questions if f"answer.{one.key}" in read]
    offered = [_offers(question) for question in asked]
    if read & {"score", "percent"} or not all(offered) or prod(map(len, offered)) > TRIALS:
        return True
    return any(
        overrides.holds(tier, definition, _picked(asked, values), {})
        for values in product(*offered)
    )


def _picked(asked: list[Question], values: tuple[Any, ...]) -> dict[str, Any]:
    return {question.key: value for question, value in zip(asked, values, strict=True)}


def _offers(question: Question) -> list[Any]:
    """Return every answer (None: not asked, or skipped), or nothing where there is no list."""
    if question.kind is Kind.SINGLE:
        return [None, *question.by_key]
    return [None, True, False] if question.kind is Kind.YES_NO else []
