"""The occurrences a condition on events looks at, and what it asks of those that are due."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.rules.clock import Clock
from apps.rules.exact import total
from apps.rules.facts import Facts, Occurrence
from apps.rules.kinds import Kind, stored
from apps.rules.nodes import EventCondition, Then, Where
from apps.rules.operators import operator


@dataclass(frozen=True, slots=True)
class Matched:
    """The occurrences that match, in order of time.

    `since` says from when on each counts: from its own time or, where another event has to
    follow, from that one's. It ascends as the times do. `numbers` holds what the property that
    is measured says; occurrences where it is no number are left out.
    """

    times: list[datetime]
    since: list[datetime]
    numbers: list[int | float]


def matched(leaf: EventCondition, facts: Facts) -> Matched:
    """Find them, due or not."""
    found = _matching(leaf.event, leaf.where, facts)
    if leaf.measured is not None:
        found = [one for one in found if _number(leaf.measured.property, one) is not None]
    times = [occurrence.occurred_at for occurrence in found]
    since = times
    if leaf.then is not None:
        followed = _followed(times, leaf.then, facts)
        found = [found[index] for index in followed]
        times, since = [times[index] for index in followed], list(followed.values())
    if leaf.measured is None:
        return Matched(times, since, [])
    numbers = (_number(leaf.measured.property, occurrence) for occurrence in found)
    return Matched(times, since, [number for number in numbers if number is not None])


def asked(leaf: EventCondition, matched: Matched, clock: Clock) -> object:
    """Return what the condition asks of those that are due: a count, a time, a measure."""
    times, due = matched.times, bisect_right(matched.since, clock.now)
    if leaf.first is not None:
        return times[0] if due else None
    if leaf.last is not None:
        return times[due - 1] if due else None
    start = 0
    if leaf.within is not None:
        start = min(due, bisect_right(times, clock.ago(leaf.within.delta)))
    if leaf.sum is not None:
        return total(matched.numbers[start:due])
    if leaf.min is not None:
        return min(matched.numbers[start:due], default=None)
    if leaf.max is not None:
        return max(matched.numbers[start:due], default=None)
    return due - start


def _matching(event: str, wheres: Iterable[Where], facts: Facts) -> list[Occurrence]:
    return sorted(
        (
            occurrence
            for occurrence in facts.events.get(event, ())
            if all(_property_holds(where, occurrence.properties) for where in wheres)
        ),
        key=lambda occurrence: occurrence.occurred_at,
    )


def _followed(times: list[datetime], then: Then, facts: Facts) -> dict[int, datetime]:
    """Return the places of the times that are followed, each with when that is first so."""
    followers = [one.occurred_at for one in _matching(then.event, then.where, facts)]
    found = {}
    for index, time in enumerate(times):
        after = bisect_right(followers, time)
        if after == len(followers):
            break
        if then.within is None or followers[after] - time <= then.within.delta:
            found[index] = followers[after]
    return found


def _number(key: str, occurrence: Occurrence) -> int | float | None:
    number = stored(Kind.NUMBER, occurrence.properties.get(key))
    return number if isinstance(number, int | float) else None


def _property_holds(where: Where, properties: Mapping[str, object]) -> bool:
    value = stored(where.kind, properties.get(where.property))
    return operator(where.op, where.kind).holds_of(value, where.value)
