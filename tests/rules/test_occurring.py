"""What is asked of events, by hand: each expectation for the verdict and for the query."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from apps.contacts.models import Contact, Event
from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.edges import EventEdge, edges
from apps.rules.facts import Facts, Occurrence
from apps.rules.keys import keys
from apps.rules.verdict import Verdict, holds, judge
from apps.rules.windows import NOW as DUE
from apps.rules.windows import Offset
from tests.rules.asking import by_condition, by_query
from tests.rules.population import CATALOGUE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
CALENDAR = Calendar(ZoneInfo("Europe/Lisbon"))
pytestmark = pytest.mark.django_db

Json = dict[str, Any]
History = list[tuple[str, datetime, Json]]


def facts(history: History) -> Facts:
    events: dict[str, list[Occurrence]] = {}
    for name, at, properties in history:
        events.setdefault(name, []).append(Occurrence(at, properties))
    return Facts(events=events)


def store(history: History) -> int:
    pk = Contact.objects.create().pk
    for number, (name, at, properties) in enumerate(history):
        Event.objects.create(
            contact_id=pk,
            name=name,
            occurred_at=at,
            properties=properties,
            message_id=f"{pk}-{number}",
        )
    return pk


def held(rule: Json, history: History) -> bool:
    """Return the answer of both readings."""
    read = codec.loads(rule, CATALOGUE)
    pk = store(history)
    queried = pk in by_query([read], now=NOW, calendar=CALENDAR)[0]
    assert (pk in by_condition(read, now=NOW, calendar=CALENDAR)) is queried
    assert holds(read, facts(history), now=NOW, calendar=CALENDAR) is queried
    return queried


def judged(rule: Json, history: History) -> Verdict:
    return judge(codec.loads(rule, CATALOGUE), facts(history), now=NOW, calendar=CALENDAR)


def bought(*totals: object) -> History:
    return [("bought", NOW - number * DAY, {"total": total}) for number, total in enumerate(totals)]


def total(what: str, op: str, *value: object) -> Json:
    compare: Json = {"property": "total", "op": op, **({"value": value[0]} if value else {})}
    return {"event": "bought", what: compare}


@pytest.mark.parametrize(
    ("rule", "totals", "holds"),
    [
        (total("sum", "is", 0.3), [0.1, 0.2], True),
        (total("sum", "at_least", 0.3), [0.1, 0.2], True),
        (total("sum", "more_than", 0.3), [0.1, 0.2], False),
        (total("sum", "is", 1), [0.1] * 10, True),
        (total("sum", "is", 5e-324), [1e15, 5e-324, -1e15], True),
        (total("sum", "more_than", 0), [5e-324], True),
        (total("sum", "at_least", 10**15), [10**15, -0.01], False),
        (total("sum", "more_than", 10**15), [10**15, 10**15], True),
        (total("sum", "one_of", [5, 0.3]), [0.1, 0.2], True),
        (total("sum", "none_of", [5, 0.3]), [0.1, 0.2], False),
        (total("sum", "between", [-1, 0]), [], True),
        (total("sum", "is", 0), [], True),
        (total("sum", "is_not", 0), ["5", None, True, [5], 10**16], False),
        (total("sum", "less_than", -19.98), [-19.99], True),
        (total("sum", "is", 7), [7, "7", True, None, {"a": 1}, 10**16], True),
        (total("min", "is", 2), [3, 2, "1"], True),
        (total("max", "is", 3), [3, 2, "4", 1e16], True),
        (total("max", "at_least", 0.1), [], False),
        (total("max", "is_not", 3), [], True),
        (total("min", "none_of", [3]), ["3"], True),
        (total("min", "is_set"), [], False),
        (total("min", "is_set"), [False, 0], True),
        (total("max", "is_not_set"), ["3"], True),
        (total("max", "between", [0.1, 0.1]), [0.1, -5], True),
    ],
)
def test_what_a_property_adds_up_to_and_its_ends(
    rule: Json, totals: list[object], holds: bool
) -> None:
    assert held(rule, bought(*totals)) is holds


def test_only_what_is_due_in_the_window_and_meets_the_conditions_is_measured() -> None:
    rule = {**total("sum", "is", 3), "within": "30d"}
    rule["where"] = [{"property": "currency", "op": "is", "value": "EUR"}]
    euros = {"total": 1, "currency": "eur"}
    history = [
        ("bought", NOW - 30 * DAY, euros),
        ("bought", NOW - 30 * DAY + TICK, euros),
        ("bought", NOW, {"total": 2, "currency": "EUR"}),
        ("bought", NOW + TICK, euros),
        ("bought", NOW, {"total": 1, "currency": "USD"}),
        ("sold", NOW, euros),
    ]
    assert held(rule, history)


@pytest.mark.parametrize("stored", ['{"total": 0.30000000000000000001}', '{"total": 3e-1}'])
def test_a_number_written_by_somebody_else_counts_as_it_is_read(stored: str) -> None:
    store(bought(0))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_event SET properties = %s", [stored])
    rule = codec.loads(total("sum", "is", 0.3), CATALOGUE)
    assert by_query([rule], now=NOW, calendar=CALENDAR) != [set()]


VIEWED_THEN_BOUGHT: Json = {"event": "viewed", "then": {"event": "bought", "within": "2d"}}


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (-TICK, False),
        (0 * DAY, False),  # at the same time is not after
        (TICK, True),
        (2 * DAY, True),
        (2 * DAY + TICK, False),
    ],
)
def test_what_follows_comes_later_and_in_time(after: timedelta, holds: bool) -> None:
    viewed = NOW - 10 * DAY
    history: History = [("viewed", viewed, {}), ("bought", viewed + after, {})]
    assert held(VIEWED_THEN_BOUGHT, history) is holds


def test_what_follows_counts_once_it_is_due() -> None:
    history: History = [("viewed", NOW - DAY, {}), ("bought", NOW + TICK, {})]
    assert not held(VIEWED_THEN_BOUGHT, history)
    assert judged(VIEWED_THEN_BOUGHT, history).flips_at == NOW + TICK
    ever: Json = {"event": "viewed", "then": {"event": "bought"}}
    assert held(ever, [("viewed", NOW - 900 * DAY, {}), ("bought", NOW, {})])


def test_an_event_may_have_to_follow_its_own_kind_with_other_properties() -> None:
    rule = {
        "event": "bought",
        "where": [{"property": "plan", "op": "is", "value": "free"}],
        "then": {
            "event": "bought",
            "where": [{"property": "plan", "op": "is", "value": "pro"}],
            "within": "1w",
        },
    }
    free, pro = {"plan": "free"}, {"plan": "Pro"}
    assert held(rule, [("bought", NOW - DAY, free), ("bought", NOW, pro)])
    assert not held(rule, [("bought", NOW - DAY, pro), ("bought", NOW, free)])


FUNNEL: History = [
    ("viewed", NOW - 40 * DAY, {"price": 1}),  # followed, but long ago
    ("bought", NOW - 39 * DAY, {}),
    ("viewed", NOW - 9 * DAY, {"price": 2}),  # followed
    ("viewed", NOW - 8 * DAY, {"price": 4}),  # followed by the same
    ("bought", NOW - 7 * DAY, {}),
    ("viewed", NOW - 3 * DAY, {"price": 8}),  # followed too late
    ("bought", NOW - 1 * DAY + TICK, {}),
]


@pytest.mark.parametrize(
    "asked",
    [
        {"count": {"op": "exactly", "value": 3}},
        {"count": {"op": "exactly", "value": 2}, "within": "30d"},
        {"sum": {"property": "price", "op": "is", "value": 6}, "within": "30d"},
        {"min": {"property": "price", "op": "is", "value": 1}},
        {"max": {"property": "price", "op": "is", "value": 4}},
        {"first": {"op": "on", "value": "2026-10-14"}},
        {"last": {"op": "on", "value": "2026-11-15"}},
    ],
)
def test_what_follows_only_says_which_events_are_looked_at(asked: Json) -> None:
    assert held({**VIEWED_THEN_BOUGHT, **asked}, FUNNEL)


def test_a_window_leaves_a_followed_event_behind_at_its_own_time() -> None:
    rule = {**VIEWED_THEN_BOUGHT, "within": "30d"}
    viewed = NOW - 29 * DAY
    history: History = [("viewed", viewed, {}), ("bought", NOW - 28 * DAY, {})]
    assert held(rule, history)
    assert judged(rule, history).flips_at == viewed + 30 * DAY


def test_a_sum_turns_when_time_takes_from_it() -> None:
    rule = {**total("sum", "at_least", 0.3), "within": "30d"}
    verdict = judged(rule, bought(0.1, 0.2))
    assert (verdict.holds, verdict.reason.actual) == (True, 0.3)
    assert verdict.flips_at == NOW + 29 * DAY


def test_the_last_moment_there_is_can_be_followed_by_nothing() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert not held(VIEWED_THEN_BOUGHT, [("viewed", last, {}), ("bought", last, {})])


def test_both_events_are_read_and_have_their_edges() -> None:
    rule = codec.loads({**VIEWED_THEN_BOUGHT, "within": "30d"}, CATALOGUE)
    assert keys(rule).as_marks() == {"event:viewed", "event:bought"}
    assert edges(rule) == {EventEdge("viewed", Offset(-30 * DAY)), EventEdge("bought", DUE)}


def test_reasons_give_what_was_measured() -> None:
    whole = judged(total("sum", "at_least", 1), bought(0.5, 1.5)).reason
    highest = judged(total("max", "at_least", 1), bought(0.5, 1.5)).reason
    none = judged(total("min", "is_set"), []).reason
    assert (whole.actual, type(whole.actual)) == (2, int)
    assert (highest.actual, none.actual) == (1.5, None)
