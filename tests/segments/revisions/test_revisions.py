import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.profile import change_profile
from apps.segments import editing, foreseeing
from apps.segments.models import Ladder, Revision, Segment
from apps.segments.plan import catalogue
from apps.segments.revisions import returning, showing
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import IS_PRO, members, rebuild_all, segment

pytestmark = pytest.mark.usefixtures("catalogue")
BASIC = {"trait": "plan", "op": "is", "value": "basic"}


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def save(row: Segment, rule: object | None, **fields: object) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    editing.save(row, rule=rule, by=None, now=NOW)


def said(row: Segment) -> list[list[str]]:
    return [told.changes for told in showing.told(row, catalogue())]


def address(row: Segment, number: int, then: str = "") -> str:
    return f"/admin/segments/{row.pk}/revisions/{number}/{then}"


def test_each_revision_says_what_it_changed() -> None:
    row = segment("pros", IS_PRO)
    ladder = Ladder.objects.create(name="Life", slug="life")
    save(row, {"all": [IS_PRO, {"event": "visited"}]})
    save(row, BASIC, status="draft", name="Basics")
    save(row, BASIC, ladder=ladder, rung=2)
    save(row, BASIC, rung=3)
    save(row, None)
    save(row, {"all": [{"all": []}]}, ladder=None, rung=None)
    assert said(row)[::-1] == [
        ["the first revision"],
        ["added: did visited"],
        [
            "Plan is 'basic' instead of 'pro'",
            "removed: did visited",
            "draft instead of live",
            "renamed from “Pros”",
        ],
        ["came onto the ladder Life, rung 2"],
        ["rung 3 of Life instead of rung 2"],
        ["held by hand instead of Plan is 'basic'"],
        ["everybody instead of held by hand", "left the ladder Life"],
    ]


def test_a_rule_that_cannot_be_read_any_more_is_said_as_it_is() -> None:
    row = segment("pros", IS_PRO)
    Revision.objects.filter(segment=row).update(rule={"trait": "gone", "op": "is", "value": 1})
    save(row, BASIC)
    [latest, _] = said(row)
    assert latest[0].startswith("Plan is 'basic' (before: cannot be read: ")


def test_what_was_not_kept_of_old_revisions_is_not_guessed() -> None:
    row = segment("pros", IS_PRO)
    Revision.objects.filter(segment=row).update(name="", ladder=None, rung=None)
    save(row, BASIC, name="Other")
    assert said(row)[0] == ["Plan is 'basic' instead of 'pro'"]


def test_revisions_are_paged_and_each_page_knows_the_one_before() -> None:
    row = segment("pros", IS_PRO)
    for number in range(5):
        save(row, BASIC if number % 2 == 0 else IS_PRO)
    first = showing.told(row, catalogue(), limit=4)
    rest = showing.told(row, catalogue(), limit=4, before=first[-1].revision.number)
    numbers = [told.revision.number for told in (*first, *rest)]
    assert numbers == [6, 5, 4, 3, 2, 1]
    assert rest[-1].changes == [showing.FIRST]
    assert all(told.changes != [showing.FIRST] for told in first)


def test_one_click_brings_an_earlier_rule_back_as_the_next_revision(marketer: Client) -> None:
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    row = segment("pros", IS_PRO)
    save(row, BASIC)
    rebuild_all()
    assert members("pros") == set()
    page = marketer.get(f"/admin/segments/{row.pk}/revisions/").content.decode()
    assert "Return to 1" in page
    assert "Return to 2" not in page
    answer = marketer.post(address(row, 1, "return/"))
    assert answer["Location"] == f"/admin/segments/{row.pk}/"
    rebuild_all()
    row.refresh_from_db()
    assert (row.revision, row.rule, members("pros")) == (3, IS_PRO, {contact.pk})
    assert not row.rebuilds.get(revision=3).enrol_existing
    marketer.post(address(row, 1, "return/"))
    row.refresh_from_db()
    assert row.revision == 3  # it says that already


