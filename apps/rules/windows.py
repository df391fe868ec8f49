"""Windows over days and instants, and the ends by which they move with the clock.

A value is in a window that began behind `low` and goes up to and with `high`. Each end moves
forward only, so between two moments it passes exactly the values it swept: the tick looks up
those, and nothing else can have come in or gone out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from apps.rules.clock import MICROSECOND, NO_TIME
from apps.rules.lines import FAR_FUTURE, FAR_PAST, Line, Span
from apps.rules.periods import Period, anniversary, civil, years_before

FIRST_YEAR = 1900  # what lies before has no anniversaries
FORESEEN = 28  # years, after which weekdays and leap years come again
_FIRST_DAY = date(FIRST_YEAR, 1, 1).toordinal()


class End(Protocol):
    def __hash__(self) -> int: ...

    def swept(self, before: Line, after: Line) -> list[Span]:
        """Return the points this end passed between two moments."""
        ...


@dataclass(frozen=True, slots=True)
class Offset:
    """The moment so far from now: on a line of days, the day it is then."""

    delta: timedelta

    def on(self, line: Line) -> int:
        return line.at(self.delta)

    def passes(self, line: Line, point: int) -> int:
        """Return the instant at which it reaches a point."""
        return line.begins(point) - self.delta // MICROSECOND

    def swept(self, before: Line, after: Line) -> list[Span]:
        return _between(self.on(before), self.on(after))


NOW = Offset(NO_TIME)


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """The last point of a calendar period."""

    period: Period

    def on(self, line: Line) -> int:
        clock = line.clock
        return line.last_of(self.period.last_day(clock.today, clock.calendar.week_starts))

    def passes(self, line: Line, point: int) -> int:
        """Return the instant at which the period becomes that of the point: a midnight."""
        clock, period = line.clock, self.period
        then = Period(period.unit, -period.step)
        return clock.midnight(then.first_day(line.day_of(point), clock.calendar.week_starts))

    def swept(self, before: Line, after: Line) -> list[Span]:
        return _between(self.on(before), self.on(after))


@dataclass(frozen=True, slots=True)
class YearlyEnd:
    """The day so far from now, in every year before: it passes what is kept on that day."""

    delta: timedelta

    def swept(self, before: Line, after: Line) -> list[Span]:
        until = after.clock.day(after.clock.instant(self.delta))
        since = before.clock.day(before.clock.instant(self.delta))
        return _yearly(after, since, until, range(1, _years(until) + 1)) if since < until else []


@dataclass(frozen=True, slots=True)
class Before:
    """The last point before a day or time. It stands still."""

    value: date

    def on(self, line: Line) -> int:
        return line.start(self.value) - 1


@dataclass(frozen=True, slots=True)
class Through:
    """The last point of a day, or a time itself. It stands still."""

    value: date

    def on(self, line: Line) -> int:
        return line.end(self.value)


class Window(Protocol):
    def __hash__(self) -> int: ...

    @property
    def recurs(self) -> bool:
        """Return whether there is a span for each year, else there is one."""
        ...

    @property
    def ends(self) -> tuple[End, ...]:
        """Return what time moves: a value comes in or goes out only as one of them passes it."""
        ...

    def spans(self, line: Line, *, year: int | None = None) -> list[Span]:
        """Return the points inside; with a year, at least those around that year."""
        ...

    def turns(self, line: Line, point: int) -> Iterator[int]:
        """Yield the instants after now at which a point may come in or go out."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """All from behind one end up to and with another; without one, from or for ever."""

    low: Offset | PeriodEnd | Before | Through | None
    high: Offset | PeriodEnd | Before | Through | None

    @property
    def recurs(self) -> bool:
        return False

    @property
    def ends(self) -> tuple[Offset | PeriodEnd, ...]:
        ends = (self.low, self.high)
        return tuple(end for end in ends if isinstance(end, Offset | PeriodEnd))

    def spans(self, line: Line, *, year: int | None = None) -> list[Span]:
        first = FAR_PAST if self.low is None else self.low.on(line) + 1
        return [(first, FAR_FUTURE if self.high is None else self.high.on(line))]

    def turns(self, line: Line, point: int) -> Iterator[int]:
        return (end.passes(line, point) for end in self.ends)


@dataclass(frozen=True, slots=True)
class Anniversaries:
    """Whatever is kept, in a later year, on one of the days after today up to `length` on."""

    length: timedelta

    @property
    def recurs(self) -> bool:
        return True

    @property
    def ends(self) -> tuple[YearlyEnd, ...]:
        return YearlyEnd(NO_TIME), YearlyEnd(self.length)

    def spans(self, line: Line, *, year: int | None = None) -> list[Span]:
        clock = line.clock
        until = clock.day(clock.instant(self.length))
        last = _years(until)
        years = range(1, last + 1)
        if year is not None:  # in UTC it may be another one than in the zone
            around = civil(until)[0] - year
            years = range(max(1, around - 2), min(last, around + 1) + 1)
        return _yearly(line, clock.today, until, years)

    def turns(self, line: Line, point: int) -> Iterator[int]:
        """Yield when an anniversary comes into the window and when it is there, for some years.

        Not where the next one has come in before the last is gone.
        """
        clock, born = line.clock, line.day_of(point)
        if born < _FIRST_DAY:
            return
        length = self.length // MICROSECOND
        first = max(1, civil(clock.today)[0] - civil(born)[0])
        begins = [clock.midnight(anniversary(born, first + years)) for years in range(FORESEEN)]
        left = FAR_PAST
        for begin in begins:
            if left < begin - length:
                yield left
                yield begin - length
            left = begin


def _yearly(line: Line, since: int, until: int, years: range) -> list[Span]:
    """Return what is kept so many years later on one of the days after `since` to `until`."""
    found = []
    for back in years:
        first = max(line.last_of(years_before(since, back)) + 1, line.first_of(_FIRST_DAY))
        last = line.last_of(years_before(until, back))
        if first <= last:
            found.append((first, last))
    return found


def _years(until: int) -> int:
    """Return how many years before a day the first year with anniversaries is."""
    return civil(until)[0] - FIRST_YEAR


def _between(before: int, after: int) -> list[Span]:
    return [(before + 1, after)] if before < after else []
