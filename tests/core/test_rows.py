from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DataError, transaction

from apps.contacts.models import Event
from apps.core import rows
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db

COLUMNS = ("contact_id", "name", "occurred_at", "received_at", "properties", "message_id")


def test_rows_are_stored_as_a_model_would_store_them() -> None:
    contact = ContactFactory()
    at = NOW + timedelta(microseconds=1)
    properties = {"a": [1, "ü", None], 'quo"te': {"%s": True}}
    rows.insert(Event, COLUMNS, [[contact.pk, "a", at, NOW, properties, "m'1"]])
    event = Event.objects.get()
    assert (event.contact, event.occurred_at, event.received_at) == (contact, at, NOW)
    assert (event.properties, event.message_id) == (properties, "m'1")


def test_rows_whose_key_is_taken_are_left_out_and_the_others_come_back() -> None:
    contact = ContactFactory()
    values = [[contact.pk, "a", NOW, NOW, {}, f"m{number}"] for number in range(1200)]
    rows.insert(Event, COLUMNS, values[600:601])
    found = rows.insert(Event, COLUMNS, values, unless="message_id", returning=("message_id",))
    assert sorted(found) == sorted((row[-1],) for row in values if row[-1] != "m600")
    assert Event.objects.count() == 1200
    assert rows.insert(Event, COLUMNS, []) == []


def test_objects_that_are_stored_get_their_keys() -> None:
    contact = ContactFactory()
    events = [
        Event(contact=contact, name="a", occurred_at=NOW, received_at=NOW, message_id=f"m{number}")
        for number in range(700)
    ]
    rows.store(events, COLUMNS)
    assert {event.pk: event.message_id for event in events} == dict(
        Event.objects.values_list("pk", "message_id")
    )
    rows.store([], COLUMNS)
    assert Event.objects.count() == 700


@pytest.mark.parametrize("count", [1, 50])
def test_a_text_that_is_too_long_is_never_cut(count: int) -> None:
    contact = ContactFactory()
    values = [[contact.pk, "a" * 101, NOW, NOW, {}, f"m{number}"] for number in range(count)]
    with suppress(DataError), transaction.atomic():  # SQLite keeps it
        rows.insert(Event, COLUMNS, values)
    assert {len(event.name) for event in Event.objects.all()} <= {101}


@pytest.mark.parametrize("count", [1, 50])
def test_every_value_comes_through_as_it_is(count: int) -> None:
    """One row goes by values, many as one document: both say the same."""
    contact = ContactFactory()
    properties = {"a": [1, 2.5, -1e-9, 10**15, True, None, "\u2028 \\ \" ' %s {} 𐐀"], "": {}}
    at = NOW.astimezone(ZoneInfo("Pacific/Kiritimati")) + timedelta(microseconds=1)
    name, message = "%(a)s 'b' \\", "ümlaut-{}"
    values = [[contact.pk, name, at, NOW, properties, f"{message}{n}"] for n in range(count)]
    rows.insert(Event, COLUMNS, values)
    for event in Event.objects.all():
        assert (event.name, event.occurred_at, event.properties) == (name, at, properties)
        assert event.message_id.startswith(message)
        assert isinstance(event.properties["a"][0], int)
        assert isinstance(event.properties["a"][1], float)
