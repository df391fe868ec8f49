"""The least change to a contact's facts that would turn a rule over.

A search over a few candidate facts for each condition: values at and beside its operand, more
events, another segment's membership. What is found is judged by the rule itself, so it is
true; that nothing smaller exists is said of these candidates only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, islice, product
from typing import Any

from apps.rules.clock import Calendar, Clock
from apps.rules.durations import Duration
from apps.rules.facts import Facts, Occurrence
from apps.rules.flips import turns
from apps.rules.keys import leaves
from apps.rules.kinds import MAX_NUMBER, MAX_TEXT, Kind, datetime_text, stored
from apps.rules.nodes import (
    EventCondition,
    Leaf,
    Rule,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.occurring import matched
from apps.rules.verdict import holds

MOST_TOGETHER = 3  # changes
MOST_TRIED, LEAST_TRIED = 4_000, 50  # judgements
MOST_READ = 200_000  # conditions and events, all judgements together
MOST_CANDIDATES = 12  # a subject, when it changes with others
MOST_EVENTS = 200
MOST_TURNS = 100
MOST_PROPERTIES = 500  # combinations of values
FIXED = frozenset({"contact.created_at", "contact.last_seen_at"})
A_DAY = timedelta(days=1)
OTHER = "x"  # a text that a rule hardly names
ANYTHING = (OTHER, [OTHER])


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that would have to be another; `about` is trait, event or segment."""

    about: str
    key: str
    before: object
    after: object
    properties: Mapping[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it: `{"trait": "plan", "from": "free", "to": "pro"}`."""
        if self.about == "event":
            wanted = {"event": self.key, "add": self.after}
            return {**wanted, "properties": dict(self.properties)} if self.properties else wanted
        return {self.about: self.key, "from": self.before, "to": self.after}

    def applied(self, facts: Facts, *, now: datetime) -> Facts:
        match self.about:
            case "trait":
                return replace(facts, traits={**facts.traits, self.key: self.after})
            case "segment":
                inside = set(facts.segments) ^ {self.key}
                return replace(facts, segments=frozenset(inside))
            case _:
                more = [Occurrence(now, self.properties or {})] * int(str(self.after))
                events = [*facts.events.get(self.key, ()), *more]
                return replace(facts, events={**facts.events, self.key: events})


def least_change(
    rule: Rule,
    facts: Facts,
    *,
    now: datetime,
    calendar: Calendar,
    nested: Mapping[str, Rule] | None = None,
) -> tuple[Change, ...] | None:
    """Return the fewest changes found that turn the rule over, or None.

    `nested` holds the rules of the segments that are referred to, as for `judge`: what else a
    change does to where the contact stands must not undo it.
    """
    wanted = not holds(rule, facts, now=now, calendar=calendar)
    subjects = _subjects(rule, facts, now=now)
    tried, most = 0, _most_tried(rule, facts)
    for size in range(1, MOST_TOGETHER + 1):
        for changes in _together(subjects, size):
            tried += 1
            if tried > most:
                return None
            after = facts
            for change in changes:
                after = change.applied(after, now=now)
            if holds(rule, after, now=now, calendar=calendar) is not wanted:
                continue
            after = _followed(after, changes, nested or {}, now=now, calendar=calendar)
            if holds(rule, after, now=now, calendar=calendar) is wanted:
                return changes
    return None


def _followed(
    facts: Facts,
    changes: Sequence[Change],
    nested: Mapping[str, Rule],
    *,
    now: datetime,
    calendar: Calendar,
) -> Facts:
    """Return the facts once the segments have followed; those that are changes stay as they are."""
    fixed = {change.key for change in changes if change.about == "segment"}
    for slug, rule in nested.items():
        if slug not in fixed:
            inside = holds(rule, facts, now=now, calendar=calendar)
            stands = facts.segments | {slug} if inside else facts.segments - {slug}
            facts = replace(facts, segments=stands)
    return facts


def deadline(
    rule: Rule, facts: Facts, changes: Sequence[Change], *, now: datetime, calendar: Calendar
) -> datetime | None:
    """Return from when on the same changes would turn the rule over no more; None if ever.

    Events would then happen at that moment. As far as it can be foreseen: the next turns.
    """
    wanted = not holds(rule, facts, now=now, calendar=calendar)
    for moment in islice(turns(rule, facts, Clock(now, calendar)), MOST_TURNS):
        after = facts
        for change in changes:
            after = change.applied(after, now=moment)
        if holds(rule, after, now=moment, calendar=calendar) is not wanted:
            return moment
    return None


def _most_tried(rule: Rule, facts: Facts) -> int:
    """Return how often the rule may be judged: fewer times the longer each takes."""
    each = sum(1 for _ in leaves(rule)) * 5 + sum(map(len, facts.events.values()))
    return max(LEAST_TRIED, min(MOST_TRIED, MOST_READ // (each + 1)))


def _together(subjects: Sequence[Sequence[Change]], size: int) -> Iterator[tuple[Change, ...]]:
    most = MOST_CANDIDATES if size > 1 else None
    for chosen in combinations(subjects, size):
        yield from product(*(candidates[:most] for candidates in chosen))


def _subjects(rule: Rule, facts: Facts, *, now: datetime) -> list[list[Change]]:
    """Return the candidate changes of each fact the rule reads, in the rule's order."""
    found: dict[tuple[str, str], dict[str, Change]] = {}
    for leaf in leaves(rule):
        for change in _candidates(leaf, facts, now=now):
            under = found.setdefault((change.about, change.key), {})
            under.setdefault(repr((change.after, change.properties)), change)
    return [list(changes.values()) for changes in found.values()]


def _candidates(leaf: Leaf, facts: Facts, *, now: datetime) -> Iterator[Change]:
    match leaf:
        case TraitCondition(trait=key) if key not in FIXED:
            before = stored(leaf.kind, facts.traits.get(key))
            missing = "" if key.startswith("contact.") else None
            for value in _values(leaf.value, leaf.kind, now=now):
                if value != before:
                    yield Change("trait", key, before, value)
            if before is not None:
                yield Change("trait", key, before, missing)
        case EventCondition():
            yield from _more_events(leaf, facts, now=now)
        case SegmentCondition(segment):
            inside = segment in facts.segments
            yield Change("segment", segment, inside, not inside)
        case _:
            return


def _more_events(leaf: EventCondition, facts: Facts, *, now: datetime) -> Iterator[Change]:
    """Yield the event happening now, once and as often as a count may ask; and what follows it."""
    before = len(facts.events.get(leaf.event, ()))
    wanted = leaf.count.value if leaf.count is not None else None
    asked = wanted if isinstance(wanted, tuple) else (wanted,)
    numbers = [int(one) for one in asked if isinstance(one, int | float)]
    times = {1, *(one + more for one in numbers for more in (0, 1))}
    times |= {one + more - before for one in numbers for more in (0, 1)}
    for properties in _properties(leaf, now=now):
        for often in sorted(one for one in times if 0 < one <= MOST_EVENTS):
            yield Change("event", leaf.event, before, often, properties)
    if leaf.then is not None:
        following = EventCondition(leaf.then.event, leaf.then.where)
        before = len(facts.events.get(following.event, ()))
        for properties in _properties(following, now=now):
            yield Change("event", following.event, before, 1, properties)


def _properties(leaf: EventCondition, *, now: datetime) -> Iterator[dict[str, object]]:
    """Yield properties of an event that the condition looks at: several where it measures."""
    alone = EventCondition(leaf.event, leaf.where)
    values: dict[str, list[object]] = {where.property: [] for where in leaf.where}
    for where in leaf.where:
        values[where.property] += _values(where.value, where.kind or Kind.TEXT, now=now)
    most = 1
    if leaf.measured is not None:
        measured = values.setdefault(leaf.measured.property, [])
        measured += _values(leaf.measured.value, Kind.NUMBER, now=now)
        most = len(measured)
    chosen = (
        dict(zip(values, combination, strict=True))
        for combination in islice(product(*values.values()), MOST_PROPERTIES)
    )
    fitting = (
        properties
        for properties in chosen
        if matched(alone, Facts(events={leaf.event: [Occurrence(now, properties)]})).times
    )
    yield from islice(fitting, most)


def _values(operand: object, kind: Kind, *, now: datetime) -> Iterable[object]:
    """Return canonical values at and around an operand; the operand's own first."""
    whole = operand if isinstance(operand, tuple) else (operand,)
    match kind:
        case Kind.BOOLEAN:
            return (True, False)
        case Kind.NUMBER:
            numbers = [one for one in whole if isinstance(one, int | float)] or [0]
            near = (one + step for step in (0, 1, -1) for one in numbers)
            return [one for one in near if abs(one) <= MAX_NUMBER]
        case Kind.CHOICES:
            texts = [one for one in whole if isinstance(one, str)]
            return [texts, *([one] for one in texts)] if texts else [[OTHER]]
        case Kind.DATE | Kind.DATETIME:
            return [_written(one, kind) for one in _moments(whole, now=now)]
        case _:
            texts = [one for one in whole if isinstance(one, str)]
            like = (one.replace("*", "").replace("?", "x") for one in texts)
            return [
                one for one in dict.fromkeys([*texts, *like, OTHER]) if 0 < len(one) <= MAX_TEXT
            ]


def _moments(operands: Iterable[object], *, now: datetime) -> Iterator[datetime]:
    for one in operands:
        match one:
            case Duration():
                for share in (-0.5, -2, 0.5, 2):
                    yield from _moved(now, one.delta * share)
            case datetime():
                for step in (timedelta(0), A_DAY, -A_DAY):
                    yield from _moved(one, step)
            case date():
                noon = datetime(one.year, one.month, one.day, 12, tzinfo=UTC)
                for step in (timedelta(0), A_DAY, -A_DAY):
                    yield from _moved(noon, step)
            case _:
                pass
    for days in (0, -1, 1, -8, 8, -32, 32, -100, 100, -366, 366):
        yield from _moved(now, A_DAY * days)


def _moved(moment: datetime, by: timedelta) -> Iterator[datetime]:
    try:
        yield (moment + by).astimezone(UTC)
    except OverflowError:
        return


def _written(moment: datetime, kind: Kind) -> str:
    return moment.date().isoformat() if kind is Kind.DATE else datetime_text(moment)
