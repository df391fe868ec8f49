"""Calendar periods and anniversaries, day by day as a calendar on the wall says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar, WeekStart
from apps.rules.facts import Facts
from apps.rules.periods import PERIODS, anniversary, civil, ordinal, years_before
from apps.rules.verdict import holds, judge
from tests.rules.population import CATALOGUE

MONDAY, SATURDAY, SUNDAY = WeekStart.MONDAY, WeekStart.SATURDAY, WeekStart.SUNDAY
UTC_WEEKS = Calendar(UTC)


def in_it(
    op: str, value: str, *, now: str, stored: str, calendar: Calendar = UTC_WEEKS, trait: str = ""
) -> bool:
    trait = trait or ("seen" if "T" in stored else "born")
    rule = codec.loads({"trait": trait, "op": op, "value": value}, CATALOGUE)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    return holds(rule, Facts({trait: stored}), now=moment, calendar=calendar)


@pytest.mark.parametrize(
    ("today", "period", "first", "last"),
    [
        ("2026-11-23", "today", "2026-11-23", "2026-11-23"),  # a Monday
        ("2026-11-23", "yesterday", "2026-11-22", "2026-11-22"),
        ("2026-11-23", "tomorrow", "2026-11-24", "2026-11-24"),
        ("2026-11-23", "this_week", "2026-11-23", "2026-11-29"),
        ("2026-11-22", "this_week", "2026-11-16", "2026-11-22"),
        ("2026-11-23", "last_week", "2026-11-16", "2026-11-22"),
        ("2026-11-23", "next_week", "2026-11-30", "2026-12-06"),
        ("2026-11-23", "this_month", "2026-11-01", "2026-11-30"),
        ("2026-11-23", "last_month", "2026-10-01", "2026-10-31"),
        ("2026-12-31", "next_month", "2027-01-01", "2027-01-31"),
        ("2026-01-31", "last_month", "2025-12-01", "2025-12-31"),
        ("2026-03-31", "last_month", "2026-02-01", "2026-02-28"),
        ("2028-01-31", "next_month", "2028-02-01", "2028-02-29"),
        ("2026-11-23", "this_quarter", "2026-10-01", "2026-12-31"),
        ("2026-11-23", "next_quarter", "2027-01-01", "2027-03-31"),
        ("2026-01-01", "last_quarter", "2025-10-01", "2025-12-31"),
        ("2026-06-30", "this_quarter", "2026-04-01", "2026-06-30"),
        ("2026-11-23", "this_year", "2026-01-01", "2026-12-31"),
        ("2026-11-23", "last_year", "2025-01-01", "2025-12-31"),
        ("2026-11-23", "next_year", "2027-01-01", "2027-12-31"),
    ],
)
def test_a_period_is_all_its_days_and_no_other(
    today: str, period: str, first: str, last: str
) -> None:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [begin + timedelta(days=n) for n in range(-1, (end - begin).days + 2)]
    for hour in ("00:00", "23:59"):
        held = {
            day
            for day in days
            if in_it("in_period", period, now=f"{today} {hour}", stored=day.isoformat())
        }
        assert held == set(days[1:-1])


@pytest.mark.parametrize(
    ("starts", "today", "first"),
    [
        (MONDAY, "2026-11-22", "2026-11-16"),  # a Sunday
        (SUNDAY, "2026-11-22", "2026-11-22"),
        (SUNDAY, "2026-11-21", "2026-11-15"),
        (SATURDAY, "2026-11-21", "2026-11-21"),
        (SATURDAY, "2026-11-20", "2026-11-14"),
        (SATURDAY, "2026-01-01", "2025-12-27"),
    ],
)
def test_a_week_begins_where_the_installation_says(
    starts: WeekStart, today: str, first: str
) -> None:
    begin = date.fromisoformat(first)
    for n in range(-1, 8):
        stored = (begin + timedelta(days=n)).isoformat()
        calendar = Calendar(UTC, starts)
        held = in_it("in_period", "this_week", now=today, stored=stored, calendar=calendar)
        assert held is (0 <= n < 7)


@pytest.mark.parametrize(
    ("zone", "period", "now", "inside", "outside"),
    [
        # Lisbon on the night clocks go forward: its month begins at 00:00 UTC, ends at 23:00
        ("Europe/Lisbon", "this_month", "2026-03-29T02:00",
         ["2026-03-01T00:00:00.000000Z", "2026-03-31T22:59:59.999999Z"],
         ["2026-02-28T23:59:59.999999Z", "2026-03-31T23:00:00.000000Z"]),
        ("Europe/Lisbon", "today", "2026-03-29T02:00",
         ["2026-03-29T00:00:00.000000Z", "2026-03-29T22:59:59.999999Z"],
         ["2026-03-28T23:59:59.999999Z", "2026-03-29T23:00:00.000000Z"]),
        # already tomorrow in Kiritimati
        ("Pacific/Kiritimati", "today", "2026-11-22T10:00",
         ["2026-11-22T10:00:00.000000Z", "2026-11-23T09:59:59.999999Z"],
         ["2026-11-22T09:59:59.999999Z", "2026-11-23T10:00:00.000000Z"]),
        # in Sao Paulo the 4th of November 2018 had no midnight
        ("America/Sao_Paulo", "today", "2018-11-04T12:00",
         ["2018-11-04T03:00:00.000000Z", "2018-11-05T01:59:59.999999Z"],
         ["2018-11-04T02:59:59.999999Z", "2018-11-05T02:00:00.000000Z"]),
    ],
)  # fmt: skip
def test_a_period_of_times_is_cut_at_local_midnights(
    zone: str, period: str, now: str, inside: list[str], outside: list[str]
) -> None:
    calendar = Calendar(ZoneInfo(zone))
    for stored in inside:
        assert in_it("in_period", period, now=now, stored=stored, calendar=calendar), stored
    for stored in outside:
        assert not in_it("in_period", period, now=now, stored=stored, calendar=calendar), stored


@pytest.mark.parametrize(
    ("now", "length", "inside", "outside"),
    [
        ("2026-11-23", "7d", ["1990-11-24", "2025-11-30"],
         ["1990-11-23", "2025-12-01", "2026-11-24", "2027-11-24"]),  # none in its own year
        ("2026-12-28", "7d", ["1990-12-29", "2026-01-04", "1990-01-01"],
         ["1990-12-28", "2026-12-29", "2025-01-05", "2027-01-01"]),
        ("2026-02-27", "1d", ["1990-02-28", "2024-02-29", "2000-02-29"], ["1990-03-01"]),
        ("2028-02-27", "1d", ["1990-02-28"], ["2024-02-29", "2027-03-01"]),
        ("2028-02-28", "1d", ["2024-02-29"], ["2027-02-28", "2027-03-01"]),
        ("2026-02-28", "1d", ["2025-03-01"], ["2024-02-29"]),
        ("2026-11-23", "365d", ["2025-11-23", "2025-11-24", "2026-11-23", "2026-01-01"],
         ["2026-11-24", "2027-11-23"]),
        ("2026-11-23", "800d", ["2026-11-23", "2027-11-23", "2028-01-31"],
         ["2028-02-01", "2029-01-01"]),
        ("2026-11-23", "7d", ["1900-11-24"], ["1899-11-24", "0001-11-24"]),
        ("2026-11-23", "23h", [], ["1990-11-23", "1990-11-24"]),
        ("2026-11-23", "24h", ["1990-11-24"], ["1990-11-23"]),
    ],
)  # fmt: skip
def test_an_anniversary_counts_in_a_later_year_after_today(
    now: str, length: str, inside: list[str], outside: list[str]
) -> None:
    for stored in inside:
        assert in_it("anniversary_in_next", length, now=now, stored=stored), stored
    for stored in outside:
        assert not in_it("anniversary_in_next", length, now=now, stored=stored), stored


def test_a_time_has_the_anniversaries_of_its_local_day() -> None:
    zones = {
        "UTC": "2020-11-23",
        "Pacific/Auckland": "2020-11-24",
        "America/New_York": "2020-11-23",
    }
    for zone, day in zones.items():
        for stored, trait in (("2020-11-23T12:00:00.000000Z", "seen"), (day, "born")):
            facts = {"stored": stored, "trait": trait, "calendar": Calendar(ZoneInfo(zone))}
            now = "2026-11-22T12:00"
            assert in_it("anniversary_in_next", "24h", now=now, **facts)
            assert not in_it("anniversary_in_next", "24h", now="2026-11-24T12:00", **facts)


def flips_at(rule: dict[str, Any], stored: str, now: str) -> str | None:
    trait = rule["trait"]
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    verdict = judge(
        codec.loads(rule, CATALOGUE), Facts({trait: stored}), now=moment, calendar=UTC_WEEKS
    )
    return None if verdict.flips_at is None else f"{verdict.flips_at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("op", "value", "stored", "flips"),
    [
        ("in_period", "this_month", "2026-11-30", "2026-12-01 00:00"),
        ("in_period", "this_month", "2027-02-28", "2027-02-01 00:00"),
        ("in_period", "this_month", "2026-10-31", None),
        ("in_period", "last_month", "2026-11-01", "2026-12-01 00:00"),
        ("in_period", "next_week", "2026-12-25", "2026-12-14 00:00"),
        ("in_period", "yesterday", "2026-11-23", "2026-11-24 00:00"),
        ("in_period", "next_year", "2028-02-29", "2027-01-01 00:00"),
        ("anniversary_in_next", "7d", "2020-11-30", "2026-11-30 00:00"),
        ("anniversary_in_next", "7d", "2020-11-23", "2027-11-16 00:00"),
        ("anniversary_in_next", "7d", "2024-02-29", "2027-02-21 00:00"),
        ("anniversary_in_next", "365d", "2030-05-05", "2030-05-05 00:00"),
        ("anniversary_in_next", "366d", "2020-05-05", None),
        ("anniversary_in_next", "365d", "2020-05-05", "2027-05-05 00:00"),  # for one day
        ("anniversary_in_next", "7d", "1899-05-05", None),
    ],
)
def test_what_time_will_do_is_foreseen(op: str, value: str, stored: str, flips: str | None) -> None:
    rule = {"trait": "born", "op": op, "value": value}
    assert flips_at(rule, stored, "2026-11-23 12:00") == flips


def test_a_space_may_stand_for_the_underscore() -> None:
    for name in PERIODS:
        rule = {"trait": "born", "op": "in_period", "value": name.replace("_", " ")}
        assert codec.dumps(codec.loads(rule, CATALOGUE)) == {**rule, "value": name}


def test_days_before_the_first_year_and_after_the_last_are_reckoned_with() -> None:
    for day in (-800_000, 0, 1, 3_652_059, 3_652_060, 5_000_000):
        assert ordinal(*civil(day)) == day
    assert civil(0) == (0, 12, 31)


def test_going_years_back_is_the_reverse_of_being_kept_years_later() -> None:
    """The last day kept by then is kept by then, and the day after it is not."""
    for start in range(date(2023, 1, 1).toordinal(), date(2029, 1, 1).toordinal()):
        for years in (1, 2, 3, 4, 7):
            last = years_before(start, years)
            assert anniversary(last, years) <= start < anniversary(last + 1, years)
