"""Now and the ends of windows, as unknowns that stand to each other as they always do.

What is proved with them holds at every moment. Only what is certain is said: a day has 24
hours give or take two days, which no zone can break; months have 28 to 31 days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from apps.rules.clock import EPOCH, MICROSECOND, NO_TIME, Calendar, Clock
from apps.rules.kinds import Kind
from apps.rules.lines import line_of
from apps.rules.periods import Period
from apps.rules.solver.terms import Formula, Term, Terms
from apps.rules.windows import Before, Offset, PeriodEnd, Stretch, Through

A_DAY = timedelta(days=1) // MICROSECOND
EPOCH_DAY = EPOCH.toordinal()
LENGTHS = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "quarter": (90, 92),
           "year": (365, 366)}  # fmt: skip
INSIDE = (("day", "week"), ("day", "month"), ("day", "quarter"), ("day", "year"),
          ("month", "quarter"), ("month", "year"), ("quarter", "year"))  # fmt: skip
STEPS = range(-2, 2)
Edge = Offset | PeriodEnd | Before | Through
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # fixed ends do not depend on it


@dataclass(frozen=True, slots=True)
class Place:
    """An end of a window that moves, on the line of one kind."""

    end: Offset | PeriodEnd
    kind: Kind


class Moments:
    """Makes the unknowns, and says how those that were used stand to each other."""

    def __init__(self, terms: Terms, calendar: Calendar) -> None:
        self.terms = terms
        self.calendar = calendar
        self.now = terms.whole("now")
        self._places: dict[Place, Term] = {}

    @property
    def some_clock(self) -> Clock:
        """Return a moment, for what does not depend on it."""
        return Clock(ANY_MOMENT, self.calendar)

    def place(self, end: Edge, kind: Kind) -> tuple[Term | int, frozenset[Place]]:
        """Return the point at which an end is, and the moving places that it is made of."""
        match end:
            case Before() | Through():
                return end.on(line_of(kind, self.some_clock)), frozenset()
            case Offset(delta) if kind is Kind.DATETIME:
                return self.now + delta // MICROSECOND, frozenset()
            case Offset() | PeriodEnd():
                place = Place(end, kind)
                return self._term(place), frozenset([place])

    def inside(
        self, window: Stretch, kind: Kind, low: Term, high: Term
    ) -> tuple[Formula, frozenset[Place]]:
        """Return that what lies from `low` to `high` is in a window.

        They are the same, but for a text that is no date and lies between two.
        """
        line = line_of(kind, self.some_clock)
        parts, places = [low >= line.first, high <= line.last], frozenset[Place]()
        if window.low is not None:
            begin, used = self.place(window.low, kind)
            parts, places = [*parts, low > begin], places | used
        if window.high is not None:
            end, used = self.place(window.high, kind)
            parts, places = [*parts, high <= end], places | used
        return self.terms.every(parts), places

    def always(self, places: Iterable[Place]) -> Iterator[Formula]:
        """Yield what is so of these at every moment."""
        used = sorted(places, key=repr)
        yield self.is_moment(self.now)
        days = {place.end.delta for place in used
                if place.kind is Kind.DATE and isinstance(place.end, Offset)}  # fmt: skip
        for kind in (Kind.DATE, Kind.DATETIME):
            units = {place.end.period.unit for place in used
                     if place.kind is kind and isinstance(place.end, PeriodEnd)}  # fmt: skip
            if units:
                yield from self._periods(kind, units)
                days |= {NO_TIME} if kind is Kind.DATE else set()
        if days:
            yield from self._days(sorted({*days, NO_TIME}))

    def at(self, now: datetime, places: Iterable[Place]) -> Iterator[Formula]:
        """Yield what is so of these at one moment."""
        clock = Clock(now, self.calendar)
        yield self.now == clock.instant()
        for place in sorted(places, key=repr):
            yield self._term(place) == place.end.on(line_of(place.kind, clock))

    def is_moment(self, term: Term) -> Formula:
        """Return that there is such a time at all."""
        line = line_of(Kind.DATETIME, self.some_clock)
        return self.terms.every([term >= line.first, term <= line.last])

    def _term(self, place: Place) -> Term:
        if place not in self._places:
            self._places[place] = self.terms.whole("end")
        return self._places[place]

    def _day(self, delta: timedelta) -> Term:
        return self._term(Place(Offset(delta), Kind.DATE))

    def _days(self, deltas: list[timedelta]) -> Iterator[Formula]:
        """Yield how the days so far from now lie to each other, and to now."""
        today = self._day(NO_TIME)
        for earlier, later in pairwise(deltas):
            yield self._day(earlier) <= self._day(later)
        for delta in deltas:
            far = delta // timedelta(days=1)
            yield self._day(delta) - today >= far - 3
            yield self._day(delta) - today <= far + 4
        yield self.now >= (today - EPOCH_DAY - 1) * A_DAY
        yield self.now <= (today - EPOCH_DAY + 2) * A_DAY

    def _periods(self, kind: Kind, units: set[str]) -> Iterator[Formula]:
        """Yield how the ends of calendar periods lie to each other, and to now."""
        of_days = kind is Kind.DATE
        now, length, slack = (self._day(NO_TIME), 1, 0) if of_days else (self.now, A_DAY, 2 * A_DAY)
        for unit in sorted(units):
            least, most = LENGTHS[unit]
            ends = [self._last(unit, step, kind) for step in STEPS]
            for earlier, later in pairwise(ends):
                yield later - earlier >= max(0, least * length - slack)
                yield later - earlier <= most * length + slack
            before, this = ends[1], ends[2]
            yield before < now
            yield now <= this
            yield this - now <= (most - 1 if of_days else most * length + slack)
        for inner, outer in INSIDE:
            if {inner, outer} <= units:
                yield from self._nested(inner, outer, kind)

    def _nested(self, inner: str, outer: str, kind: Kind) -> Iterator[Formula]:
        for step in STEPS:
            mine, whole = self._last(inner, step, kind), self._last(outer, step, kind)
            yield mine <= whole if step >= 0 else mine >= whole

    def _last(self, unit: str, step: int, kind: Kind) -> Term:
        return self._term(Place(PeriodEnd(Period(unit, step)), kind))
