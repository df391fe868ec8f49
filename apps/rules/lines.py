"""Days and instants as lines of whole numbers, so that a date operator is written once.

A span is a closed interval of points; its ends may lie beyond what a date can say.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from apps.rules.clock import FIRST, LAST, Clock, instant, moment
from apps.rules.kinds import Kind, datetime_text

Span = tuple[int, int]
FAR_PAST, FAR_FUTURE = -(10**30), 10**30


@dataclass(frozen=True, slots=True)
class Days:
    """The line of a `date` value: one point a calendar day of the installation's zone."""

    clock: Clock
    first: ClassVar = date.min.toordinal()
    last: ClassVar = date.max.toordinal()

    def at(self, delta: timedelta) -> int:
        """Return the day it is `delta` from now."""
        return self.clock.day(self.clock.instant(delta))

    def start(self, value: date) -> int:
        return value.toordinal()

    end = start

    def first_of(self, day: int) -> int:
        return day

    last_of = day_of = first_of

    def point(self, text: str) -> int:
        """Read a canonical text. Raises ValueError for one that is not in the calendar."""
        return date.fromisoformat(text).toordinal()

    def begins(self, point: int) -> int:
        """Return the instant at which it begins."""
        return self.clock.midnight(point)

    def texts(self, span: Span) -> tuple[str, str]:
        """Return the ends as canonical texts; an empty span has them the wrong way round."""
        first, last = self._inside(span)
        return date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()

    def moments(self, span: Span) -> tuple[datetime, datetime]:
        """Return the ends as an index of dates holds them: midnights in UTC."""
        first, last = (date.fromordinal(day) for day in self._inside(span))
        return datetime.combine(first, time.min, UTC), datetime.combine(last, time.min, UTC)

    def _inside(self, span: Span) -> Span:
        return _inside(span, self.first, self.last)


@dataclass(frozen=True, slots=True)
class Instants:
    """The line of a `datetime` value, in microseconds. A date on it is a whole local day."""

    clock: Clock
    first: ClassVar = instant(FIRST)
    last: ClassVar = instant(LAST)

    def at(self, delta: timedelta) -> int:
        return self.clock.instant(delta)

    def start(self, value: date) -> int:
        if isinstance(value, datetime):
            return instant(value)
        return self.clock.midnight(value.toordinal())

    def end(self, value: date) -> int:
        if isinstance(value, datetime):
            return instant(value)
        return self.clock.midnight(value.toordinal() + 1) - 1

    def first_of(self, day: int) -> int:
        return self.clock.midnight(day)

    def last_of(self, day: int) -> int:
        return self.clock.midnight(day + 1) - 1

    def day_of(self, point: int) -> int:
        return self.clock.day(point)

    def point(self, text: str) -> int:
        return instant(datetime.fromisoformat(text))

    def begins(self, point: int) -> int:
        return point

    def moments(self, span: Span) -> tuple[datetime, datetime]:
        first, last = _inside(span, self.first, self.last)
        return moment(first), moment(last)

    def texts(self, span: Span) -> tuple[str, str]:
        first, last = self.moments(span)
        return datetime_text(first), datetime_text(last)


Line = Days | Instants


def line_of(kind: Kind, clock: Clock) -> Line:
    """Return the line on which the values of a kind lie."""
    return Days(clock) if kind is Kind.DATE else Instants(clock)


def _inside(span: Span, lowest: int, highest: int) -> Span:
    first, last = span
    if first > last or first > highest or last < lowest:
        return highest, lowest
    return max(first, lowest), min(last, highest)
