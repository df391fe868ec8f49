import pytest

from apps.contacts.models import Contact, DatedTrait, Trait
from apps.contacts.profile import ProfileError, change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db


def change(contact: Contact, **changes: object) -> frozenset[str]:
    return change_profile(contact, now=NOW, source="test", **changes)


def test_a_change_names_the_keys_that_really_changed() -> None:
    contact = ContactFactory(first_name="Ada")
    changed = change(contact, fields={"first_name": "Ada", "country": "SE"}, traits={"plan": "pro"})
    assert changed == {"contact.country", "plan"}
    contact.refresh_from_db()
    assert (contact.country, contact.profile) == ("SE", {"plan": "pro"})


def test_the_same_change_again_changes_nothing() -> None:
    contact = ContactFactory()
    change(contact, traits={"plan": "pro"})
    assert change(contact, traits={"plan": "pro"}) == frozenset()


def test_an_unknown_trait_joins_the_catalogue_with_the_kind_of_its_value() -> None:
    contact = ContactFactory()
    traits = {"seats": 5, "vip": True, "born": "1990-04-01", "tags": ["a", "b"], "plan": "pro"}
    change(contact, traits=traits)
    kinds = dict(Trait.objects.values_list("key", "kind"))
    assert kinds == {
        "seats": "number",
        "vip": "boolean",
        "born": "date",
        "tags": "choices",
        "plan": "text",
    }


def test_a_value_of_another_kind_is_refused_and_nothing_is_saved() -> None:
    define("seats", label="Seats", kind=Kind.NUMBER, source="test")
    contact = ContactFactory()
    with pytest.raises(ProfileError, match="seats: Expected a number"):
        change(contact, fields={"first_name": "Ada"}, traits={"seats": "12"})
    assert Contact.objects.get(pk=contact.pk).first_name == ""


@pytest.mark.parametrize(
    "value", ["a\x00b", "\ud800", "x" * 501, float("nan"), 2**70, {"a": 1}, [1, 2]]
)
def test_what_a_database_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ProfileError):
        change(ContactFactory(), traits={"plan": value})


@pytest.mark.parametrize(
    "key",
    ["Plan", "a b", "0", "", "x" * 151, "contact.plan", "a..b", "a\n", "a\0", "\ud800"],
)
def test_a_key_that_is_no_trait_key_is_refused(key: str) -> None:
    with pytest.raises(ProfileError):
        change(ContactFactory(), traits={key: "pro"})


def test_none_and_empty_text_remove_a_trait() -> None:
    contact = ContactFactory()
    change(contact, traits={"plan": "pro", "city": "Oslo"})
    assert change(contact, traits={"plan": None, "city": " "}) == {"plan", "city"}
    assert contact.profile == {}


def test_two_changes_from_stale_copies_lose_nothing() -> None:
    contact = ContactFactory()
    stale = Contact.objects.get(pk=contact.pk)
    change(contact, traits={"plan": "pro"})
    change(stale, traits={"city": "Oslo"})
    assert Contact.objects.get(pk=contact.pk).profile == {"plan": "pro", "city": "Oslo"}


def test_dated_traits_are_indexed_by_their_moment() -> None:
    contact = ContactFactory()
    change(contact, traits={"born": "1990-04-01", "trial_ends": "2026-03-10T12:00:00+02:00"})
    moments = {row.key: row.at.isoformat() for row in DatedTrait.objects.all()}
    assert moments == {
        "born": "1990-04-01T00:00:00+00:00",
        "trial_ends": "2026-03-10T10:00:00+00:00",
    }
    change(contact, traits={"born": None})
    assert list(DatedTrait.objects.values_list("key", flat=True)) == ["trial_ends"]


@pytest.mark.parametrize(("name", "value"), [("email", "no"), ("phone", "1" * 41), ("nick", "x")])
def test_a_field_that_is_wrong_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ProfileError) as caught:
        change(ContactFactory(), fields={name: value})
    assert caught.value.key == name


def test_an_email_that_another_contact_has_is_refused_and_changes_nothing() -> None:
    ContactFactory(email="ada@example.com")
    contact = ContactFactory(email="old@example.com")
    with pytest.raises(ProfileError, match="Another contact"):
        change_profile(contact, now=NOW, fields={"email": "Ada@example.com"}, source="test")
    contact.refresh_from_db()
    assert contact.email == "old@example.com"
