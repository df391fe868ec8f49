from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.contacts.events import record_event
from apps.segments import editing
from apps.segments.explaining.reasons import explain_all, reason_lines
from apps.segments.plan import catalogue
from tests.factories import NOW, ContactFactory
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, IS_PRO, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


def test_a_membership_is_explained_by_its_reasons_since_when_and_until_when() -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contact = ContactFactory()
    for number in range(2):
        at = NOW - timedelta(days=number)
        record_event(contact, name="order_completed", now=NOW, occurred_at=at)
    settle_all()
    (found,) = explain_all(contact, now=NOW)
    assert found.because == "The rule holds."
    assert found.reason is not None
    assert found.reason.holds
    assert found.since is not None
    assert found.flips_at == NOW - timedelta(days=1) + timedelta(days=30)
    assert found.sentence == "bought at least 2 times in the last 30 days"


def test_what_was_measured_is_shown_beside_each_condition() -> None:
    bought: dict[str, Any] = {"event": "order_completed"}
    segment(
        "spenders",
        {
            "all": [
                {**bought, "sum": {"property": "total", "op": "more_than", "value": 0.25}},
                {**bought, "max": {"property": "total", "op": "at_most", "value": 20}},
                {**bought, "min": {"property": "tip", "op": "is_not_set"}},
                {"event": "page_viewed", "then": {**bought, "within": "2d"}},
            ]
        },
    )
    contact = ContactFactory()
    for number, name in enumerate(["page_viewed", "order_completed", "order_completed"]):
        properties = {"total": number / 10} if number else {}
        at = NOW - timedelta(days=3 - number)
        record_event(contact, name=name, now=NOW, occurred_at=at, properties=properties)
    settle_all()
    (found,) = explain_all(contact, now=NOW)
    assert found.reason is not None
    assert [(line.words, line.actual) for line in reason_lines(found.reason, catalogue())][1:] == [
        ("the sum of total of purchases is more than 0.25", "0.3"),
        ("the highest total of purchases is at most 20", "0.2"),
        ("the lowest tip of purchases is not known", "nothing known"),
        ("viewed a page and then bought within 2 days", "1"),
    ]


def test_a_pin_is_named_as_the_reason() -> None:
    row, contact = segment("pros", IS_PRO), ContactFactory()
    editing.pin(contact, row, held="in", by=None)
    settle_all()
    (found,) = explain_all(contact, now=NOW)
    assert found.because == "Held in by hand."
    assert found.reason is not None
    assert not found.reason.holds


def test_time_does_not_move_who_is_held_by_hand() -> None:
    row, contact = segment("buyers", BOUGHT_TWICE_IN_30_DAYS), ContactFactory()
    for _ in range(2):
        record_event(contact, name="order_completed", now=NOW, occurred_at=NOW)
    editing.pin(contact, row, held="in", by=None)
    settle_all()
    (found,) = explain_all(contact, now=NOW)
    assert (found.because, found.flips_at) == ("Held in by hand.", None)
    assert found.reason is not None
    assert found.reason.flips_at == NOW + timedelta(days=30)


@pytest.mark.parametrize("count", [1, 12])
def test_all_memberships_are_explained_in_a_fixed_number_of_queries(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        rule = {"any": [IS_PRO, {"event": f"visited_{number}"}, {"segment": "pros"}]}
        segment(f"segment-{number:02}", rule if number else IS_PRO) if number else segment(
            "pros", IS_PRO
        )
    segment("elsewhere", {"not": IS_PRO})
    contact = ContactFactory(profile={"plan": "pro"})
    settle_all()
    explain_all(contact, now=NOW)
    # the plan's stamps, where it stands since when, the same by slug with the pins, events,
    # the catalogue's traits and its segments
    with django_assert_num_queries(6 if count > 1 else 5):
        found = explain_all(contact, now=NOW)
    assert len(found) == count
    assert [one.segment.name for one in found] == sorted(one.segment.name for one in found)
