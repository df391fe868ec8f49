from functools import partial

import pytest

from apps.contacts.consent import granted
from apps.contacts.models import Contact, DatedTrait, Identity, Trait
from apps.segments.models import Change
from tests.factories import ContactFactory
from tests.integrations.conftest import Caller
from tests.segments.build import IS_PRO, segment, standing
from tests.threads import at_once


def contact(external_id: str) -> Contact:
    return Contact.objects.get(identities__value=external_id)


def test_contacts_are_made_and_found_again(call: Caller, catalogue: None) -> None:
    row = {
        "external_id": "c1",
        "email": "Ann@Example.com",
        "first_name": "Ann",
        "country": "SE",
        "traits": {"plan": "pro", "score": 4, "trial_ends": "2026-05-01T10:00:00+02:00"},
    }
    said = call.post("/contacts", {"contacts": [row, {"email": "bob@example.com"}]})
    ann, bob = contact("c1"), Contact.objects.get(email="bob@example.com")
    assert said == {"created": 2, "updated": 0, "ids": [ann.pk, bob.pk], "errors": []}
    assert (ann.email, ann.first_name, ann.country) == ("ann@example.com", "Ann", "SE")
    ends = "2026-05-01T08:00:00.000000Z"
    assert ann.profile == {"plan": "pro", "score": 4, "trial_ends": ends}
    assert DatedTrait.objects.get().at.isoformat() == "2026-05-01T08:00:00+00:00"
    assert not granted(ann)
    changed = {"external_id": "c1", "first_name": "Anna", "traits": {"plan": None, "score": 5}}
    again = {"email": "BOB@example.com", "external_id": "c2", "last_name": "B"}
    said = call.post("/contacts", {"contacts": [changed, again]})
    assert said == {"created": 0, "updated": 2, "ids": [ann.pk, bob.pk], "errors": []}
    ann.refresh_from_db()
    assert (ann.first_name, ann.country) == ("Anna", "SE")
    assert ann.profile == {"score": 5, "trial_ends": ends}
    assert contact("c2") == bob


def test_null_empties_a_field_and_a_date_that_goes_leaves_its_index(
    call: Caller, catalogue: None
) -> None:
    row = {"external_id": "c1", "phone": "1", "traits": {"born": "1990-01-01"}}
    call.post("/contacts", {"contacts": [row]})
    gone = {"external_id": "c1", "phone": None, "traits": {"born": None}}
    call.post("/contacts", {"contacts": [gone]})
    assert contact("c1").phone == ""
    assert not DatedTrait.objects.exists()


def test_a_trait_not_in_the_catalogue_is_added_with_the_kind_of_its_value(call: Caller) -> None:
    rows = [
        {"external_id": "c1", "traits": {"seats": 5}},
        {"external_id": "c2", "traits": {"seats": "many"}},
    ]
    said = call.post("/contacts", {"contacts": rows})
    assert Trait.objects.get(key="seats").kind == "number"
    assert said["ids"][1] is None
    assert [error["at"] for error in said["errors"]] == ["traits.seats"]


BAD_ROWS: dict[str, tuple[object, str, str]] = {
    "no object": ([], "wrong_type", ""),
    "an unknown key": ({"external_id": "b", "name": "x"}, "unknown_key", "name"),
    "a number for a text": ({"external_id": 3}, "wrong_type", "external_id"),
    "a bad email": ({"email": "no"}, "wrong_value", "email"),
    "a NUL": ({"external_id": "b", "phone": "1\0"}, "wrong_value", "phone"),
    "half a pair": ({"external_id": "b\ud800"}, "wrong_value", "external_id"),
    "a long field": ({"external_id": "b", "country": "x" * 61}, "wrong_value", "country"),
    "a long id": ({"external_id": "b" * 201}, "too_large", "external_id"),
    "a wrong kind": ({"traits": {"score": "4"}}, "wrong_value", "traits.score"),
    "a huge number": ({"traits": {"score": 2**70}}, "wrong_value", "traits.score"),
    "an object": ({"traits": {"plan": {}}}, "wrong_value", "traits.plan"),
    "a bad key": ({"traits": {"__class__": 1}}, "wrong_value", "traits.__class__"),
    "a lookup": ({"traits": {"a__b c": 1}}, "wrong_value", "traits.a__b c"),
    "a field": ({"traits": {"contact.email": ""}}, "wrong_value", "traits.contact.email"),
    "a taken email": ({"external_id": "c1", "email": "bob@example.com"}, "email_taken", "email"),
    "many traits": (
        {"external_id": "b", "traits": {f"t{n}": n for n in range(201)}},
        "too_large",
        "traits",
    ),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_refused_and_the_others_are_kept(
    call: Caller, catalogue: None, name: str
) -> None:
    bad, code, at = BAD_ROWS[name]
    good = [{"external_id": "c1", "email": "ann@example.com"}, {"email": "bob@example.com"}]
    call.post("/contacts", {"contacts": good})
    traits = set(Trait.objects.values_list("key", flat=True))
    after = {"external_id": "c3", "traits": {"plan": "pro"}}
    said = call.post("/contacts", {"contacts": [good[0], bad, after]})
    assert (said["created"], said["updated"]) == (1, 1)
    assert said["ids"] == [contact("c1").pk, None, contact("c3").pk]
    (error,) = said["errors"]
    assert set(error) == {"index", "code", "message", "at"}
    assert (error["index"], error["code"], error["at"]) == (1, code, at)
    assert Contact.objects.count() == 3
    assert set(Trait.objects.values_list("key", flat=True)) == traits
    assert contact("c1").email == "ann@example.com"


def test_what_cannot_be_read_spoils_its_row_alone(call: Caller, catalogue: None) -> None:
    rows = b'{"contacts": [{"external_id": "c1"}, {"traits": {"score": NaN}}, {"a": 1, "a": 2}]}'
    said = call.ok("POST", "/contacts", rows)
    assert said["ids"] == [contact("c1").pk, None, None]
    assert [(e["index"], e["code"], e["at"]) for e in said["errors"]] == [
        (1, "bad_json", "traits.score"),
        (2, "duplicate_key", ""),
    ]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, (422, "missing", "contacts")),
        ({"contacts": {}}, (422, "wrong_type", "contacts")),
        ({"contacts": [{}] * 1001}, (413, "too_large", "contacts")),
        ({"contacts": [], "x": 1}, (422, "unknown_key", "x")),
        (b'{"contacts": NaN}', (400, "bad_json", "contacts")),
    ],
)
def test_a_body_of_another_shape_is_refused(
    call: Caller, body: object, refused: tuple[int, str, str]
) -> None:
    assert call.no("POST", "/contacts", body) == refused
    assert not Contact.objects.exists()


