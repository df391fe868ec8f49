"""The past of a profile: exact at every moment, whoever wrote it, and nothing kept for nothing."""

import random
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from apps.contacts import history
from apps.contacts.gathering import Sighting, gather
from apps.contacts.merging import merge
from apps.contacts.models import FIELDS, Contact, ProfileChange
from apps.contacts.profile import ProfileError, change_profile
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def present(contact: Contact) -> dict[str, Any]:
    contact = Contact.objects.get(pk=contact.pk)
    fields = {f"contact.{name}": getattr(contact, name) for name in FIELDS}
    return deepcopy({**contact.profile, **fields})


def then(contact: Contact, moment: datetime) -> dict[str, Any]:
    contact = Contact.objects.get(pk=contact.pk)
    found = history.read([contact], since=moment)[contact.pk].at(moment)
    assert found == history.read([contact])[contact.pk].at(moment)
    return found


class World:
    """A few people, written by every writer there is, and what each was after every change."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = NOW
        for number in range(4):
            contact = ContactFactory(created_at=NOW)
            contact.identities.create(kind="external_id", value=f"id-{number}")
        self.seen: list[tuple[int, datetime, dict[str, Any]]] = []

    def contact(self) -> Contact:
        return self.random.choice(list(Contact.objects.standing().order_by("pk")))

    def some(self) -> dict[str, Any]:
        values: dict[str, list[Any]] = {
            "plan": ["free", "pro", "", None],
            "score": [1, 2.5, None],
            "likes": [["a"], ["a", "b"], [], None],
            "born": ["1990-01-01", "1991-01-01", None],
        }
        keys = self.random.sample(sorted(values), self.random.randint(0, 3))
        return {key: self.random.choice(values[key]) for key in keys}

    def fields(self) -> dict[str, str]:
        names = self.random.sample(["first_name", "country", "phone"], self.random.randint(0, 2))
        return {name: self.random.choice(["x", "y", ""]) for name in names}

    def change(self) -> None:
        contact = self.contact()
        traits, fields = self.some(), self.fields()
        change_profile(contact, now=self.now, fields=fields, traits=traits, source="test")
        change_profile(contact, now=self.now, fields=fields, traits=traits, source="test")

    def refused(self) -> None:
        other = Contact.objects.standing().exclude(email="").order_by("pk").first()
        assert other is not None
        contact = ContactFactory(email="", created_at=self.now)
        with pytest.raises(ProfileError):
            change_profile(
                contact,
                now=self.now,
                fields={"email": other.email, "country": "z"},
                source="test",
            )

    def batch(self) -> None:
        ids = [f"id-{self.random.randrange(6)}" for _ in range(5)]
        gather([Sighting(one, self.fields(), self.some()) for one in ids], now=self.now, source="t")

    def merge(self) -> None:
        into, gone = self.contact(), self.contact()
        if into != gone and Contact.objects.standing().count() > 3:
            merge(into=into.pk, gone=gone.pk, now=self.now)

    def step(self) -> None:
        for _ in range(self.random.choice([1, 1, 3])):  # three at one instant of the clock
            self.random.choice([self.change, self.change, self.batch, self.merge, self.refused])()
        for contact in Contact.objects.standing():
            self.seen.append((contact.pk, self.now, present(contact)))
        self.now += self.random.choice([SECOND, 3600 * SECOND])


@pytest.mark.parametrize("seed", range(6))
def test_the_profile_of_every_moment_is_what_it_was(seed: int) -> None:
    world = World(seed)
    for _ in range(15):
        world.step()
    for pk, moment, was in world.seen:
        contact = Contact.objects.get(pk=pk)
        past = history.read([contact])[pk]
        if contact.merged_into_id is not None or past.merged_after(moment) is not None:
            continue
        assert then(contact, moment) == was
        assert then(contact, moment + SECOND / 2) == was
    assert any(
        history.read([contact])[contact.pk].formers for contact in Contact.objects.standing()
    )


def test_nothing_is_kept_where_nothing_changes() -> None:
    contact = ContactFactory(email="ada@people.example")
    contact.identities.create(kind="external_id", value="ada")
    for _ in range(3):
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
        gather([Sighting("ada", {"country": "PT"}, {"plan": "pro"})], now=NOW, source="test")
        gather([Sighting("new", {"country": "PT"}, {"plan": "pro"})], now=NOW, source="test")
    kept = ProfileChange.objects.order_by("pk").values_list("contact", "before")
    assert list(kept) == [
        (contact.pk, {"plan": None}),
        (contact.pk, {"contact.country": ""}),
    ]


def test_what_rolls_back_leaves_no_history() -> None:
    taken, contact = ContactFactory(email="a@people.example"), ContactFactory(email="")
    with pytest.raises(ProfileError):
        change_profile(contact, now=NOW, fields={"email": taken.email}, source="test")
    assert not ProfileChange.objects.exists()


def test_a_batch_is_kept_by_one_statement() -> None:
    def queries(names: list[str], plan: str) -> int:
        rows = [Sighting(name, {}, {"plan": plan}) for name in names]
        with CaptureQueriesContext(connection) as captured:
            gather(rows, now=NOW, source="test")
        return sum("profilechange" in query["sql"] for query in captured)

    names = [f"id-{number}" for number in range(200)]
    queries(names, "free")
    assert (queries(names[:5], "pro"), queries(names, "max")) == (1, 1)
    assert ProfileChange.objects.count() == 5 + 200


def test_a_clock_that_is_behind_does_not_mix_up_the_order() -> None:
    contact = ContactFactory()
    for plan, at in (("a", NOW), ("b", NOW + 5 * SECOND), ("c", NOW + 3 * SECOND)):
        change_profile(contact, now=at, traits={"plan": plan}, source="test")
    moments = (NOW - SECOND, NOW, NOW + 4 * SECOND, NOW + 5 * SECOND)
    assert [then(contact, at).get("plan") for at in moments] == [None, "a", "a", "c"]


def test_before_a_merge_both_are_told_as_merging_them_then_would_have_made_them() -> None:
    into = ContactFactory(email="into@people.example", first_name="")
    gone = ContactFactory(email="gone@people.example", first_name="Gwen")
    older = ContactFactory(email="", country="PT")
    change_profile(into, now=NOW, traits={"plan": "pro"}, source="test")
    change_profile(gone, now=NOW + SECOND, traits={"plan": "free", "score": 1}, source="test")
    merge(into=gone.pk, gone=older.pk, now=NOW + 2 * SECOND)
    change_profile(gone, now=NOW + 3 * SECOND, traits={"score": 2}, source="test")
    merge(into=into.pk, gone=gone.pk, now=NOW + 4 * SECOND)
    change_profile(into, now=NOW + 5 * SECOND, traits={"score": 3}, source="test")

    def told(seconds: int) -> tuple[Any, ...]:
        found = then(into, NOW + seconds * SECOND)
        named = (found["contact.email"], found["contact.first_name"], found["contact.country"])
        return (*named, found.get("plan"), found.get("score"))

    both = ("into@people.example", "Gwen", "PT")
    assert told(-1) == (*both, None, None)
    assert told(0) == (*both, "pro", None)
    assert told(1) == (*both, "pro", 1)
    assert told(3) == (*both, "pro", 2)
    assert told(4) == (*both, "pro", 2)
    assert told(5) == (*both, "pro", 3)
    past = history.read([Contact.objects.get(pk=into.pk)])[into.pk]
    merges = [past.merged_after(NOW + seconds * SECOND) for seconds in (0, 2, 4)]
    assert merges == [NOW + 2 * SECOND, NOW + 4 * SECOND, None]


@pytest.mark.parametrize("count", [1, 20])
def test_many_histories_are_read_by_one_query(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    contacts = [ContactFactory() for _ in range(count)]
    for contact in contacts:
        change_profile(contact, now=NOW + SECOND, traits={"plan": "pro"}, source="test")
    with django_assert_num_queries(1):
        found = history.read(contacts, since=NOW)
    assert {past.at(NOW).get("plan") for past in found.values()} == {None}
