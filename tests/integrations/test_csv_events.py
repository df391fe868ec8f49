"""Importing events: of contacts that are known, once each however often the file comes."""

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from apps.contacts import merging
from apps.contacts.models import Contact, Event, Identity
from tests.factories import NOW, ContactFactory
from tests.integrations.csv_files import EVENTS, counts, imported, refusals

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Contact:
    ann = ContactFactory(email="ann@example.com")
    Identity.objects.create(contact=ann, kind=Identity.Kind.EXTERNAL, value="c1")
    return ann


def test_a_row_is_an_event_with_its_time_and_properties(ann: Contact) -> None:
    data = "name,external_id,occurred_at,message_id,total,properties.name,vip,day,at,zip,none\n"
    data += "order_completed,c1,2026-03-09T10:00:00+01:00,m1,12.50,Big,yes,2026-01-02,"
    data += "2026-01-02 03:04,01234,\n"
    assert counts(imported(data, holds=EVENTS)) == (1, 0, 0, 0)
    event = Event.objects.get()
    assert (event.contact, event.name, event.message_id) == (ann, "order_completed", "m1")
    assert event.occurred_at == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert event.properties == {
        "total": 12.5,
        "name": "Big",
        "vip": True,
        "day": "2026-01-02",
        "at": "2026-01-02T03:04:00.000000Z",
        "zip": "01234",
    }


@pytest.mark.parametrize("who", ["contact_id", "external_id", "email"])
def test_whose_event_it_is_may_be_said_in_three_ways(ann: Contact, who: str) -> None:
    cell = {"contact_id": ann.pk, "external_id": "c1", "email": " Ann@Example.com"}[who]
    upload = imported(f"{who},x\n{cell},1\nnobody,2\n", holds=EVENTS, event_name="seen")
    assert counts(upload) == (1, 0, 0, 1)
    assert refusals(upload) == [(3, who, "There is no such contact.")]
    assert Event.objects.get().contact == ann


def test_an_event_of_somebody_who_was_merged_goes_to_whom_they_are_now(ann: Contact) -> None:
    other = ContactFactory()
    merging.merge(into=other.pk, gone=ann.pk, now=NOW)
    data = f"contact_id\n{ann.pk}\n00{other.pk}\n"
    assert counts(imported(data, holds=EVENTS, event_name="seen"))[0] == 2
    assert set(Event.objects.values_list("contact", flat=True)) == {other.pk}


def test_the_same_file_again_changes_nothing(ann: Contact) -> None:
    data = "email,total\nann@example.com,5\nann@example.com,5\n"
    assert counts(imported(data, holds=EVENTS, event_name="bought")) == (2, 0, 0, 0)
    assert counts(imported(data, holds=EVENTS, event_name="bought")) == (0, 0, 2, 0)
    assert counts(imported(data + "\n", holds=EVENTS, event_name="bought")) == (2, 0, 0, 0)
    ids = Event.objects.values_list("message_id", flat=True)
    assert len({text.rpartition(":")[0] for text in ids}) == 2


def test_a_message_id_that_came_before_with_another_body_is_refused(ann: Contact) -> None:
    data = "email,message_id,total\nann@example.com,m1,5\nann@example.com,m1,5\n"
    upload = imported(data + "ann@example.com,m1,6\n", holds=EVENTS, event_name="bought")
    assert counts(upload) == (1, 0, 1, 1)
    assert refusals(upload) == [(4, "message_id", "This message id came before with another body.")]


def test_a_time_without_offset_is_of_the_installation_and_none_is_the_moment_of_the_yes(
    ann: Contact, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Paris"
    data = "email,occurred_at\nann@example.com,2026-07-01 10:00\nann@example.com,\n"
    data += "ann@example.com,2026-07-02\n"
    imported(data, holds=EVENTS, event_name="seen")
    assert list(Event.objects.order_by("pk").values_list("occurred_at", flat=True)) == [
        datetime(2026, 7, 1, 8, tzinfo=UTC),
        NOW,
        datetime(2026, 7, 1, 22, tzinfo=UTC),
    ]


def test_a_row_without_a_name_has_the_one_that_was_given(ann: Contact) -> None:
    data = "name,email\nopened,ann@example.com\n,ann@example.com\n"
    imported(data, holds=EVENTS, event_name="seen")
    assert set(Event.objects.values_list("name", flat=True)) == {"opened", "seen"}


SECRET = "zebrafinch"
BAD = {
    "whose": (",seen,,", "email", "The row does not say whose event it is."),
    "which": ("ann@example.com,,,", "name", "An event's name is 1 to 100 letters"),
    "a bad name": (f"ann@example.com,<{SECRET}>,,", "name", "An event's name is 1 to 100 letters"),
    "a bad time": (f"ann@example.com,x,{SECRET},", "occurred_at", "Expected a time such as"),
    "long ago": ("ann@example.com,x,0001-01-01,", "occurred_at", "An event's time lies between"),
    "beyond time": ("ann@example.com,x,9999-12-31T23:59-14:00,", "occurred_at", "Expected a time"),
    "large": (f"ann@example.com,x,,{SECRET * 2000}", "properties", "Properties take at most"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_is_refused_by_itself_in_words_that_quote_nothing(
    ann: Contact, what: str
) -> None:
    bad, column, message = BAD[what]
    data = f"email,name,occurred_at,note\nann@example.com,a,,\n{bad}\nann@example.com,b,,\n"
    upload = imported(data, holds=EVENTS)
    assert counts(upload) == (2, 0, 0, 1)
    [(line, at, said)] = refusals(upload)
    assert (line, at) == (3, column)
    assert said.startswith(message)
    assert SECRET not in said
    assert set(Event.objects.values_list("name", flat=True)) == {"a", "b"}
