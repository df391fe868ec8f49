from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.verdict import Facts, Occurrence, Verdict, holds, judge
from tests.rules.population import CATALOGUE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LISBON = Calendar(ZoneInfo("Europe/Lisbon"))
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def judged(rule: dict[str, Any], facts: Facts) -> Verdict:
    return judge(codec.loads(rule, CATALOGUE), facts, now=NOW, calendar=LISBON)


def of_trait(op: str, value: Any, stored: Any, *, trait: str) -> bool:
    rule: dict[str, Any] = {"trait": trait, "op": op}
    if value is not None:
        rule["value"] = value
    found = codec.loads(rule, CATALOGUE)
    return holds(found, Facts({} if stored is None else {trait: stored}), now=NOW, calendar=LISBON)


def visits(*moments: datetime, **properties: object) -> Facts:
    return Facts(events={"visited": [Occurrence(moment, properties) for moment in moments]})


@pytest.mark.parametrize(
    ("trait", "op", "value", "those_that_hold", "those_that_do_not"),
    [
        ("plan", "is", "STRASSE", ["Straße"], ["Strase", 5, "", None]),
        ("plan", "is_not", "pro", ["free", None, "", 5], ["PRO"]),
        ("plan", "one_of", ["a", "B"], ["b"], ["c", None]),
        ("plan", "none_of", ["a", "B"], ["c", None], ["b"]),
        ("plan", "contains", "%", ["100%"], ["100", None]),
        ("plan", "not_contains", "x", ["y", None], ["aXa"]),
        ("plan", "starts_with", "a_", ["A_b"], ["aab", None]),
        ("plan", "ends_with", ".ORG", ["a.org"], ["a.com", None]),
        ("plan", "like", "a?c*", ["abc", "ABCD"], ["ac", "xabc", None]),
        ("score", "is", 2, [2, 2.0], ["2", True, None]),
        ("score", "is_not", 2, [3, None, "2"], [2]),
        ("score", "more_than", 2, [3], [2, None]),
        ("score", "at_least", 2, [2], [1, None]),
        ("score", "less_than", 2, [1], [2, None]),
        ("score", "at_most", 2, [2], [3, None]),
        ("score", "between", [1, 2], [1, 2], [0, 3, None]),
        ("vip", "is_true", None, [True], [False, 1, None]),
        ("vip", "is_false", None, [False], [True, 0, None]),
        ("tags", "has_any", ["a", "b"], [["B", "c"]], [["c"], [], None, "a"]),
        ("tags", "has_all", ["a", "b"], [["b", "A", "c"]], [["a"], None]),
        ("tags", "has_none", ["a", "b"], [["c"], [], None], [["A"]]),
        ("tags", "is_set", None, [["a"]], [[], None, [1], ""]),
        ("plan", "is_not_set", None, ["", None, 5], ["x"]),
        ("born", "on", "2026-11-23", ["2026-11-23"], ["2026-11-24", None]),
        ("born", "before", "2026-11-23", ["2026-11-22"], ["2026-11-23", None]),
        ("born", "after", "2026-11-23", ["2026-11-24"], ["2026-11-23", None]),
        ("born", "before", "0001-01-01", [], ["0001-01-01", "9999-12-31"]),
        ("born", "after", "9999-12-31", [], ["0001-01-01", "9999-12-31"]),
        ("born", "in_last", "2d", ["2026-11-23", "2026-11-22"], ["2026-11-21", "2026-11-24"]),
        ("born", "not_in_last", "2d", ["2026-11-21", None], ["2026-11-23"]),
        ("born", "in_next", "2d", ["2026-11-24", "2026-11-25"], ["2026-11-23", "2026-11-26"]),
        ("born", "not_in_next", "2d", ["2026-11-23", None], ["2026-11-24"]),
        ("born", "older_than", "2d", ["2026-11-21"], ["2026-11-22", None]),
        ("seen", "on", "2026-07-01", ["2026-06-30T23:00:00.000000Z"],
         ["2026-07-01T23:00:00.000000Z", "2026-06-30T22:59:59.999999Z"]),
        ("seen", "after", "2026-07-01", ["2026-07-01T23:00:00.000000Z"],
         ["2026-07-01T22:59:59.999999Z"]),
        ("seen", "in_last", "1h", ["2026-11-23T12:00:00.000000Z", "2026-11-23T11:00:00.000001Z"],
         ["2026-11-23T11:00:00.000000Z", "2026-11-23T12:00:00.000001Z", "nonsense"]),
        ("seen", "in_next", "1h", ["2026-11-23T12:00:00.000001Z", "2026-11-23T13:00:00.000000Z"],
         ["2026-11-23T12:00:00.000000Z", "2026-11-23T13:00:00.000001Z"]),
        ("seen", "older_than", "1h", ["2026-11-23T11:00:00.000000Z"],
         ["2026-11-23T11:00:00.000001Z"]),
    ],
)  # fmt: skip
def test_each_operator_holds_for_what_the_page_on_rules_says(
    trait: str, op: str, value: Any, those_that_hold: list[Any], those_that_do_not: list[Any]
) -> None:
    for stored in those_that_hold:
        assert of_trait(op, value, stored, trait=trait), stored
    for stored in those_that_do_not:
        assert not of_trait(op, value, stored, trait=trait), stored


