"""When time alone turns a condition, or a whole rule, over.

A condition can turn only at moments that its facts fix beforehand: an event comes due or
leaves a window, a date passes an edge. Those after now are tried one by one, in order. Another
segment turns with the conditions of its own rule, where that is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import assert_never

from apps.rules.clock import LAST, Clock, instant, moment
from apps.rules.facts import Facts
from apps.rules.holding import holds_where, suffices
from apps.rules.keys import leaves
from apps.rules.kinds import Kind, stored
from apps.rules.lines import Instants, line_of
from apps.rules.nodes import EventCondition, Leaf, Rule, SegmentCondition, TraitCondition
from apps.rules.occurring import Matched, asked, matched
from apps.rules.operators import operator
from apps.rules.windows import NOW, Offset, Stretch, Window

MAX_STEPS = 500


@dataclass(frozen=True, slots=True)
class Track:
    """A condition over time: what it looks at, and the instants at which it may turn."""

    leaf: Leaf
    seen: object  # the events that match, else what does not change with time
    turns: tuple[int, ...]

    def holds(self, clock: Clock) -> bool:
        return suffices(self.leaf, self.found(clock), clock)

    def found(self, clock: Clock) -> object:
        if isinstance(self.leaf, EventCondition) and isinstance(self.seen, Matched):
            return asked(self.leaf, self.seen, clock)
        return self.seen

    def flips_at(self, clock: Clock) -> datetime | None:
        return flips_at(self.leaf, {self.leaf: self}, clock, max_steps=len(self.turns))


class Outlook:
    """What one contact's facts come to at any moment.

    `nested` holds the rules of other segments by slug, each after those it refers to. Of a
    segment that is not there, what the facts say stays as it is.
    """

    def __init__(self, facts: Facts, clock: Clock, nested: Mapping[str, Rule]) -> None:
        self._facts = facts
        self._clock = clock
        self._nested = nested
        self._tracks: dict[Leaf, Track] = {}
        self._standing: dict[Clock, dict[str, bool]] = {}
        for slug, rule in nested.items():
            turns = {turn for one in self.tracks(rule).values() for turn in one.turns}
            leaf = SegmentCondition(slug)
            self._tracks[leaf] = _Nested(leaf, self, tuple(turns))

    def tracks(self, rule: Rule) -> dict[Leaf, Track]:
        """Return each condition of the rule over time."""
        return {leaf: self._track(leaf) for leaf in leaves(rule)}

    def stands(self, slug: str, clock: Clock) -> bool:
        """Return whether the contact is in a nested segment at a moment.

        All are judged in their order, not one inside the other: there may be any number.
        """
        found = self._standing.get(clock)
        if found is None:
            found = self._standing[clock] = {}
            for one, rule in self._nested.items():
                found[one] = _holds(rule, self._tracks, clock)
        return found[slug]

    def _track(self, leaf: Leaf) -> Track:
        if leaf not in self._tracks:
            self._tracks[leaf] = track(leaf, self._facts, self._clock)
        return self._tracks[leaf]


@dataclass(frozen=True, slots=True)
class _Nested(Track):
    """Being in another segment, over time."""

    def found(self, clock: Clock) -> object:
        assert isinstance(self.leaf, SegmentCondition)
        assert isinstance(self.seen, Outlook)
        return self.seen.stands(self.leaf.segment, clock)


def track(leaf: Leaf, facts: Facts, clock: Clock) -> Track:
    """Look up once what the condition needs to be judged at any moment."""
    match leaf:
        case TraitCondition(trait=trait, kind=kind):
            value = stored(kind, facts.traits.get(trait))
            return Track(leaf, value, _trait_turns(leaf, value, clock))
        case EventCondition():
            found = matched(leaf, facts)
            return Track(leaf, found, _event_turns(leaf, found, clock))
        case SegmentCondition(segment):
            return Track(leaf, segment in facts.segments, ())
        case _:
            assert_never(leaf)


def turns(rule: Rule, facts: Facts, clock: Clock) -> list[datetime]:
    """Return the moments to come at which time alone may turn some condition of the rule."""
    tracks = Outlook(facts, clock, {}).tracks(rule)
    return [moment(turn) for turn in _turns(tracks, clock)]


def _turns(tracks: Mapping[Leaf, Track], clock: Clock) -> list[int]:
    now, last = clock.instant(), instant(LAST)
    return sorted({turn for one in tracks.values() for turn in one.turns if now < turn <= last})


def flips_at(
    rule: Rule, tracks: Mapping[Leaf, Track], clock: Clock, *, max_steps: int = MAX_STEPS
) -> datetime | None:
    """Return the next instant at which time alone turns the rule over, or None.

    When that is not among the next `max_steps` moments, the moment behind them: before it,
    nothing turns.
    """
    ahead = _turns(tracks, clock)
    if not ahead:
        return None
    before = _holds(rule, tracks, clock)
    for turn in ahead[:max_steps]:
        if _holds(rule, tracks, Clock(moment(turn), clock.calendar)) is not before:
            return moment(turn)
    return moment(ahead[max_steps]) if len(ahead) > max_steps else None


def _holds(rule: Rule, tracks: Mapping[Leaf, Track], clock: Clock) -> bool:
    return holds_where(rule, lambda leaf: tracks[leaf].holds(clock))


def _trait_turns(leaf: TraitCondition, value: object, clock: Clock) -> tuple[int, ...]:
    window = operator(leaf.op, leaf.kind).window
    if value is None or window is None:
        return ()
    line = line_of(leaf.kind, clock)
    try:
        return tuple(window(leaf.value).turns(line, line.point(str(value))))
    except ValueError:  # the form of a date, but none that is in the calendar
        return ()


def _event_turns(leaf: EventCondition, found: Matched, clock: Clock) -> tuple[int, ...]:
    line = Instants(clock)
    counted, points = map(instant, found.since), [instant(time) for time in found.times]
    when = leaf.first or leaf.last
    if when is None:
        inside: Window = Stretch(Offset(-leaf.within.delta) if leaf.within else None, NOW)
        return tuple(chain(counted, *(inside.turns(line, point) for point in points)))
    window = operator(when.op, Kind.DATETIME).window
    turns = [] if window is None else [window(when.value).turns(line, point) for point in points]
    return tuple(chain(counted, *turns))