def test_the_page_of_a_revision_says_in_numbers_what_going_back_would_do(
    marketer: Client,
) -> None:
    for plan in ("pro", "pro", "basic"):
        change_profile(ContactFactory(), now=NOW, traits={"plan": plan}, source="test")
    row = segment("pros", IS_PRO)
    save(row, BASIC)
    rebuild_all()
    page = marketer.get(address(row, 1)).content.decode()
    assert "2 contacts would enter, 1 would leave" in page
    assert "Return to revision 1" in page
    assert "Return to revision 2" not in marketer.get(address(row, 2)).content.decode()


def test_many_contacts_are_estimated_on_the_page_and_then_counted(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for plan in ("pro", "pro", "basic"):
        change_profile(ContactFactory(), now=NOW, traits={"plan": plan}, source="test")
    row = segment("pros", IS_PRO)
    save(row, BASIC)
    rebuild_all()
    monkeypatch.setattr(foreseeing, "ESTIMATED_FROM", 1)
    monkeypatch.setattr(foreseeing, "RUN", 1)
    page = marketer.get(address(row, 1))
    assert "About" in page.content.decode()
    assert f'hx-get="{address(row, 1)}"' in page.content.decode()
    assert "HX-Request" in page["Vary"]
    part = marketer.get(address(row, 1), headers={"HX-Request": "true"}).content.decode()
    assert "2 contacts would enter, 1 would leave" in part
    assert "hx-get" not in part
    Revision.objects.filter(segment=row, number=1).update(rule=None)
    assert marketer.get(address(row, 1), headers={"HX-Request": "true"}).status_code == 404


def test_past_500_contacts_starting_sequences_asks_for_the_number(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning, "ASK_AGAIN_ABOVE", 1)
    for _ in range(2):
        change_profile(ContactFactory(), now=NOW, traits={"plan": "pro"}, source="test")
    row = segment("pros", IS_PRO)
    save(row, BASIC)
    rebuild_all()
    for wrong in ({}, {"confirmed": "3"}, {"confirmed": "x"}):
        page = marketer.post(address(row, 1, "return/"), {"enrol_existing": "on", **wrong})
        assert page.status_code == 200
        row.refresh_from_db()
        assert row.revision == 2
    assert (
        "2 contacts would start sequences at once"
        in marketer.post(address(row, 1, "return/"), {"enrol_existing": "on"}).content.decode()
    )
    marketer.post(address(row, 1, "return/"), {"enrol_existing": "on", "confirmed": "2"})
    assert row.rebuilds.get(revision=3).enrol_existing


def test_a_revision_that_cannot_be_saved_any_more_says_why(marketer: Client) -> None:
    row, other = segment("pros", IS_PRO), segment("other", BASIC)
    save(other, {"segment": "pros"})
    Revision.objects.filter(segment=row, number=1).update(rule={"segment": "other"})
    page = marketer.post(address(row, 1, "return/"))
    assert "refer to each other" in page.content.decode()
    Revision.objects.filter(segment=row, number=1).update(rule={"segment": "nowhere"})
    assert "nowhere" in marketer.post(address(row, 1, "return/")).content.decode()
    assert "Cannot be read" in marketer.get(address(row, 1)).content.decode()
    row.refresh_from_db()
    assert row.revision == 1


def test_strange_addresses_are_answered(marketer: Client) -> None:
    row = segment("pros", IS_PRO)
    assert marketer.get(address(row, 99)).status_code == 404
    assert marketer.post(address(row, 99, "return/")).status_code == 404
    for before in ("x", "-1", "99999999999999", "%D9%A3", "0"):
        answer = marketer.get(f"/admin/segments/{row.pk}/revisions/?before={before}")
        assert answer.status_code == 200


def test_going_back_can_be_rehearsed_before_it_is_done(marketer: Client) -> None:
    row = segment("pros", IS_PRO)
    save(row, BASIC)
    page = marketer.get(address(row, 1))
    fields = page.context["rehearsal"]
    for name in fields:
        assert f'name="{name}"' in page.content.decode()
    answer = marketer.post(f"/admin/segments/{row.pk}/dry-run/", fields, follow=True)
    proposal = answer.context["proposal"]
    assert Segment.objects.get(pk=row.pk).rule == BASIC  # nothing is saved by it
    marketer.post(f"/admin/segments/dry-runs/{proposal.pk}/save/")
    assert Segment.objects.get(pk=row.pk).rule == IS_PRO
