"""What a response comes to: pure functions of a definition and its answers.

The score is always recomputed from the answers on the path actually taken, so going back
never counts twice and an abandoned branch never counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes import overrides
from apps.quizzes.branching import Answers, answered
from apps.quizzes.definition import Definition, Question, Scale, Tier, plain
from apps.quizzes.wording import answer_text, points_text
from apps.quizzes.worth import ZERO, extent, points


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


def score(definition: Definition, answers: Answers) -> Result:
    """Return score, percent and tier of the answers on the path taken, with the receipt."""
    counted = answered(definition, answers)
    sums = {scale.key: total(definition, counted, scale.key) for scale in definition.scales}
    shown, tier, why = _decide(definition, counted, sums)
    value, maximum = sums[shown], attainable(definition, counted, shown)
    return Result(
        score=plain(value),
        percent=percent(value, maximum),
        tier=tier,
        receipt=Receipt(
            lines=tuple(_lines(definition, counted)),
            totals=tuple(_total(definition, counted, scale) for scale in definition.scales),
            tier=tier.label,
            why=why,
        ),
    )


def total(definition: Definition, counted: Answers, scale: str) -> Decimal:
    """Return the sum of points on one scale, of answers that are on the path."""
    return sum(
        (points(question, value, scale) for question, value in _pairs(definition, counted)), ZERO
    )


def attainable(definition: Definition, counted: Answers, scale: str) -> Decimal:
    """Return the most these questions could have given; skipped ones are left out."""
    return sum(
        (
            extent(question, scale)[1]
            for question, value in _pairs(definition, counted)
            if value is not None
        ),
        ZERO,
    )


def percent(value: Decimal, maximum: Decimal) -> float:
    """Return the share of the attainable maximum, from 0 to 100 and to one decimal."""
    if maximum <= 0:
        return 0
    return plain(round(min(max(100 * value / maximum, ZERO), Decimal(100)), 1))


def band(tiers: Sequence[Tier], value: Decimal) -> Tier:
    """Return the tier whose half-open band holds the value: from its start to the next one."""
    reached = [
        (tier.starts_at is not None, tier.starts_at or ZERO, tier)
        for tier in tiers
        if not tier.override_only and (tier.starts_at is None or tier.starts_at <= value)
    ]
    return max(reached, key=lambda one: one[:2])[2]


def reach(tiers: Sequence[Tier], tier: Tier) -> str:
    """Return a tier's band in words: "from 4 to below 9"."""
    start = tier.starts_at
    above = [one.starts_at for one in tiers if one.starts_at is not None]
    end = min((one for one in above if start is None or one > start), default=None)
    words = [] if start is None else [f"from {plain(start)}"]
    if end is not None:
        words.append(f"{'to ' if words else ''}below {plain(end)}")
    return " ".join(words) or "every score"


def winner(definition: Definition, sums: Mapping[str, Decimal]) -> Tier:
    """Return the outcome whose scale has most points; of equals the one listed first."""
    outcomes = [tier for tier in definition.tiers if tier.scale]
    return max(outcomes, key=lambda tier: sums[tier.scale])  # max keeps the first of equals


def _decide(
    definition: Definition, counted: Answers, sums: Mapping[str, Decimal]
) -> tuple[str, Tier, str]:
    """Return the scale that is shown as the score, the tier, and why it is that one."""
    main = definition.scales[0].key
    if definition.scoring == "outcomes":
        tier = winner(definition, sums)
        shown, why = tier.scale, _why_winner(definition, tier, sums)
    else:
        tier = band(definition.tiers, sums[main])
        shown, why = (
            main,
            f"{points_text(sums[main])}: {tier.label} is {reach(definition.tiers, tier)}.",
        )
    overriding = _overriding(definition, counted, sums[shown], shown)
    if overriding:
        why = f"Whatever the score: {overrides.sentence(overriding, definition)}."
        return shown, overriding, why
    return shown, tier, why


def _overriding(
    definition: Definition, counted: Answers, value: Decimal, scale: str
) -> Tier | None:
    share = percent(value, attainable(definition, counted, scale))
    numbers = {"score": plain(value), "percent": share}
    return next(
        (tier for tier in definition.tiers if overrides.holds(tier, definition, counted, numbers)),
        None,
    )


def _why_winner(definition: Definition, tier: Tier, sums: Mapping[str, Decimal]) -> str:
    label = next(scale.label for scale in definition.scales if scale.key == tier.scale)
    rivals = [one for one in definition.tiers if one.scale and one is not tier]
    tied = [one.label for one in rivals if sums[one.scale] == sums[tier.scale]]
    why = f"Most points on {label}: {points_text(sums[tier.scale])}."
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
        for question, value in _pairs(definition, counted)
    ]


def _total(definition: Definition, counted: Answers, scale: Scale) -> Total:
    return Total(
        scale=scale.key,
        label=scale.label,
        score=plain(total(definition, counted, scale.key)),
        maximum=plain(attainable(definition, counted, scale.key)),
    )


def _pairs(definition: Definition, counted: Answers) -> list[tuple[Question, Any]]:
    return [(definition.questions[definition.places[key]], counted[key]) for key in counted]
