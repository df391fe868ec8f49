from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest

from apps.rules.clock import FIRST, LAST, Calendar, Clock, instant, moment

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def start(day: str, zone: str) -> datetime:
    clock = Clock(AT, Calendar(ZoneInfo(zone)))
    return moment(clock.midnight(date.fromisoformat(day).toordinal()))


def day_of(at: datetime, zone: str) -> str:
    return date.fromordinal(Clock(AT, Calendar(ZoneInfo(zone))).day(instant(at))).isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Asia/Kathmandu", "2026-11-23", "2026-11-22T18:15Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z"),  # midnight was skipped
        ("America/Havana", "2026-11-01", "2026-11-01T04:00Z"),  # midnight comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"),  # a day that never was
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z"),
    ],
)
def test_a_day_begins_at_the_first_local_midnight(zone: str, day: str, begins: str) -> None:
    assert start(day, zone) == datetime.fromisoformat(begins)


def test_a_day_begun_is_not_left_when_clocks_go_back_over_midnight() -> None:
    """St John's went from 00:01 back to 23:01 of the day before."""
    midnight = start("2006-10-29", "America/St_Johns")
    for minutes in (0, 1, 30, 61):
        at = midnight + timedelta(minutes=minutes)
        assert day_of(at, "America/St_Johns") == "2006-10-29"


def test_days_follow_one_another_without_gap_in_every_zone() -> None:
    for name in sorted(available_timezones())[::7]:
        clock = Clock(AT, Calendar(ZoneInfo(name)))
        for ordinal in range(date(2024, 1, 1).toordinal(), date(2026, 1, 1).toordinal(), 3):
            begins = clock.midnight(ordinal)
            assert clock.day(begins) == ordinal
            assert clock.day(begins - 1) == ordinal - 1


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo"), timezone(timedelta(hours=-14))])
@pytest.mark.parametrize("at", [FIRST, LAST])
def test_the_ends_of_time_have_days_too(at: datetime, zone: timezone) -> None:
    clock = Clock(AT, Calendar(zone))
    day = clock.day(instant(at))
    assert clock.midnight(day) <= instant(at) < clock.midnight(day + 1)


def test_going_back_before_the_first_year_stops_there() -> None:
    assert Clock(FIRST + timedelta(days=1), Calendar(UTC)).ago(timedelta(days=30)) == FIRST
    assert Clock(LAST, Calendar(UTC)).ago(timedelta(days=-30)) == LAST


def test_the_second_of_two_like_wall_times_is_another_moment() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=zone)
    assert Clock(first, Calendar(zone)) != Clock(first.replace(fold=1), Calendar(zone))
