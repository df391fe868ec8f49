"""Lengths of time as a rule writes them: `90s`, `15m`, `36h`, `30d`, `8w`."""

import re
from dataclasses import dataclass
from datetime import timedelta

LONGEST = timedelta(days=36_525)  # a hundred years
EXPECTED = "Expected a duration such as 90s, 15m, 36h, 30d or 8w, at most 100 years."

UNITS = {
    "s": ("second", timedelta(seconds=1)),
    "m": ("minute", timedelta(minutes=1)),
    "h": ("hour", timedelta(hours=1)),
    "d": ("day", timedelta(days=1)),
    "w": ("week", timedelta(weeks=1)),
}
_WRITTEN = re.compile(r"([1-9][0-9]{0,9})([smhdw])")


class DurationError(ValueError):
    """A text is no duration; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A positive whole number of one unit, kept as written: 24h is not 1d to a reader."""

    amount: int
    unit: str

    @property
    def delta(self) -> timedelta:
        return self.amount * UNITS[self.unit][1]

    @property
    def words(self) -> str:
        name = UNITS[self.unit][0]
        return f"{self.amount} {name}" if self.amount == 1 else f"{self.amount} {name}s"

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


def parse(text: str) -> Duration:
    """Read `30d`. Raises DurationError."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise DurationError(EXPECTED)
    amount, unit = int(written[1]), written[2]
    if amount > LONGEST // UNITS[unit][1]:
        raise DurationError(EXPECTED)
    return Duration(amount, unit)
