"""Where time acts on a rule: the edges of its windows, for the tick that follows them.

Between two moments a verdict can change without any new fact only if, for some edge of the
rule, some fact lies in the sliver that slid across it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from apps.rules.clock import Calendar, Clock
from apps.rules.keys import leaves
from apps.rules.kinds import Kind
from apps.rules.lines import line_of
from apps.rules.nodes import EventCondition, Leaf, Operand, Rule, SegmentCondition, TraitCondition
from apps.rules.operators import operator
from apps.rules.windows import NOW, End, Offset

Sliver = tuple[datetime, datetime]  # the first and the last moment, both included


@dataclass(frozen=True, slots=True)
class EventEdge:
    """Events of a name slide across it as `end` passes the time at which they occurred."""

    event: str
    end: End

    @property
    def mark(self) -> str:
        return f"event:{self.event}"

    @property
    def kind(self) -> Kind:
        return Kind.DATETIME


@dataclass(frozen=True, slots=True)
class DateEdge:
    """Values of a trait cross it as `end` passes them.

    A sliver of dates is given as midnights UTC of those days.
    """

    trait: str
    kind: Kind
    end: End

    @property
    def mark(self) -> str:
        return f"trait:{self.trait}"


Edge = EventEdge | DateEdge


def slivers(
    edges: Iterable[Edge], *, prev: datetime, now: datetime, calendar: Calendar
) -> Iterator[tuple[Edge, list[Sliver]]]:
    """Yield for each edge between which times those lie that crossed it since `prev`."""
    before, after = Clock(prev, calendar), Clock(now, calendar)
    swept: dict[tuple[End, bool], list[Sliver]] = {}
    for edge in edges:
        line = line_of(edge.kind, after)
        passed = edge.end, edge.kind is Kind.DATE
        if passed not in swept:
            spans = edge.end.swept(line_of(edge.kind, before), line)
            swept[passed] = [line.moments(span) for span in spans]
        yield edge, swept[passed]


def edges(rule: Rule) -> frozenset[Edge]:
    """Return the distinct edges of all conditions of the rule."""
    return frozenset(edge for leaf in leaves(rule) for edge in _edges(leaf))


def event_ends(leaf: EventCondition) -> frozenset[End]:
    """Return what turns the condition over as it passes the time of an event.

    Now is among them: an event dated in the future counts once it is due, or once the one
    that has to follow it is.
    """
    when = leaf.first or leaf.last
    if when is not None:
        return frozenset([NOW, *_ends(when.op, when.value, Kind.DATETIME)])
    return frozenset([NOW] if leaf.within is None else [NOW, Offset(-leaf.within.delta)])


def _ends(op: str, value: Operand, kind: Kind) -> tuple[End, ...]:
    window = operator(op, kind).window
    return () if window is None else window(value).ends


def _edges(leaf: Leaf) -> list[Edge]:
    match leaf:
        case TraitCondition(trait, op, value, kind):
            return [DateEdge(trait, kind, end) for end in _ends(op, value, kind)]
        case EventCondition(event, then=then):
            due = then.event if then is not None else event
            return [EventEdge(due if end == NOW else event, end) for end in event_ends(leaf)]
        case SegmentCondition():
            return []
        case _:
            assert_never(leaf)