def test_a_window_is_open_at_its_far_end_and_closed_at_now() -> None:
    rule = codec.loads({"event": "visited", "within": "30d"}, CATALOGUE)
    for moment, held in [
        (NOW - 30 * DAY, False),
        (NOW - 30 * DAY + TICK, True),
        (NOW, True),
        (NOW + TICK, False),
    ]:
        assert holds(rule, visits(moment), now=NOW, calendar=LISBON) is held


def test_conditions_on_properties_are_met_by_one_event_together() -> None:
    rule = {
        "event": "visited",
        "where": [
            {"property": "total", "op": "at_least", "value": 100},
            {"property": "coupon", "op": "is_not", "value": "X"},
        ],
    }
    both = Facts(events={"visited": [Occurrence(NOW, {"total": 100})]})
    apart = Facts(
        events={
            "visited": [
                Occurrence(NOW, {"total": 100, "coupon": "x"}),
                Occurrence(NOW, {"total": 1}),
            ]
        }
    )
    assert judged(rule, both).holds
    assert not judged(rule, apart).holds


def test_first_and_last_read_the_events_that_are_due() -> None:
    facts = visits(NOW - 3 * DAY, NOW - DAY, NOW + DAY)
    first = judged({"event": "visited", "first": {"op": "older_than", "value": "3d"}}, facts)
    last = judged({"event": "visited", "last": {"op": "older_than", "value": "2d"}}, facts)
    assert (first.holds, first.reason.actual) == (True, NOW - 3 * DAY)
    assert (last.holds, last.reason.actual) == (False, NOW - DAY)


def test_reasons_say_what_each_condition_found() -> None:
    rule = {
        "all": [
            {"trait": "plan", "op": "is", "value": "pro"},
            {"not": {"event": "visited", "count": {"op": "at_least", "value": 3}}},
            {"any": [{"segment": "cold"}, {"trait": "score", "op": "is_set"}]},
        ]
    }
    facts = Facts(
        traits={"plan": "Pro"},
        events=visits(NOW, NOW).events,
        segments=frozenset({"cold"}),
    )
    verdict = judged(rule, facts)
    plan, seldom, either = verdict.reason.parts
    assert verdict.holds
    assert (plan.holds, plan.actual) == (True, "Pro")
    assert (seldom.holds, seldom.parts[0].holds, seldom.parts[0].actual) == (True, False, 2)
    assert [(part.holds, part.actual) for part in either.parts] == [(True, True), (False, None)]


@pytest.mark.parametrize(
    ("rule", "facts", "flips_at"),
    [
        ({"event": "visited", "within": "30d"}, visits(NOW - DAY), NOW + 29 * DAY),
        (
            {"event": "visited", "count": {"op": "at_least", "value": 2}, "within": "30d"},
            visits(NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY),
            NOW + 28 * DAY,  # when the second of the three leaves
        ),
        ({"event": "visited"}, visits(NOW + DAY), NOW + DAY),
        ({"event": "visited"}, visits(NOW - DAY), None),
        (
            {"event": "visited", "last": {"op": "older_than", "value": "5d"}},
            visits(NOW - 4 * DAY, NOW + DAY / 2),
            NOW + 5.5 * DAY,  # not in a day: by then the next visit is the last one
        ),
        (
            {"trait": "born", "op": "in_next", "value": "1d"},
            Facts({"born": "2026-11-25"}),
            datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
        ),
        ({"trait": "born", "op": "in_last", "value": "1d"}, Facts({"born": "2026-13-45"}), None),
        ({"trait": "plan", "op": "is", "value": "pro"}, Facts({"plan": "pro"}), None),
    ],
)
def test_the_next_flip_is_foreseen(
    rule: dict[str, Any], facts: Facts, flips_at: datetime | None
) -> None:
    verdict = judged(rule, facts)
    assert verdict.flips_at == flips_at
    assert verdict.reason.flips_at == flips_at


def test_a_condition_may_flip_where_the_whole_does_not() -> None:
    rule = {"any": [{"all": []}, {"event": "visited", "within": "30d"}]}
    verdict = judged(rule, visits(NOW))
    assert verdict.reason.parts[1].flips_at == NOW + 30 * DAY
    assert verdict.flips_at is None


def test_beyond_many_moments_the_flip_is_given_too_early_rather_than_late() -> None:
    moments = [NOW + timedelta(seconds=seconds) for seconds in range(1, 1001)]
    rule = {"event": "visited", "count": {"op": "at_least", "value": 1000}}
    at_once = judged(rule, visits(*moments))
    assert at_once.reason.flips_at == NOW + timedelta(seconds=1000)
    assert at_once.flips_at is not None
    assert NOW < at_once.flips_at <= NOW + timedelta(seconds=1000)
