"""Whether a rule, and each of its conditions, holds for one contact's facts."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from apps.rules.clock import Clock
from apps.rules.facts import Facts
from apps.rules.kinds import Kind, datetime_text, stored
from apps.rules.nodes import (
    All,
    Any,
    Compare,
    EventCondition,
    Leaf,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
    Where,
)
from apps.rules.operators import COUNTING, operator

AT_LEAST_ONE = Compare("at_least", 1)


def holds_where(rule: Rule, leaf_holds: Callable[[Leaf], bool]) -> bool:
    """Combine the outcomes of the conditions."""
    match rule:
        case All(rules):
            return all(holds_where(part, leaf_holds) for part in rules)
        case Any(rules):
            return any(holds_where(part, leaf_holds) for part in rules)
        case Not(part):
            return not holds_where(part, leaf_holds)
        case TraitCondition() | EventCondition() | SegmentCondition():
            return leaf_holds(rule)
        case _:
            assert_never(rule)


def found(leaf: Leaf, facts: Facts, clock: Clock) -> object:
    """Return what the condition looks at: a stored value, a count, a time, a standing."""
    match leaf:
        case TraitCondition(trait=trait, kind=kind):
            return stored(kind, facts.traits.get(trait))
        case EventCondition():
            return asked(leaf, matching_times(leaf, facts), clock)
        case SegmentCondition(segment):
            return segment in facts.segments
        case _:
            assert_never(leaf)


def suffices(leaf: Leaf, found: object, clock: Clock) -> bool:
    """Return whether the condition holds with what was found."""
    match leaf:
        case TraitCondition(op=op, value=value, kind=kind):
            return operator(op, kind).holds(found, value, kind=kind, clock=clock)
        case EventCondition():
            return _occurrence_suffices(leaf, found, clock)
        case SegmentCondition():
            return found is True
        case _:
            assert_never(leaf)


def matching_times(leaf: EventCondition, facts: Facts) -> list[datetime]:
    """Return when the events of this name and these properties occur, in order of time."""
    return sorted(
        occurrence.occurred_at
        for occurrence in facts.events.get(leaf.event, ())
        if all(_property_holds(where, occurrence.properties) for where in leaf.where)
    )


def asked(leaf: EventCondition, times: Sequence[datetime], clock: Clock) -> object:
    """Return the count, or the first or last time, of those of the times that are due."""
    due = bisect_right(times, clock.now)
    if leaf.first is not None:
        return times[0] if due else None
    if leaf.last is not None:
        return times[due - 1] if due else None
    if leaf.within is not None:
        return due - bisect_right(times, clock.ago(leaf.within.delta))
    return due


def _occurrence_suffices(leaf: EventCondition, found: object, clock: Clock) -> bool:
    when = leaf.first or leaf.last
    if when is None:
        count = leaf.count or AT_LEAST_ONE
        return COUNTING[count.op].holds(found, count.value, kind=Kind.NUMBER, clock=clock)
    value = datetime_text(found) if isinstance(found, datetime) else None
    row = operator(when.op, Kind.DATETIME)
    return row.holds(value, when.value, kind=Kind.DATETIME, clock=clock)


def _property_holds(where: Where, properties: Mapping[str, object]) -> bool:
    value = stored(where.kind, properties.get(where.property))
    return operator(where.op, where.kind).holds_of(value, where.value)
