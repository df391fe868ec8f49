"""The moment that is asked about, as an address and a form have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.utils import timezone
from django.utils.formats import date_format

from apps.rules.kinds import datetime_text

FIRST_YEAR, LAST_YEAR = 1900, 2999
JUST = timedelta(microseconds=1)


class Tense(Enum):
    NOW = "now"
    THEN = "then"
    TO_COME = "to come"


@dataclass(frozen=True, slots=True)
class Asked:
    """The moment, `written` as it stands in the form, and what is wrong with what was written."""

    at: datetime
    now: datetime
    written: str = ""
    problem: str = ""
    before: int | None = None  # the transition behind which the history goes on

    @classmethod
    def of(cls, query: Mapping[str, str], *, now: datetime) -> "Asked":
        text, before = query.get("at", "").strip()[:60], _number(query.get("before", ""))
        if not text:
            return cls(now, now, _local(now), before=before)
        at = _read(text)
        if at is None:
            problem = "Give a date and a time, such as 2026-11-23 09:30."
            return cls(now, now, _local(now), problem, before)
        return cls(at, now, _local(at), before=before)

    @property
    def tense(self) -> Tense:
        if self.at == self.now:
            return Tense.NOW
        return Tense.THEN if self.at < self.now else Tense.TO_COME


def _read(text: str) -> datetime | None:
    """Return the moment; one without an offset is of the installation's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    zone = timezone.get_default_timezone()
    return timezone.make_aware(moment, zone) if timezone.is_naive(moment) else moment


def _local(moment: datetime) -> str:
    """Return a moment as a datetime-local input has it."""
    zone = timezone.get_default_timezone()
    return f"{timezone.localtime(moment, zone):%Y-%m-%dT%H:%M:%S}"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def in_address(moment: datetime) -> str:
    """Return a moment to the microsecond, as it stands in a link."""
    return f"?at={datetime_text(moment)}"


def day(moment: datetime) -> str:
    """Return a day in words: "3 March 2026"."""
    return date_format(timezone.localtime(moment), "j F Y")


def day_and_time(moment: datetime) -> str:
    """Return "3 March 2026 at 12:00", with the seconds where there are any."""
    local = timezone.localtime(moment)
    return date_format(local, "j F Y \\a\\t H:i" + (":s" if local.second else ""))
