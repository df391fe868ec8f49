"""Sums and means: what the answers given so far come to, scale by scale."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes.definition import Definition, Question, Scale, Tier, plain
from apps.quizzes.worth import ZERO, items, most, points

Counted = Mapping[str, Any]  # the answers on the path taken, in its order


@dataclass(frozen=True, slots=True)
class Tally:
    """What the answers give on one scale: their points, how many count, the most there was."""

    points: Decimal
    items: int
    most: Decimal

    def score(self, method: str) -> Decimal:
        return self._by(method, self.points)

    def attainable(self, method: str) -> Decimal:
        return self._by(method, self.most)

    def percent(self) -> float:
        """Return the share of what was attainable; a mean has the same as its sum."""
        return percent(self.points, self.most)

    def _by(self, method: str, value: Decimal) -> Decimal:
        if method != "mean":
            return value
        return value / self.items if self.items else ZERO


def tally(definition: Definition, counted: Counted, scale: str) -> Tally:
    """Return what the answers on the path give on a scale; skipped ones are left out."""
    total, number, top = ZERO, 0, ZERO
    for question, value in pairs(definition, counted):
        total += points(question, value, scale)
        number += items(question, value, scale)
        top += most(question, value, scale)
    return Tally(total, number, top)


def tallies(definition: Definition, counted: Counted) -> dict[str, Tally]:
    return {scale.key: tally(definition, counted, scale.key) for scale in definition.scales}


def scores(definition: Definition, found: Mapping[str, Tally]) -> dict[str, Decimal]:
    """Return the score on each scale, summed or averaged as the scale says."""
    return {scale.key: found[scale.key].score(scale.method) for scale in definition.scales}


def percent(value: Decimal, maximum: Decimal) -> float:
    """Return the share of the attainable maximum, from 0 to 100 and to one decimal."""
    if maximum <= 0:
        return 0
    return plain(round(min(max(100 * value / maximum, ZERO), Decimal(100)), 1))


def shown_scale(definition: Definition, values: Mapping[str, Decimal]) -> Scale:
    """Return the scale that `score` means: the main one, or the one that wins."""
    if definition.scoring == "outcomes" and any(tier.scale for tier in definition.tiers):
        key = winner(definition, values).scale
        return next(scale for scale in definition.scales if scale.key == key)
    return definition.scales[0]


def winner(definition: Definition, values: Mapping[str, Decimal]) -> Tier:
    """Return the outcome whose scale has most points; of equals the one listed first."""
    outcomes = [tier for tier in definition.tiers if tier.scale]
    return max(outcomes, key=lambda tier: values[tier.scale])  # max keeps the first of equals


def figures(definition: Definition, found: Mapping[str, Tally]) -> dict[str, float]:
    """Return what rules read: `score`, `percent`, and both of each scale under its key."""
    if not definition.scales:
        return {}
    values = scores(definition, found)
    named: dict[str, float] = {}
    for scale in definition.scales:
        named[f"score.{scale.key}"] = plain(values[scale.key])
        named[f"percent.{scale.key}"] = found[scale.key].percent()
    main = shown_scale(definition, values).key
    return {"score": named[f"score.{main}"], "percent": named[f"percent.{main}"], **named}


def pairs(definition: Definition, counted: Counted) -> Iterator[tuple[Question, Any]]:
    for key, value in counted.items():
        yield definition.questions[definition.places[key]], value
