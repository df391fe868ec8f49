"""Whether a rule holds for one contact's facts, why, and until when."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, assert_never

from apps.rules.clock import Calendar, Clock
from apps.rules.exact import plain
from apps.rules.facts import Facts, Occurrence
from apps.rules.flips import Outlook, Track, flips_at
from apps.rules.holding import found, holds_where, suffices
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Leaf,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)

__all__ = ["Facts", "Occurrence", "Reason", "Verdict", "holds", "judge", "reason_of"]


class Reason(NamedTuple):  # a dataclass takes five times as long to make
    """One node and its outcome; a group has `parts`, a condition the rest.

    `actual` is what the condition found: a trait's value as it is kept (None where missing),
    a count of events, the sum of a property (as near as a double gets) or its least or
    greatest value, the time of the first or last (None where there is none), or whether the
    contact is in the segment. `flips_at` is when time alone turns the condition over.
    """

    rule: Rule
    holds: bool
    actual: object = None
    flips_at: datetime | None = None
    parts: tuple["Reason", ...] = ()


class Verdict(NamedTuple):
    """The outcome, its reasons, and the next instant at which time alone could change it."""

    holds: bool
    reason: Reason
    flips_at: datetime | None


def holds(rule: Rule, facts: Facts, *, now: datetime, calendar: Calendar) -> bool:
    """Answer without reasons: the fast path."""
    clock = Clock(now, calendar)
    return holds_where(rule, lambda leaf: suffices(leaf, found(leaf, facts, clock), clock))


def judge(
    rule: Rule,
    facts: Facts,
    *,
    now: datetime,
    calendar: Calendar,
    nested: Mapping[str, Rule] | None = None,
) -> Verdict:
    """Answer with the reasons, condition by condition, and how long the answer stands.

    `nested` holds the rules of the segments that are referred to, by slug, each after those it
    refers to itself. What another segment holds counts as a fact that time does not change.
    """
    clock = Clock(now, calendar)
    tracks = Outlook(facts, clock, nested or {}).tracks(rule)
    reason = _reason(rule, tracks, clock)
    return Verdict(reason.holds, reason, flips_at(rule, tracks, clock))


def _reason(rule: Rule, tracks: Mapping[Leaf, Track], clock: Clock) -> Reason:
    match rule:
        case All(rules):
            parts = tuple(_reason(part, tracks, clock) for part in rules)
            return Reason(rule, all(part.holds for part in parts), parts=parts)
        case Any(rules):
            parts = tuple(_reason(part, tracks, clock) for part in rules)
            return Reason(rule, any(part.holds for part in parts), parts=parts)
        case Not(part):
            inner = _reason(part, tracks, clock)
            return Reason(rule, not inner.holds, parts=(inner,))
        case TraitCondition() | EventCondition() | SegmentCondition():
            return reason_of(tracks[rule], clock)
        case _:
            assert_never(rule)


def reason_of(one: Track, clock: Clock) -> Reason:
    """Return the reason of a condition."""
    found = one.found(clock)
    actual = plain(found) if isinstance(found, Decimal) else found
    return Reason(one.leaf, one.holds(clock), actual, one.flips_at(clock))
