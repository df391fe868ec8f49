"""The moment and the calendar in which a rule is read.

Points in time are whole numbers here, so that no arithmetic overflows: an instant counts
microseconds since 1970, a day is its proleptic Gregorian ordinal. A calendar day begins at
local midnight; where the clock skips or repeats that midnight, at the first one, by the
offset before. So days never overlap, and `day` never runs backwards.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NO_TIME = timedelta()
_EPOCH_DAY = EPOCH.toordinal()
_DAY = timedelta(days=1) // MICROSECOND
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def instant(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def moment(instant: int) -> datetime:
    """Return the datetime in UTC, or the first or last there is where none is that far."""
    try:
        return EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        return FIRST if instant < 0 else LAST


class WeekStart(IntEnum):
    """The first day of a week, numbered as `date.weekday` does."""

    MONDAY = 0
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Calendar:
    """What days and weeks are at an installation."""

    zone: tzinfo
    week_starts: WeekStart = WeekStart.MONDAY


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is kept in UTC: two times of one zone compare by the wall, not by the instant."""

    now: datetime
    calendar: Calendar

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.now.astimezone(UTC))

    def instant(self, delta: timedelta = NO_TIME) -> int:
        return instant(self.now) + delta // MICROSECOND

    def ago(self, delta: timedelta) -> datetime:
        return moment(self.instant(-delta))

    @property
    def today(self) -> int:
        return _today(self)

    def day(self, instant: int) -> int:
        """Return the day that this instant belongs to."""
        day = (instant + self._offset_at(instant)) // _DAY + _EPOCH_DAY
        while self.midnight(day + 1) <= instant:
            day += 1
        while self.midnight(day) > instant:
            day -= 1
        return day

    def midnight(self, day: int) -> int:
        """Return the instant at which this day begins."""
        on = date.fromordinal(min(max(day, date.min.toordinal()), date.max.toordinal()))
        local = datetime.combine(on, time.min, self.calendar.zone)
        return (day - _EPOCH_DAY) * _DAY - _offset(local)

    def _offset_at(self, instant: int) -> int:
        try:
            return _offset(moment(instant).astimezone(self.calendar.zone))
        except OverflowError:  # within a day of year 1 or 9999
            return _offset(moment(instant).replace(tzinfo=self.calendar.zone))


@lru_cache(maxsize=64)
def _today(clock: Clock) -> int:
    return clock.day(clock.instant())


def _offset(local: datetime) -> int:
    offset = local.utcoffset()
    return 0 if offset is None else offset // MICROSECOND
