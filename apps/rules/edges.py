"""Where time acts on a rule: the edges of its windows, for the tick that follows them.

Between two moments a verdict can change without any new fact only if, for some edge of the
rule, some fact lies in the sliver that slid across it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never

from apps.rules.clock import NO_TIME, Calendar, Clock, moment
from apps.rules.keys import leaves
from apps.rules.kinds import Kind
from apps.rules.nodes import EventCondition, Leaf, Rule, SegmentCondition, TraitCondition
from apps.rules.operators import operator

Sliver = tuple[datetime, datetime]  # (after, up to and with)


@dataclass(frozen=True, slots=True)
class EventEdge:
    """Events of a name slide across it `offset` after they occurred; 0 is coming due."""

    event: str
    offset: timedelta

    @property
    def mark(self) -> str:
        return f"event:{self.event}"

    def sliver(self, prev: datetime, now: datetime, *, calendar: Calendar) -> Sliver:
        """Return between which times the events occurred that slid across since `prev`."""
        return Clock(prev, calendar).ago(self.offset), Clock(now, calendar).ago(self.offset)


@dataclass(frozen=True, slots=True)
class DateEdge:
    """Values of a trait cross it when they are reached by the moment `offset` from now.

    For a time that is the instant now + offset, for a date the local day of that instant.
    """

    trait: str
    kind: Kind
    offset: timedelta

    @property
    def mark(self) -> str:
        return f"trait:{self.trait}"

    def sliver(self, prev: datetime, now: datetime, *, calendar: Calendar) -> Sliver:
        """Return between which values those lie that were crossed since `prev`.

        A date is given as midnight UTC of that day.
        """
        return self._reached(Clock(prev, calendar)), self._reached(Clock(now, calendar))

    def _reached(self, clock: Clock) -> datetime:
        reached = clock.instant(self.offset)
        if self.kind is Kind.DATETIME:
            return moment(reached)
        day = min(max(clock.day(reached), date.min.toordinal()), date.max.toordinal())
        return datetime.combine(date.fromordinal(day), time.min, UTC)


Edge = EventEdge | DateEdge


def edges(rule: Rule) -> frozenset[Edge]:
    """Return the distinct edges of all conditions of the rule."""
    return frozenset(edge for leaf in leaves(rule) for edge in _edges(leaf))


def event_offsets(leaf: EventCondition) -> frozenset[timedelta]:
    """Return after how long since it occurred an event may turn the condition over.

    0 is among them: an event dated in the future counts once it is due.
    """
    when = leaf.first or leaf.last
    if when is not None:
        across = operator(when.op, Kind.DATETIME).offsets(when.value)
        return frozenset([NO_TIME, *(-offset for offset in across)])
    return frozenset([NO_TIME] if leaf.within is None else [NO_TIME, leaf.within.delta])


def _edges(leaf: Leaf) -> list[Edge]:
    match leaf:
        case TraitCondition(trait, op, value, kind):
            offsets = operator(op, kind).offsets(value)
            return [DateEdge(trait, kind, offset) for offset in offsets]
        case EventCondition(event):
            return [EventEdge(event, offset) for offset in event_offsets(leaf)]
        case SegmentCondition():
            return []
        case _:
            assert_never(leaf)
