from datetime import timedelta
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.contacts.events import EventConflict, EventError, NewEvent, record_event, record_events
from apps.contacts.models import Contact, Event
from tests.factories import NOW, ContactFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def test_a_replayed_event_changes_nothing() -> None:
    contact = ContactFactory()
    first = record_event(contact, name="page_viewed", now=NOW, message_id="m1")
    again = record_event(contact, name="page_viewed", now=NOW + timedelta(hours=1), message_id="m1")
    assert again.pk == first.pk
    assert Event.objects.get().occurred_at == NOW


def test_the_same_message_id_with_another_body_is_a_conflict() -> None:
    contact = ContactFactory()
    record_event(contact, name="page_viewed", now=NOW, message_id="m1", properties={"page": "a"})
    with pytest.raises(EventConflict):
        record_event(contact, name="page_viewed", now=NOW, message_id="m1", properties={"page": 1})


def test_last_seen_follows_the_latest_event_whatever_order_they_come_in() -> None:
    contact = ContactFactory()
    record_event(contact, name="a", now=NOW, occurred_at=NOW - timedelta(days=1))
    record_event(contact, name="a", now=NOW, occurred_at=NOW - timedelta(days=3))
    assert Contact.objects.get().last_seen_at == NOW - timedelta(days=1)


def test_a_batch_counts_its_replays_and_records_each_event_once() -> None:
    contact = ContactFactory()
    rows = [NewEvent(contact.pk, "order_completed", NOW, f"m{n % 700}") for n in range(1400)]
    intake = record_events(rows, now=NOW)
    assert (intake.accepted, intake.duplicates) == (700, 700)
    assert record_events(rows[:5], now=NOW).duplicates == 5
    assert Event.objects.count() == 700


def test_one_bad_row_stops_the_batch_before_anything_is_written() -> None:
    contact = ContactFactory()
    good = NewEvent(contact.pk, "a", NOW, "m1")
    with pytest.raises(EventError):
        record_events([good, NewEvent(contact.pk, "", NOW, "m2")], now=NOW)
    assert not Event.objects.exists()


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "properties",
    [
        {"a": "x\x00"},
        {"a": float("inf")},
        {"a": 2**70},
        {"a": "\ud800"},
        {"a": {1, 2}},
        {"a": "x" * 20_000},
        nested(20),
        nested(5000),
        {"a\x00": 1},
        {"\udfff": 1},
    ],
)
def test_properties_a_database_cannot_hold_are_refused(properties: dict[str, object]) -> None:
    with pytest.raises(EventError):
        record_event(ContactFactory(), name="a", now=NOW, properties=properties)


@pytest.mark.parametrize("name", ["", "1a", "x" * 101, "a\x00", "ä", "a\n"])
def test_a_name_that_is_no_event_name_is_refused(name: str) -> None:
    with pytest.raises(EventError):
        record_event(ContactFactory(), name=name, now=NOW)


@pytest.mark.parametrize("year", [1, 1899, 3000, 9999])
def test_a_time_that_not_every_zone_can_hold_is_refused(year: int) -> None:
    contact = ContactFactory()
    with pytest.raises(EventError, match="between the years"):
        record_event(contact, name="a", now=NOW, occurred_at=NOW.replace(year=year))


@pytest.mark.django_db(transaction=True)
def test_last_seen_is_the_latest_of_many_events_at_once() -> None:
    contact = ContactFactory()
    for _ in range(5):
        moments = [NOW + timedelta(seconds=number) for number in range(16)]
        at_once(
            *(partial(record_event, contact, name="a", now=NOW, occurred_at=at) for at in moments)
        )
        contact.refresh_from_db()
        assert contact.last_seen_at == moments[-1]
        Event.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_one_message_sent_many_times_at_once_is_recorded_once() -> None:
    contact = ContactFactory()
    for number in range(5):
        message = {"name": "a", "now": NOW, "message_id": f"m{number}"}
        at_once(*[partial(record_event, contact, **message)] * 8)
        assert Event.objects.filter(message_id=f"m{number}").count() == 1


def test_a_replay_does_not_move_when_a_contact_was_seen() -> None:
    contact = ContactFactory()
    record_event(contact, name="a", now=NOW, message_id="m1")
    record_event(contact, name="a", now=NOW + timedelta(days=1), message_id="m1")
    with pytest.raises(EventConflict):
        record_event(contact, name="b", now=NOW + timedelta(days=1), message_id="m1")
    contact.refresh_from_db()
    assert contact.last_seen_at == NOW


def test_a_late_event_of_a_batch_does_not_put_back_when_a_contact_was_seen() -> None:
    one, other = ContactFactory(), ContactFactory()
    record_event(one, name="a", now=NOW)
    days = [3, 1, 2]
    rows = [
        NewEvent(contact.pk, "a", NOW - timedelta(days=day), f"{contact.pk}-{day}")
        for contact in (one, other)
        for day in days
    ]
    record_events(rows, now=NOW)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.last_seen_at, other.last_seen_at) == (NOW, NOW - timedelta(days=1))


def test_one_event_takes_few_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    contact = ContactFactory()
    with django_assert_max_num_queries(5):  # with the savepoint around them
        record_event(contact, name="a", now=NOW)
