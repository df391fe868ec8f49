"""Spans of time as people say them."""

from datetime import timedelta
from typing import Final

UNITS: Final = {
    "weeks": timedelta(weeks=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
}


def split(span: timedelta) -> tuple[int, str]:
    """Return the span as a number of the largest unit that divides it, else of minutes."""
    for unit, length in UNITS.items():
        if span and span % length == timedelta(0):
            return span // length, unit
    return (round(span / UNITS["minutes"]), "minutes") if span else (0, "days")


def in_words(span: timedelta) -> str:
    """Return the span in words: `2 days`, `1 hour`."""
    number, unit = split(span)
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"
