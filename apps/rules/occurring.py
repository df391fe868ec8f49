"""The occurrences a condition on events looks at, and what it asks of those that are due."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from apps.rules.clock import Clock
from apps.rules.exact import total
from apps.rules.facts import Facts, Occurrence
from apps.rules.kinds import stored, stored_number
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
    numbers: list[int | float] = []
    if leaf.measured is not None:
        found, numbers = _measured(leaf.measured.property, found)
    times = [occurrence.occurred_at for occurrence in found]
    if leaf.then is None:
        return Matched(times, times, numbers)
    since = _followed(times, leaf.then, facts)
    return Matched(
        [times[index] for index in since],
        list(since.values()),
        [numbers[index] for index in since] if numbers else [],
    )


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
    found = facts.events.get(event, ())
    for where in wheres:
        found = [one for one in found if property_holds(where, one.properties)]
    return sorted(found, key=attrgetter("occurred_at"))


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


def _measured(key: str, found: list[Occurrence]) -> tuple[list[Occurrence], list[int | float]]:
    """Return the occurrences whose property is a number, and the numbers."""
    read = [(one, stored_number(one.properties.get(key))) for one in found]
    kept = [(one, number) for one, number in read if number is not None]
    return [one for one, _ in kept], [number for _, number in kept]


def property_holds(where: Where, properties: Mapping[str, object]) -> bool:
    value = stored(where.kind, properties.get(where.property))
    return operator(where.op, where.kind).holds_of(value, where.value)
