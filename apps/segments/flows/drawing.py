"""A flow as plain numbers: where bands and words stand. The template draws them as SVG.

Origins on the left, the segment in the middle, destinations on the right; the height of a band
says how many it stands for, on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.segments.flows.counting import End, Side

WIDE = 760
TALL = 260  # of the larger side without its gaps
GAP = 14
LEAST = 2.0  # so that a single contact can be seen
NODE = 10
LEFT, MIDDLE, RIGHT = 220, 375, 530  # where the nodes begin
SHOWN = 7  # ends of one side; the smaller ones are put together
LONGEST = 26  # characters of a name


@dataclass(frozen=True, slots=True)
class Band:
    """One end: its node, its ribbon to the middle, its words."""

    x: float
    y: float
    height: float
    ribbon: str
    tone: str
    name: str
    number: int
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    tall: float
    bands: list[Band]
    middle_y: float
    middle_height: float


def draw(came: Side, went: Side) -> Drawing:
    sides = [_largest(side.ends) for side in (came, went)]
    scale = TALL / max(came.total, went.total, 1)
    heights = [[max(end.number * scale, LEAST) for end in ends] for ends in sides]
    tall = max(sum(found) + GAP * max(len(found), 1) for found in heights)
    middle = max(sum(found) for found in heights)
    top = (tall - middle) / 2
    bands = [
        *_bands(sides[0], heights[0], tall, top, x=LEFT, to=MIDDLE),
        *_bands(sides[1], heights[1], tall, top, x=RIGHT, to=MIDDLE + NODE),
    ]
    return Drawing(round(tall, 1), bands, round(top, 1), round(max(middle, LEAST), 1))


def _largest(ends: Sequence[End]) -> list[End]:
    """Return the largest segments and what is none; the other segments as one."""
    segments = [end for end in ends if end.segment is not None]
    others = [end for end in ends if end.segment is None]
    if len(segments) <= SHOWN:
        return [*segments, *others]
    rest = segments[SHOWN - 1 :]
    together = End(f"{len(rest)} other segments", sum(end.number for end in rest))
    return [*segments[: SHOWN - 1], together, *others]


def _bands(
    ends: Sequence[End], heights: Sequence[float], tall: float, top: float, *, x: int, to: int
) -> list[Band]:
    y = (tall - sum(heights) - GAP * (len(ends) - 1)) / 2
    found, inner = [], top
    for place, (end, height) in enumerate(zip(ends, heights, strict=True)):
        is_left = x < to
        found.append(
            Band(
                x=x,
                y=round(y, 1),
                height=round(height, 1),
                ribbon=_ribbon(x + NODE if is_left else x, y, to, inner, height),
                tone=f"c{place % 6 + 1}" if end.segment is not None else "plain",
                name=end.name if len(end.name) <= LONGEST else f"{end.name[: LONGEST - 1]}…",
                number=end.number,
                text_x=x - 8 if is_left else x + NODE + 8,
                text_y=round(y + height / 2, 1),
                anchor="end" if is_left else "start",
            )
        )
        y, inner = y + height + GAP, inner + height
    return found


def _ribbon(x: float, y: float, to_x: float, to_y: float, height: float) -> str:
    """Return the path of a band that leads from one node to another."""
    half = (x + to_x) / 2
    return (
        f"M{x:g},{y:.1f} C{half:g},{y:.1f} {half:g},{to_y:.1f} {to_x:g},{to_y:.1f}"
        f" V{to_y + height:.1f}"
        f" C{half:g},{to_y + height:.1f} {half:g},{y + height:.1f} {x:g},{y + height:.1f} Z"
    )
