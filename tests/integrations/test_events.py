from datetime import UTC, datetime
from typing import Any

import pytest

from apps.contacts.models import Contact, Event, Identity
from apps.segments.models import Change
from tests.factories import ContactFactory
from tests.integrations.conftest import Caller
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, segment, standing
from tests.threads import at_once

AT = "2026-03-09T10:00:00+01:00"


@pytest.fixture
def ann(call: Caller) -> Contact:
    ann = ContactFactory(email="ann@example.com")
    Identity.objects.create(contact=ann, kind=Identity.Kind.EXTERNAL, value="c1")
    return ann


def event(message_id: str, **changes: Any) -> dict[str, Any]:
    row = {"message_id": message_id, "contact": {"external_id": "c1"}, "name": "order_completed"}
    return {**row, "occurred_at": AT, "properties": {"total": 5}, **changes}


def test_events_are_recorded_of_contacts_by_each_of_their_names(call: Caller, ann: Contact) -> None:
    rows = [
        event("m1"),
        event("m2", contact={"id": ann.pk}),
        event("m3", contact={"email": "Ann@Example.com"}),
        event("m4", contact={"email": "ann@bücher.example"}),
    ]
    Contact.objects.filter(pk=ann.pk).update(email="ann@xn--bcher-kva.example")
    former = Identity.Kind.EMAIL
    Identity.objects.create(contact=ann, kind=former, value="ann@example.com")
    assert call.post("/events", {"events": rows}) == {
        "accepted": 4,
        "duplicates": 0,
        "errors": [],
    }
    assert set(Event.objects.values_list("contact", flat=True)) == {ann.pk}
    assert Event.objects.get(message_id="m1").occurred_at == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert Event.objects.get(message_id="m1").properties == {"total": 5}


def test_blanks_around_an_external_id_count_nowhere(call: Caller) -> None:
    made = call.post("/contacts", {"contacts": [{"external_id": " c7 "}]})["ids"]
    rows = [event("m1", contact={"external_id": " c7 "}), event("m2", contact={"external_id": " "})]
    said = call.post("/events", {"events": rows})
    assert [(no["index"], no["code"]) for no in said["errors"]] == [(1, "unknown_contact")]
    assert list(Event.objects.values_list("contact", flat=True)) == made


def test_a_replay_is_a_duplicate_and_another_body_a_conflict(call: Caller, ann: Contact) -> None:
    call.post("/events", {"events": [event("m1")]})
    rows = [
        event("m1"),
        event("m1", name="other"),
        event("m2"),
        event("m2"),
        event("m2", properties={"total": 6}),
        event("m1", occurred_at="2026-03-09T09:00:00Z"),
    ]
    said = call.post("/events", {"events": rows})
    assert (said["accepted"], said["duplicates"]) == (1, 3)
    assert [(e["index"], e["code"], e["at"]) for e in said["errors"]] == [
        (1, "conflict", "message_id"),
        (4, "conflict", "message_id"),
    ]
    assert Event.objects.get(message_id="m1").name == "order_completed"
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ({"total": 1}, {"total": True}, False),
        ({"total": False}, {"total": 0}, False),
        ({"list": [{"a": 1}]}, {"list": [{"a": True}]}, False),
        ({"list": [1, 2]}, {"list": [1]}, False),
        ({"total": 1, "a": None}, {"total": 1}, False),
        ({"total": 1}, {"total": "1"}, False),
        ({"total": 1}, {"total": 1.0}, True),
        ({"a": 1, "vip": True}, {"vip": True, "a": 1}, True),
    ],
)
def test_a_message_is_the_same_as_json_has_it(
    call: Caller, ann: Contact, before: object, after: object, is_same: bool
) -> None:
    call.post("/events", {"events": [event("m1", properties=before)]})
    said = call.post("/events", {"events": [event("m1", properties=after)]})
    assert said["duplicates"] == int(is_same)
    assert [error["code"] for error in said["errors"]] == ([] if is_same else ["conflict"])


def test_null_names_no_contact(call: Caller, ann: Contact) -> None:
    names = (
        {"id": ann.pk, "external_id": None, "email": None},
        {"id": None, "external_id": "c1"},
        {"email": "ann@example.com", "external_id": None},
    )
    rows = [event(f"m{at}", contact=name) for at, name in enumerate(names)]
    assert call.post("/events", {"events": rows})["accepted"] == 3


def test_a_replay_that_leaves_the_time_to_us_is_a_duplicate(call: Caller, ann: Contact) -> None:
    row = event("m1")
    del row["occurred_at"]
    for expected in (1, 0):
        assert call.post("/events", {"events": [row]})["accepted"] == expected


