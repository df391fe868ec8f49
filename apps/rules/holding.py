"""Whether a rule, and each of its conditions, holds for one contact's facts."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from apps.rules.clock import Clock
from apps.rules.exact import exactly
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
)
from apps.rules.occurring import asked, matched
from apps.rules.operators import COUNTING, MEASURING, SUMMING, operator

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
            return asked(leaf, matched(leaf, facts), clock)
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


def _occurrence_suffices(leaf: EventCondition, found: object, clock: Clock) -> bool:
    when = leaf.first or leaf.last
    if when is not None:
        value = datetime_text(found) if isinstance(found, datetime) else None
        row = operator(when.op, Kind.DATETIME)
        return row.holds(value, when.value, kind=Kind.DATETIME, clock=clock)
    if leaf.sum is not None:
        return SUMMING[leaf.sum.op].holds_of(found, exactly(leaf.sum.value))
    if leaf.measured is not None:
        return MEASURING[leaf.measured.op].holds_of(found, leaf.measured.value)
    count = leaf.count or AT_LEAST_ONE
    return COUNTING[count.op].holds_of(found, count.value)
