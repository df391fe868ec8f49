"""Small charts as plain numbers: the template draws them as SVG attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

SLOT = 40  # units of the drawing from one bar to the next
BAR = 26
HEIGHT = 48  # of the tallest bar
TOP = 14  # room for the number over it
LEAST = 2  # so that a zero can be seen
WIDE, HIGH = 120, 28  # of a line
EDGE = 3  # within which its ends are drawn whole


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    height: float
    middle: float
    count: int
    label: str


def bars(values: Sequence[tuple[str, int]]) -> list[Bar]:
    """Place one bar for each (label, count); the tallest takes the whole height."""
    top = max((count for _label, count in values), default=0) or 1
    return [_bar(place, label, count, top) for place, (label, count) in enumerate(values)]


def _bar(place: int, label: str, count: int, top: int) -> Bar:
    height = max(LEAST, round(HEIGHT * count / top, 1))
    return Bar(
        x=place * SLOT + (SLOT - BAR) / 2,
        y=TOP + HEIGHT - height,
        height=height,
        middle=place * SLOT + SLOT / 2,
        count=count,
        label=label,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A course of values: `points` as SVG has them, and where the last one is."""

    points: str
    end_x: float
    end_y: float
    low: int
    high: int


def line(values: Sequence[int], *, wide: int = WIDE, high: int = HIGH) -> Line:
    """Draw values from left to right, the least at the bottom; what never changes is level.

    It shows how a number went, not how large it is: that is written beside it.
    """
    low, top = min(values), max(values)
    step = (wide - 2 * EDGE) / max(len(values) - 1, 1)
    span = high - 2 * EDGE
    places = [
        (round(EDGE + step * number, 1), _height(value, low, top, span))
        for number, value in enumerate(values)
    ]
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    return Line(points, *places[-1], low, top)


def _height(value: int, low: int, top: int, span: int) -> float:
    if low == top:
        return EDGE + span / 2
    return round(EDGE + span * (top - value) / (top - low), 1)
