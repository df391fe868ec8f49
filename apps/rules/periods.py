"""Calendar periods as a rule names them: `today`, `this_week`, `last_month`, `next_quarter`.

Days are ordinals without bounds here: years before 1 and after 9999 are reckoned with too.
"""

from dataclasses import dataclass
from datetime import date

from apps.rules.clock import WeekStart

DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
STEPS = {"last": -1, "this": 0, "next": 1}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # after which the Gregorian calendar repeats


class PeriodError(ValueError):
    """A text is no period; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week, month, quarter or year, `step` of them from the present one."""

    unit: str
    step: int

    @property
    def words(self) -> str:
        return str(self).replace("_", " ")

    @property
    def former(self) -> "Period":
        return Period(self.unit, self.step - 1)

    def __str__(self) -> str:
        return _NAMES[self]

    def first_day(self, today: int, week_starts: WeekStart) -> int:
        """Return its first day, seen from a day."""
        return self._begins(self._number(today, week_starts) + self.step, week_starts)

    def last_day(self, today: int, week_starts: WeekStart) -> int:
        return self._begins(self._number(today, week_starts) + self.step + 1, week_starts) - 1

    def _number(self, day: int, week_starts: WeekStart) -> int:
        """Return which period of its unit a day is in, counted from some beginning."""
        if self.unit == "day":
            return day
        if self.unit == "week":
            return (day - 1 - week_starts) // 7  # day 1 was a Monday
        year, month, _ = civil(day)
        return (12 * year + month - 1) // MONTHS[self.unit]

    def _begins(self, number: int, week_starts: WeekStart) -> int:
        if self.unit == "day":
            return number
        if self.unit == "week":
            return 7 * number + 1 + week_starts
        year, month = divmod(number * MONTHS[self.unit], 12)
        return ordinal(year, month + 1, 1)


PERIODS = {name: Period("day", step) for name, step in DAYS.items()} | {
    f"{word}_{unit}": Period(unit, step)
    for unit in ("week", *MONTHS)
    for word, step in STEPS.items()
}
_NAMES = {period: name for name, period in PERIODS.items()}
EXPECTED = f"Expected one of {', '.join(PERIODS)}."


def parse(text: str) -> Period:
    """Read `this_week` or `this week`. Raises PeriodError."""
    period = PERIODS.get(text.strip().replace(" ", "_"))
    if period is None:
        raise PeriodError(EXPECTED)
    return period


def civil(day: int) -> tuple[int, int, int]:
    """Return the year, month and day of the month of a day."""
    cycles, rest = divmod(day - 1, _CYCLE_DAYS)
    on = date.fromordinal(rest + 1)
    return on.year + _CYCLE_YEARS * cycles, on.month, on.day


def ordinal(year: int, month: int, day: int) -> int:
    cycles, rest = divmod(year - 1, _CYCLE_YEARS)
    return date(rest + 1, month, day).toordinal() + _CYCLE_DAYS * cycles


def years_before(day: int, years: int) -> int:
    """Return the last day whose anniversary, so many years later, is on this day or before.

    The 29th of February is kept on the 28th in common years.
    """
    year, month, on = civil(day)
    then = year - years
    if (month, on) == (2, 29) and not _is_leap(then):
        return ordinal(then, 2, 28)
    if (month, on) == (2, 28) and _is_leap(then) and not _is_leap(year):
        return ordinal(then, 2, 29)
    return ordinal(then, month, on)


def anniversary(day: int, years: int) -> int:
    """Return the day on which a day is kept so many years later."""
    year, month, on = civil(day)
    if (month, on) == (2, 29) and not _is_leap(year + years):
        on = 28
    return ordinal(year + years, month, on)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
