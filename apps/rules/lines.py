"""Days and instants as lines of whole numbers, so that a date operator is written once.

A span is a closed interval of points; its ends may lie beyond what a date can say.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.rules.clock import FIRST, LAST, MICROSECOND, Clock, instant, moment
from apps.rules.kinds import datetime_text

Span = tuple[int, int]
FAR_PAST, FAR_FUTURE = -(10**30), 10**30


@dataclass(frozen=True, slots=True)
class Days:
    """The line of a `date` value: one point a calendar day of the installation's zone."""

    clock: Clock

    def at(self, delta: timedelta) -> int:
        """Return the day it is `delta` from now."""
        return self.clock.day(self.clock.instant(delta))

    def start(self, value: date) -> int:
        return value.toordinal()

    end = start

    def texts(self, span: Span) -> tuple[str, str]:
        """Return the ends as canonical texts; an empty span has them the wrong way round."""
        lowest, highest = date.min.toordinal(), date.max.toordinal()
        first, last = _inside(span, lowest, highest)
        return date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()

    def crossed_at(self, text: str, offset: timedelta) -> int:
        """Return the instant from which the day `offset` from now is this one or later."""
        return self.clock.midnight(date.fromisoformat(text).toordinal()) - offset // MICROSECOND


@dataclass(frozen=True, slots=True)
class Instants:
    """The line of a `datetime` value, in microseconds. A date on it is a whole local day."""

    clock: Clock

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

    def moments(self, span: Span) -> tuple[datetime, datetime]:
        first, last = _inside(span, instant(FIRST), instant(LAST))
        return moment(first), moment(last)

    def texts(self, span: Span) -> tuple[str, str]:
        first, last = self.moments(span)
        return datetime_text(first), datetime_text(last)

    def crossed_at(self, text: str, offset: timedelta) -> int:
        return instant(datetime.fromisoformat(text)) - offset // MICROSECOND


def _inside(span: Span, lowest: int, highest: int) -> Span:
    first, last = span
    if first > last or first > highest or last < lowest:
        return highest, lowest
    return max(first, lowest), min(last, highest)