def test_a_later_row_sees_what_an_earlier_one_did(call: Caller, catalogue: None) -> None:
    rows = [
        {"external_id": "c1", "email": "a@example.com", "traits": {"plan": "free"}},
        {"email": "a@example.com", "traits": {"score": 1}},
        {"external_id": "c1", "email": "b@example.com", "traits": {"plan": "pro"}},
        {"external_id": "c2", "email": "a@example.com"},
    ]
    said = call.post("/contacts", {"contacts": rows})
    first, second = contact("c1"), contact("c2")
    assert said["ids"] == [first.pk, first.pk, first.pk, second.pk]
    assert (said["created"], said["updated"]) == (2, 2)
    assert (first.email, first.profile) == ("b@example.com", {"plan": "pro", "score": 1})
    assert second.email == "a@example.com"


def test_two_rows_that_cannot_be_written_together_are_written_apart(call: Caller) -> None:
    ids = call.post(
        "/contacts",
        {
            "contacts": [
                {"external_id": "1", "email": "a@example.com"},
                {"external_id": "2", "email": "b@example.com"},
            ]
        },
    )["ids"]
    swapped = [
        {"external_id": "2", "email": "c@example.com"},
        {"external_id": "1", "email": "b@example.com"},
    ]
    assert call.post("/contacts", {"contacts": swapped})["ids"] == [ids[1], ids[0]]
    assert contact("1").email == "b@example.com"
    assert contact("2").email == "c@example.com"


def test_a_row_without_a_name_for_its_contact_makes_one(call: Caller) -> None:
    assert call.post("/contacts", {"contacts": [{}, {}]})["created"] == 2
    assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_few_contacts_are_settled_when_the_call_answers(call: Caller, catalogue: None) -> None:
    segment("pros", IS_PRO)
    rows = [{"external_id": f"c{n}", "traits": {"plan": "pro"}} for n in range(20)]
    call.post("/contacts", {"contacts": rows})
    assert standing(contact("c7")) == {"pros"}
    rows = [{"external_id": f"c{n}", "traits": {"plan": "free"}} for n in range(20)]
    call.post("/contacts", {"contacts": rows})
    assert standing(contact("c7")) == set()
    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_contacts_are_marked_for_the_workers(call: Caller, catalogue: None) -> None:
    segment("pros", IS_PRO)
    rows = [{"external_id": f"c{n}", "traits": {"plan": "pro"}} for n in range(700)]
    assert call.post("/contacts", {"contacts": rows})["created"] == 700
    assert Change.objects.count() == 700


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_about_the_same_people_make_each_once(
    call: Caller, catalogue: None
) -> None:
    ContactFactory(email="p3@example.com")

    def post(number: int) -> None:
        rows = [
            {"external_id": f"c{n}", "email": f"p{n}@example.com", "traits": {"plan": str(number)}}
            for n in (range(30) if number % 2 else range(29, -1, -1))
        ]
        assert call.post("/contacts", {"contacts": rows})["errors"] == []

    at_once(*(partial(post, number) for number in range(4)))
    assert Contact.objects.count() == Identity.objects.count() == 30
