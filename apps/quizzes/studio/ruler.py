"""Tiers as bands on a ruler of the scores that can be attained, as an SVG."""

from dataclasses import dataclass
from decimal import Decimal

from apps.quizzes.definition import Definition, plain
from apps.quizzes.proving import Proof
from apps.quizzes.wording import share_text

WIDTH = 1000
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Band:
    """A tier from one place on the ruler to another, both from 0 to WIDTH."""

    label: str
    number: int  # of its colour, 1 to 6
    x: float
    width: float
    start: float  # as a score
    share: str | None  # of all ways to answer


@dataclass(frozen=True, slots=True)
class Ruler:
    low: float
    high: float
    unit: str
    bands: list[Band]


def ruler(definition: Definition, proof: Proof) -> Ruler | None:
    """Return the ruler of a quiz of tiers; None where there is no range to draw."""
    ends = _ends(definition, proof)
    banded = [tier for tier in definition.tiers if not tier.override_only and not tier.scale]
    if definition.scoring != "tiers" or ends is None or not banded:
        return None
    low, high = ends
    places = sorted(banded, key=lambda tier: low if tier.starts_at is None else tier.starts_at)
    starts = [low if tier.starts_at is None else tier.starts_at for tier in places]
    bands = []
    for number, (tier, start) in enumerate(zip(places, starts, strict=True), start=1):
        end = starts[number] if number < len(starts) else high
        left, right = (_place(value, low, high) for value in (start, end))
        share = None if proof.shares is None else share_text(proof.shares.get(tier.key, 0))
        bands.append(
            Band(tier.label, (number - 1) % 6 + 1, left, right - left, plain(start), share)
        )
    unit = " %" if definition.bands == "percent" else ""
    return Ruler(plain(low), plain(high), unit, bands)


def _ends(definition: Definition, proof: Proof) -> tuple[Decimal, Decimal] | None:
    if definition.bands == "percent":
        return Decimal(0), HUNDRED
    main = definition.scales[0].key if definition.scales else ""
    found = proof.ranges.get(main)
    return found if found and found[0] < found[1] else None


def _place(value: Decimal, low: Decimal, high: Decimal) -> float:
    return round(float(min(max(value, low), high) - low) / float(high - low) * WIDTH, 1)
