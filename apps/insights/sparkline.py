"""A small bar chart as plain numbers: the template draws them as SVG attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

SLOT = 40  # units of the drawing from one bar to the next
BAR = 26
HEIGHT = 48  # of the tallest bar
TOP = 14  # room for the number over it
LEAST = 2  # so that a zero can be seen


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
