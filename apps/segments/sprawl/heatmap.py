"""The overlap of each two segments as a drawing in whole numbers, and as a table.

The overlap is the share of the smaller segment that is also in the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CELL, HEAD, NAMES = 22, 132, 156  # units of the drawing
LETTERS = 22  # of a name
MOST = 60  # segments drawn: those that share most
ROWS = 100  # of the table
MUCH = 80  # percent
MARKS = {"same": "=", "inside": "⊂", "contains": "⊃", "disjoint": "·", "undecided": "?"}
TURNED = {"inside": "contains", "contains": "inside"}
WORDS = {
    "same": "the same",
    "inside": "the first is inside the second",
    "contains": "the second is inside the first",
    "disjoint": "nobody can be in both",
    "overlap": "some can be in both",
    "undecided": "not decided",
    "": "held by hand: anybody can be in both",
}


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    y: int
    level: int  # 0 to 5
    mark: str
    title: str


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    full: str
    at: int  # the middle of its row or column


@dataclass(frozen=True, slots=True)
class Pair:
    one: str
    other: str
    shared: int
    percent: int
    relation: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    title: str
    names: tuple[Name, ...]
    cells: tuple[Cell, ...]
    size: int  # of the square of cells
    left_out: int  # segments that are not drawn
    pairs: tuple[Pair, ...]
    more: int  # pairs that are not in the table


@dataclass
class Overlaps:
    """What a stored report says of each two segments, from either side."""

    names: list[str]
    members: list[int]
    shared: dict[tuple[int, int], int] = field(default_factory=dict)
    relations: dict[tuple[int, int], str] = field(default_factory=dict)
    static: frozenset[int] = frozenset()
    drawn: tuple[int, ...] = ()  # all but those that hold everybody, or nobody

    def percent(self, one: int, other: int) -> int:
        both = self.shared.get((min(one, other), max(one, other)), 0)
        return 100 * both // min(self.members[one], self.members[other]) if both else 0

    def relation(self, one: int, other: int) -> str:
        if {one, other} & self.static:
            return ""
        if found := self.relations.get((one, other)):
            return found
        found = self.relations.get((other, one), "overlap")
        return TURNED.get(found, found)


def read(found: Mapping[str, Any]) -> Overlaps:
    segments = found["segments"]
    return Overlaps(
        names=[one["name"] for one in segments],
        members=[one["members"] for one in segments],
        shared={(one, other): both for one, other, both in found["shared"]},
        relations={(one, other): relation for one, other, relation in found["relations"]},
        static=frozenset(at for at, one in enumerate(segments) if one["is_static"]),
        drawn=tuple(at for at, one in enumerate(segments) if one["is_drawn"]),
    )


def draw(found: Mapping[str, Any]) -> HeatMap | None:
    """Place the segments so that those with much in common stand side by side."""
    overlaps = read(found)
    if len(overlaps.drawn) < 2:
        return None
    order = _ordered(overlaps)
    names = tuple(
        Name(shortened(overlaps.names[place]), overlaps.names[place], at * CELL + CELL // 2)
        for at, place in enumerate(order)
    )
    pairs = sorted(_pairs(overlaps), key=lambda pair: (-pair.percent, -pair.shared, pair.one))
    return HeatMap(
        title=_title(pairs),
        names=names,
        cells=tuple(_cells(overlaps, order)),
        size=len(order) * CELL,
        left_out=len(overlaps.drawn) - len(order),
        pairs=tuple(pairs[:ROWS]),
        more=max(len(pairs) - ROWS, 0),
    )


def shortened(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1].rstrip()}…"


def _ordered(overlaps: Overlaps) -> list[int]:
    """Return the segments that share most, each beside the one it shares most with."""
    places = overlaps.drawn
    sums = {one: sum(overlaps.percent(one, other) for other in places if other != one)
            for one in places}  # fmt: skip
    left = sorted(places, key=lambda place: (-sums[place], overlaps.names[place]))[:MOST]
    order = [left.pop(0)]
    while left:
        last = order[-1]
        nearest = max(left, key=lambda place: overlaps.percent(last, place))
        left.remove(nearest)
        order.append(nearest)
    return order


def _cells(overlaps: Overlaps, order: list[int]) -> Iterator[Cell]:
    for row, one in enumerate(order):
        for column, other in enumerate(order):
            if one == other:
                continue
            percent, relation = overlaps.percent(one, other), overlaps.relation(one, other)
            mark = MARKS.get(relation, "")
            if percent or mark:
                title = (
                    f"{overlaps.names[one]} and {overlaps.names[other]}: {percent} %,"
                    f" {WORDS[relation]}"
                )
                yield Cell(column * CELL, row * CELL, _level(percent), mark, title)


def _level(percent: int) -> int:
    return 0 if not percent else min(1 + percent // 20, 5)


def _pairs(overlaps: Overlaps) -> Iterator[Pair]:
    drawn = set(overlaps.drawn)
    for (one, other), both in overlaps.shared.items():
        if {one, other} <= drawn:
            yield Pair(
                overlaps.names[one],
                overlaps.names[other],
                both,
                overlaps.percent(one, other),
                WORDS[overlaps.relation(one, other)],
            )


def _title(pairs: list[Pair]) -> str:
    """Return what the map shows, in words; the pairs come with the most alike first."""
    if not pairs:
        return "No two segments share anybody today"
    first = pairs[0]
    most = f"“{first.one}” and “{first.other}” share {first.percent} % of the smaller one"
    much = sum(pair.percent >= MUCH for pair in pairs)
    if much < 2:
        return most
    return f"{much:,} pairs share at least {MUCH} % of the smaller segment"
