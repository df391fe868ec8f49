"""The score as a picture: where its lines go. Pure geometry; templates and cards draw it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_AXES = 12
FEWEST_AXES = 3
CENTRE = (220, 150)  # of a radar, in the units of its drawing (440 by 300)
RADIUS = 100
RINGS = (0.25, 0.5, 0.75, 1.0)
LONGEST_LABEL = 16  # characters beside an axis; the table has the whole


@dataclass(frozen=True, slots=True)
class Reading:
    """What one scale came to."""

    label: str
    score: float
    maximum: float  # of what could be reached on the way taken

    @property
    def share(self) -> float:
        """Return how much of what could be reached, from 0 to 1."""
        return min(max(self.score / self.maximum, 0), 1) if self.maximum > 0 else 0

    @property
    def percent(self) -> int:
        return round(100 * self.share)


@dataclass(frozen=True, slots=True)
class Chart:
    """A gauge of one reading, or a radar of three or more."""

    readings: tuple[Reading, ...]

    @property
    def is_radar(self) -> bool:
        return len(self.readings) >= FEWEST_AXES

    @property
    def main(self) -> Reading:
        return self.readings[0]

    @property
    def axes(self) -> list["Axis"]:
        return [_axis(self.readings, place) for place in range(len(self.readings))]

    @property
    def rings(self) -> list[str]:
        count = len(self.readings)
        return [_points([_at(place, count, ring) for place in range(count)]) for ring in RINGS]

    @property
    def area(self) -> str:
        count = len(self.readings)
        return _points([_at(place, count, one.share) for place, one in enumerate(self.readings)])


@dataclass(frozen=True, slots=True)
class Axis:
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    anchor: str  # as SVG has it: start, middle or end
    dot_x: float
    dot_y: float


def chart(kind: str, receipt: Mapping[str, Any], *, main: float | None) -> Chart | None:
    """Return the chart of a receipt's totals; None where none is wanted, or nothing was scored.

    A gauge shows the scale that counted as the score, which `main` is. A radar of fewer than
    three scales would have no area: then it is a gauge too.
    """
    totals = receipt.get("totals", ())
    found = [Reading(one["label"], _short(one["score"]), _short(one["maximum"])) for one in totals]
    if not kind or not found:
        return None
    if kind == "radar" and len(found) >= FEWEST_AXES:
        return Chart(tuple(found[:MOST_AXES]))
    shown = [one for one in found if main is not None and one.score == _short(main)]
    return Chart(((shown or found)[0],))


def _short(value: float) -> float:
    """Return a number as people write it: 3, not 3.0; 0.33, not 0.3333."""
    short = round(value, 2)
    return int(short) if short == int(short) else short


def _axis(readings: Sequence[Reading], place: int) -> Axis:
    reading, count = readings[place], len(readings)
    x, y = _at(place, count, 1)
    label_x, label_y = _at(place, count, 1.12)
    dot_x, dot_y = _at(place, count, reading.share)
    aside = label_x - CENTRE[0]
    anchor = "middle" if abs(aside) < 1 else ("start" if aside > 0 else "end")
    label = reading.label
    if len(label) > LONGEST_LABEL:
        label = f"{label[: LONGEST_LABEL - 1].rstrip()}…"
    return Axis(x, y, label, label_x, label_y, anchor, dot_x, dot_y)


def _at(place: int, count: int, share: float) -> tuple[float, float]:
    """Return a point this far out on an axis; the first axis points upwards."""
    angle = 2 * math.pi * place / count
    x = CENTRE[0] + RADIUS * share * math.sin(angle)
    y = CENTRE[1] - RADIUS * share * math.cos(angle)
    return round(x, 1), round(y, 1)


def _points(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in corners)
