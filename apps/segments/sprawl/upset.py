"""The largest groups of contacts that stand in exactly the same segments: an UpSet drawing.

A column is one such group: its bar, and a dot for each segment its contacts stand in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.segments.sprawl.heatmap import Name, shortened

SLOT, BAR, TALLEST, TOP = 48, 26, 96, 18  # units of the drawing
BASE = TOP + TALLEST  # where the bars stand
ROW, GAP = 24, 12
COLUMNS, ROWS = 15, 24
TABLE = 40  # rows of the table
SAID = 3  # segments of a mix in the title


@dataclass(frozen=True, slots=True)
class Column:
    """`dots` and `gaps` are the heights of what is in the mix and what is not."""

    x: int  # of the bar
    middle: int
    y: int
    height: int
    contacts: int
    title: str
    dots: tuple[int, ...]
    gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    names: str
    contacts: int


@dataclass(frozen=True, slots=True)
class UpSet:
    title: str
    rows: tuple[Name, ...]  # their text ends in the members of the segment
    columns: tuple[Column, ...]
    width: int
    height: int
    table: tuple[Mix, ...]


def draw(found: Mapping[str, Any]) -> UpSet | None:
    mixes = found["mixes"]
    if not mixes:
        return None
    names = [one["name"] for one in found["segments"]]
    chosen = _chosen(mixes)
    rows = sorted({place for places, _ in chosen for place in places},
                  key=lambda place: -found["segments"][place]["members"])  # fmt: skip
    heights = {place: BASE + GAP + ROW * at + ROW // 2 for at, place in enumerate(rows)}
    return UpSet(
        title=_title(found, names),
        rows=tuple(_row(found["segments"][place], heights[place]) for place in rows),
        columns=tuple(_columns(chosen, names, heights)),
        width=SLOT * len(chosen),
        height=BASE + GAP + ROW * len(rows),
        table=tuple(Mix(_together(places, names), number) for places, number in mixes[:TABLE]),
    )


def _chosen(mixes: Sequence[tuple[list[int], int]]) -> list[tuple[list[int], int]]:
    """Return the largest mixes, as many as have few enough segments between them."""
    chosen: list[tuple[list[int], int]] = []
    rows: set[int] = set()
    for places, number in mixes:
        if len(chosen) == COLUMNS or (chosen and len(rows.union(places)) > ROWS):
            break
        rows.update(places)
        chosen.append((places, number))
    return chosen


def _row(segment: Mapping[str, Any], at: int) -> Name:
    return Name(shortened(segment["name"]), f"{segment['name']}: {segment['members']:,}", at)


def _columns(
    chosen: Sequence[tuple[list[int], int]], names: Sequence[str], heights: Mapping[int, int]
) -> Iterator[Column]:
    largest = chosen[0][1]
    for at, (places, number) in enumerate(chosen):
        height = max(TALLEST * number // largest, 2)
        yield Column(
            x=at * SLOT + (SLOT - BAR) // 2,
            middle=at * SLOT + SLOT // 2,
            y=BASE - height,
            height=height,
            contacts=number,
            title=f"{_together(places, names)}: {number:,}",
            dots=tuple(sorted(heights[place] for place in places)),
            gaps=tuple(y for place, y in heights.items() if place not in places),
        )


def _together(places: Sequence[int], names: Sequence[str]) -> str:
    return " + ".join(names[place] for place in places)


def _in_short(places: Sequence[int], names: Sequence[str]) -> str:
    if len(places) <= SAID:
        return _together(places, names)
    return f"{_together(places[:SAID], names)} and {len(places) - SAID} more"


def _title(found: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return what the drawing shows, in words."""
    places, number = found["mixes"][0]
    several = found["contacts"] - found["alone"]
    share = f"{several:,} of {found['contacts']:,} contacts stand in several segments at once"
    kind = "mix" if len(places) > 1 else "group"
    return f"{share}; the largest {kind} is {number:,} in {_in_short(places, names)}"
