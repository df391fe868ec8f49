"""What a response comes to: pure functions of a definition and its answers.

The score is always recomputed from the answers on the path actually taken, so going back
never counts twice and an abandoned branch never counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes import overrides
from apps.quizzes.branching import NOTHING, Answers, Hidden, Known, walk
from apps.quizzes.counting import (
    Tally,
    figures,
    pairs,
    percent,
    scores,
    shown_scale,
    tallies,
    tally,
    winner,
)
from apps.quizzes.definition import Definition, Scale, Tier, plain
from apps.quizzes.wording import answer_text, points_text
from apps.quizzes.worth import ZERO, points
from apps.rules.facts import Facts

__all__ = ["band", "percent", "reach", "reckon", "score", "total", "winner"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one answer gave, by scale."""

    question: str
    title: str
    answer: str  # in words
    points: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Total:
    scale: str
    label: str
    score: float
    maximum: float  # the most that the questions answered on this path could have given


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which answer gave how many points, and which rule decided the tier, in words."""

    lines: tuple[Line, ...]
    totals: tuple[Total, ...]
    tier: str
    why: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Result:
    score: float
    percent: float
    tier: Tier
    receipt: Receipt
    ending: str | None  # where the path ended, if not on the tier's own page
    scores: Mapping[str, float]  # by scale
    percents: Mapping[str, float]


def score(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> Result:
    """Return score, percent and tier of the answers on the path taken, with the receipt."""
    taken = walk(definition, answers, hidden)
    found = tallies(definition, taken.counted)
    shown, tier, why = _decide(definition, taken.counted, found, hidden)
    values = scores(definition, found)
    return Result(
        score=plain(values[shown.key]),
        percent=found[shown.key].percent(),
        tier=tier,
        receipt=Receipt(
            lines=tuple(_lines(definition, taken.counted)),
            totals=tuple(_total(scale, found[scale.key]) for scale in definition.scales),
            tier=tier.label,
            why=why,
        ),
        ending=taken.ending,
        scores={scale: plain(value) for scale, value in values.items()},
        percents={scale: one.percent() for scale, one in found.items()},
    )


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A result without its receipt: a third of the work, where many are only compared."""

    score: float
    percent: float
    tier: Tier
    scores: Mapping[str, float]  # by scale
    counted: Answers  # the answers on the path


def reckon(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> Reckoned:
    """Return what `score` would, without the words."""
    counted = walk(definition, answers, hidden).counted
    found = tallies(definition, counted)
    values = scores(definition, found)
    shown = shown_scale(definition, values)
    tier = _overriding(definition, counted, found, hidden)
    if tier is None:
        percents = {scale: one.percent() for scale, one in found.items()}
        tier = by_score(definition, values, percents)
    return Reckoned(
        score=plain(values[shown.key]),
        percent=found[shown.key].percent(),
        tier=tier,
        scores={scale: plain(value) for scale, value in values.items()},
        counted=counted,
    )


def total(definition: Definition, counted: Answers, scale: str) -> Decimal:
    """Return the score on one scale, of answers that are on the path."""
    method = next(one.method for one in definition.scales if one.key == scale)
    return tally(definition, counted, scale).score(method)


def band(tiers: Sequence[Tier], value: Decimal) -> Tier:
    """Return the tier whose band holds a score: the highest that begins at or below it."""
    banded = [tier for tier in tiers if not tier.scale and not tier.override_only]
    lowest = next(tier for tier in banded if tier.starts_at is None)
    reached = [
        (tier.starts_at, tier)
        for tier in banded
        if tier.starts_at is not None and tier.starts_at <= value
    ]
    return max(reached, key=lambda pair: pair[0], default=(ZERO, lowest))[1]


def reach(tiers: Sequence[Tier], tier: Tier, unit: str = "") -> str:
    """Return a tier's band in words: "from 4 to below 9"."""
    start = tier.starts_at
    above = [one.starts_at for one in tiers if one.starts_at is not None]
    end = min((one for one in above if start is None or one > start), default=None)
    words = [] if start is None else [f"from {plain(start)}{unit}"]
    if end is not None:
        words.append(f"{'to ' if words else ''}below {plain(end)}{unit}")
    return " ".join(words) or "every score"


def by_score(
    definition: Definition, values: Mapping[str, Decimal], percents: Mapping[str, float]
) -> Tier:
    """Return the tier that the scores lead to, overrides aside."""
    if definition.scoring == "outcomes":
        return winner(definition, values)
    main = definition.scales[0].key
    if definition.bands == "percent":
        return band(definition.tiers, Decimal(str(percents[main])))
    return band(definition.tiers, values[main])


def _decide(
    definition: Definition, counted: Answers, found: Mapping[str, Tally], hidden: Hidden
) -> tuple[Scale, Tier, str]:
    """Return the scale that is shown as the score, the tier, and why it is that one."""
    values = scores(definition, found)
    shown = shown_scale(definition, values)
    overriding = _overriding(definition, counted, found, hidden)
    if overriding:
        return (
            shown,
            overriding,
            f"Whatever the score: {overrides.sentence(overriding, definition)}.",
        )
    percents = {scale: one.percent() for scale, one in found.items()}
    tier = by_score(definition, values, percents)
    return shown, tier, _why(definition, tier, values, percents[shown.key])


def _overriding(
    definition: Definition, counted: Answers, found: Mapping[str, Tally], hidden: Hidden
) -> Tier | None:
    if not any(tier.override for tier in definition.tiers):
        return None
    return overrides.first(definition, _facts(definition, counted, found, hidden))


def _facts(
    definition: Definition, counted: Answers, found: Mapping[str, Tally], hidden: Hidden
) -> Facts:
    known = Known(definition, hidden)
    for question, value in pairs(definition, counted):
        known.add(question, value)
    return Facts(traits={**known.traits, **figures(definition, found)})


def _why(definition: Definition, tier: Tier, values: Mapping[str, Decimal], share: float) -> str:
    if definition.scoring == "outcomes":
        return _why_winner(definition, tier, values)
    if definition.bands == "percent":
        return f"{share} %: {tier.label} is {reach(definition.tiers, tier, ' %')}."
    score = points_text(values[definition.scales[0].key])
    return f"{score}: {tier.label} is {reach(definition.tiers, tier)}."


def _why_winner(definition: Definition, tier: Tier, values: Mapping[str, Decimal]) -> str:
    label = next(scale.label for scale in definition.scales if scale.key == tier.scale)
    rivals = [one for one in definition.tiers if one.scale and one is not tier]
    tied = [one.label for one in rivals if values[one.scale] == values[tier.scale]]
    why = f"Most points on {label}: {points_text(values[tier.scale])}."
    return f"{why} {' and '.join(tied)} had as many; the one listed first wins." if tied else why


def _lines(definition: Definition, counted: Answers) -> list[Line]:
    return [
        Line(
            question=question.key,
            title=question.title,
            answer=answer_text(question, value),
            points={
                scale.key: plain(points(question, value, scale.key)) for scale in definition.scales
            },
        )
        for question, value in pairs(definition, counted)
    ]


def _total(scale: Scale, found: Tally) -> Total:
    return Total(
        scale=scale.key,
        label=scale.label,
        score=plain(found.score(scale.method)),
        maximum=plain(found.attainable(scale.method)),
    )
