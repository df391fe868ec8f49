from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.segments import members
from apps.segments.models import Ladder, Membership, Segment
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import segment

pytestmark = pytest.mark.usefixtures("catalogue")
HOSTILE = [
    "?after=99999999999999999999&q=%25_",
    "?after=-1&before=x",
    "?after=%D9%A3",
    "?after=5&before=5",
    "?since=2026-02-31",
    "?since=0001-01-01",
    "?since=9999-12-31",
    "?since=%27&q=%5C%25_%27%22",
    f"?q={'a' * 1500}",
    f"?q={'a+' * 300}",
]


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


@pytest.fixture
def everybody(db: None, monkeypatch: pytest.MonkeyPatch) -> Segment:
    monkeypatch.setattr(members, "MEMBERS", 2)
    for name in ("Ada", "Bela", "Cleo", "Dora", "Emil"):
        ContactFactory(first_name=name, last_name="Stone", email=f"{name.lower()}@x.example")
    return segment("all", {"all": []})


def named(client: Client, row: Segment, query: str = "") -> list[str]:
    page = client.get(f"/admin/segments/{row.pk}/{query}").context["page"]
    return [member.contact.first_name for member in page.members]


def walk(client: Client, row: Segment, way: str, query: str = "") -> list[list[str]]:
    """Follow the links one way to the end; return the names on each page."""
    found = []
    while True:
        page = client.get(f"/admin/segments/{row.pk}/{query}").context["page"]
        found.append([member.contact.first_name for member in page.members])
        query = getattr(page, way)
        if not query:
            return found


def test_members_are_paged_both_ways_the_newest_contact_first(
    marketer: Client, everybody: Segment
) -> None:
    pages = walk(marketer, everybody, "older")
    assert pages == [["Emil", "Dora"], ["Cleo", "Bela"], ["Ada"]]
    oldest = Membership.objects.order_by("contact").first()
    assert oldest is not None
    back = walk(marketer, everybody, "newer", f"?after={oldest.contact_id + 1}")
    assert back == [["Ada"], ["Cleo", "Bela"], ["Emil", "Dora"]]


def test_a_member_is_found_by_the_beginnings_of_its_names(
    marketer: Client, everybody: Segment
) -> None:
    assert named(marketer, everybody, "?q=bel") == ["Bela"]
    assert named(marketer, everybody, "?q=sto+DOR") == ["Dora"]
    assert named(marketer, everybody, "?q=cleo@x") == ["Cleo"]
    assert named(marketer, everybody, "?q=%25") == []
    assert walk(marketer, everybody, "older", "?q=stone") == walk(marketer, everybody, "older")


def test_members_are_found_by_when_they_entered(
    marketer: Client, everybody: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MEMBERS", 50)
    later = segment("later", {"all": []}, now=NOW + timedelta(days=3))
    day = NOW.date()
    assert len(named(marketer, everybody, f"?since={day}")) == 5
    assert named(marketer, everybody, f"?since={day + timedelta(days=1)}") == []
    assert len(named(marketer, later, f"?since={day + timedelta(days=3)}")) == 5
    assert named(marketer, later, f"?since={day + timedelta(days=4)}") == []


@pytest.mark.parametrize("query", HOSTILE)
def test_no_address_breaks_the_page(marketer: Client, everybody: Segment, query: str) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = marketer.get(f"/admin/segments/{everybody.pk}/{query}", headers=headers)
        assert answer.status_code == 200
    assert marketer.get(f"/admin/segments/{everybody.pk}/?q=%00").status_code == 400


def test_a_part_of_the_page_is_the_members_alone(marketer: Client, everybody: Segment) -> None:
    part = marketer.get(f"/admin/segments/{everybody.pk}/", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="members">')
    assert part["Vary"].startswith("HX-Request")


def test_the_page_asks_the_same_few_questions_however_many_members(
    marketer: Client,
    everybody: Segment,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(members, "MEMBERS", 50)
    with django_assert_max_num_queries(16):
        page = marketer.get(f"/admin/segments/{everybody.pk}/").content.decode()
    assert page.count("row-link") == 5
    assert page.count(">Why<") == 5


def test_many_contacts_are_looked_through_for_words_some_at_a_time(
    marketer: Client, everybody: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "LOOKED_THROUGH", 2)
    assert walk(marketer, everybody, "older", "?q=ada") == [[], [], ["Ada"]]
    page = marketer.get(f"/admin/segments/{everybody.pk}/?q=ada")
    assert "No members match so far" in page.content.decode()
    assert "Look through older contacts" in page.content.decode()
    second = page.context["page"].older
    assert named(marketer, everybody, second) == []
    back = marketer.get(f"/admin/segments/{everybody.pk}/{second}").context["page"].newer
    assert named(marketer, everybody, back) == []
    assert walk(marketer, everybody, "older", "?q=stone") == [
        ["Emil", "Dora"],
        ["Cleo", "Bela"],
        ["Ada"],
    ]
    assert named(marketer, everybody) == ["Emil", "Dora"]


def test_an_empty_rung_says_that_a_higher_one_may_take_its_contacts(
    marketer: Client, everybody: Segment
) -> None:
    ladder = Ladder.objects.create(name="Standing", slug="standing")
    for rung, slug in enumerate(("all-of-them", "the-rest"), start=1):
        segment(slug, {"all": []}, now=NOW, ladder=ladder, rung=rung)
    lower = Segment.objects.get(slug="the-rest")
    page = marketer.get(f"/admin/segments/{lower.pk}/").content.decode()
    assert "is taken by a higher rung of <a" in page
    assert "Nobody meets the rule now" not in page