BAD_ROWS: dict[str, tuple[object, str, str]] = {
    "no object": (3, "wrong_type", ""),
    "an unknown key": (event("b", x=1), "unknown_key", "x"),
    "no message id": ({"contact": {"id": 1}, "name": "x"}, "missing", "message_id"),
    "an empty message id": (event(""), "wrong_value", "message_id"),
    "a long message id": (event("b" * 201), "too_large", "message_id"),
    "a NUL": (event("b\0"), "wrong_value", "message_id"),
    "nobody": (event("b", contact={"external_id": "c9"}), "unknown_contact", "contact"),
    "no such id": (event("b", contact={"id": 2**40}), "unknown_contact", "contact"),
    "a huge id": (event("b", contact={"id": 2**70}), "wrong_value", "contact.id"),
    "no such email": (event("b", contact={"email": "x"}), "unknown_contact", "contact"),
    "no name": (event("b", contact={}), "wrong_shape", "contact"),
    "null for a name": (event("b", contact={"id": None}), "wrong_shape", "contact"),
    "two names": (
        event("b", contact={"external_id": "c1", "email": "ann@example.com"}),
        "wrong_shape",
        "contact",
    ),
    "no time zone": (event("b", occurred_at="2026-03-09T10:00:00"), "wrong_value", "occurred_at"),
    "no time": (event("b", occurred_at=5), "wrong_value", "occurred_at"),
    "long ago": (event("b", occurred_at="0001-01-01T00:00:00Z"), "wrong_value", "occurred_at"),
    "the end of time": (
        event("b", occurred_at="9999-12-31T23:59:59-12:00"),
        "wrong_value",
        "occurred_at",
    ),
    "a bad name": (event("b", name="<b>"), "wrong_value", "name"),
    "a huge number": (event("b", properties={"n": 2**70}), "wrong_value", "properties"),
    "a NUL below": (event("b", properties={"a": ["\0"]}), "wrong_value", "properties"),
    "half a pair below": (event("b", properties={"a": "\ud800"}), "wrong_value", "properties"),
    "too much": (event("b", properties={"a": "x" * 20_000}), "wrong_value", "properties"),
    "a list": (event("b", properties=[]), "wrong_type", "properties"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_refused_and_the_others_are_kept(
    call: Caller, ann: Contact, name: str
) -> None:
    bad, code, at = BAD_ROWS[name]
    said = call.post("/events", {"events": [event("m1"), bad, event("m2")]})
    assert (said["accepted"], said["duplicates"]) == (2, 0)
    (error,) = said["errors"]
    assert (error["index"], error["code"], error["at"]) == (1, code, at)
    assert set(Event.objects.values_list("message_id", flat=True)) == {"m1", "m2"}


def test_what_cannot_be_read_spoils_its_row_alone(call: Caller, ann: Contact) -> None:
    bad = b'{"message_id": "b", "properties": {"n": [1, NaN]}}'
    good = b'{"message_id": "m", "contact": {"external_id": "c1"}, "name": "x"}'
    said = call.ok("POST", "/events", b'{"events": [' + bad + b", " + good + b"]}")
    assert said["accepted"] == 1
    assert [(e["index"], e["at"]) for e in said["errors"]] == [(0, "properties.n[1]")]


def test_a_body_of_another_shape_is_refused(call: Caller) -> None:
    assert call.no("POST", "/events", {"events": [0] * 1001}) == (413, "too_large", "events")
    assert call.no("POST", "/events", {"events": None}) == (422, "wrong_type", "events")
    assert call.no("POST", "/events", {}) == (422, "missing", "events")


@pytest.mark.django_db(transaction=True)
def test_few_contacts_are_settled_when_the_call_answers(call: Caller, ann: Contact) -> None:
    segment("buyers", {**BOUGHT_TWICE_IN_30_DAYS, "within": "9000d"})
    call.post("/events", {"events": [event(f"m{n}") for n in range(100)]})
    assert standing(ann) == {"buyers"}
    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_events_at_once_are_each_recorded_once(call: Caller, ann: Contact) -> None:
    said: list[Any] = []

    def post() -> None:
        said.append(call.post("/events", {"events": [event(f"m{n}") for n in range(50)]}))

    at_once(post, post, post, post)
    assert sum(one["accepted"] for one in said) == 50
    assert sum(one["duplicates"] for one in said) == 150
    assert Event.objects.count() == 50
