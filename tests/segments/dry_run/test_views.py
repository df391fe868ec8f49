import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django_q.models import OrmQ

from apps.accounts.models import User
from apps.contacts.erasing import erase
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.nurture.models import Enrolment, Sequence
from apps.segments import editing, jobs
from apps.segments.dry_run import forgetting, rehearsing, saving, showing
from apps.segments.models import Ladder, Proposal, ProposedMove, Segment
from tests.factories import NOW, ContactFactory, UserFactory
from tests.nurture import build as nurture
from tests.segments.build import IS_PRO, members, rebuild_all, segment, settle_all
from tests.segments.dry_run.build import Form, form, proposed

pytestmark = pytest.mark.usefixtures("catalogue")
EVERYBODY, NOBODY = {"all": []}, {"any": []}  # type: ignore[var-annotated]


@pytest.fixture
def user(db: None) -> User:
    return UserFactory.create(role=User.Role.MARKETER)


@pytest.fixture
def marketer(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def pros(count: int) -> list[Contact]:
    contacts = [ContactFactory.create() for _ in range(count)]
    for contact in contacts:
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    return contacts


def rehearse(client: Client, row: Segment | None, posted: Form) -> Any:
    """Press the editor's button; return the page it leads to."""
    address = f"/admin/segments/{row.pk}/dry-run/" if row else "/admin/segments/new/dry-run/"
    return client.post(address, posted, follow=True)


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_an_edit_is_rehearsed_with_nothing_saved_and_then_saved(marketer: Client) -> None:
    one, two = pros(2)
    other = ContactFactory(first_name="Olga")
    settle_all()
    row = segment("some", {"not": IS_PRO})
    nested = segment("nested", {"not": {"segment": "some"}})
    nurture.sequence("Welcome", timedelta(days=1), slug="to-some", segment=row)
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    assert "2 contacts would enter, 1 would leave." in text(page)
    for contact in (one, two, other):
        assert f"/admin/contacts/contact/{contact.pk}/change/" in page.content.decode()
    own, others = page.context["own"], page.context["others"]
    assert (own["members"], page.context["own_after"]) == (1, 2)
    assert [(line["slug"], line["entering"], line["leaving"]) for line in others] == [
        ("nested", 1, 2)
    ]
    assert page.context["proposal"].outcome["starting"] == 2
    row.refresh_from_db()
    assert (row.rule, row.revision) == ({"not": IS_PRO}, 1)
    assert members("some") == {other.pk}

    saved = marketer.post(save_address(page), {"enrol_existing": "on"})
    assert saved["Location"] == f"/admin/segments/{row.pk}/"
    rebuild_all()
    assert members("some") == {one.pk, two.pk}
    assert members(nested.slug) == {other.pk}
    assert {enrolment.contact for enrolment in Enrolment.objects.all()} == {one, two}


def save_address(page: Any) -> str:
    return f"/admin/segments/dry-runs/{page.context['proposal'].pk}/save/"


def test_saved_without_the_wish_nobody_who_matches_already_starts(marketer: Client) -> None:
    pros(2)
    row = segment("some", NOBODY)
    nurture.sequence(segment=row)
    page = rehearse(marketer, row, form(row, rule=IS_PRO, enrol_existing="on"))
    marketer.post(save_address(page))
    rebuild_all()
    assert len(members("some")) == 2
    assert not Enrolment.objects.exists()


def test_a_new_segment_is_rehearsed_too(marketer: Client) -> None:
    ids = {contact.pk for contact in pros(3)}
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("low", EVERYBODY, ladder=ladder, rung=2)
    page = rehearse(marketer, None, form(None, rule=IS_PRO, name="High", ladder=ladder.pk, rung=1))
    assert "3 contacts would enter, 0 would leave." in text(page)
    assert [(line["slug"], line["leaving"]) for line in page.context["others"]] == [("low", 3)]
    assert not Segment.objects.filter(slug="high").exists()
    listed = marketer.get(f"/admin/segments/dry-runs/{page.context['proposal'].pk}/high/entering/")
    assert "3 contacts would enter High" in text(listed)
    marketer.post(save_address(page))
    rebuild_all()
    assert (members("high"), members("low")) == (ids, set())


def test_a_ladder_begun_in_the_form_is_kept_with_the_segment_alone(marketer: Client) -> None:
    page = rehearse(marketer, None, form(None, rule=IS_PRO, new_ladder="Lifecycle"))
    assert not Ladder.objects.exists()
    marketer.post(save_address(page))
    row = Segment.objects.get()
    assert (str(row.ladder), row.rung) == ("Lifecycle", 1)


@pytest.mark.parametrize("htmx", [True, False])
def test_what_cannot_be_saved_is_told_in_the_editor(marketer: Client, *, htmx: bool) -> None:
    first = segment("first", IS_PRO)
    segment("second", {"segment": "first"})
    page = marketer.post(
        f"/admin/segments/{first.pk}/dry-run/",
        form(first, rule={"segment": "second"}),
        headers={"HX-Request": "true"} if htmx else {},
    )
    assert "refer to each other" in page.content.decode()
    assert page.content.decode().lstrip().startswith("<form") is htmx
    assert not Proposal.objects.exists()


def test_with_htmx_the_browser_is_led_to_the_outcome(marketer: Client) -> None:
    row = segment("some", IS_PRO)
    address = f"/admin/segments/{row.pk}/dry-run/"
    answer = marketer.post(address, form(row, rule=EVERYBODY), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/admin/segments/dry-runs/{Proposal.objects.get().pk}/"


def test_back_to_editing_nothing_is_lost(marketer: Client) -> None:
    row = segment("some", IS_PRO)
    sent = {
        "do": ["save"], "name": ["Renamed"], "status": ["live"], "ladder": [""], "rung": [""],
        "node": ["group 1", "condition 2 in 1", "condition 3 in 1"], "match-1": ["any"],
        "subject-2": ["trait:plan"], "op-2": ["is"], "value-2": ["basic"],
        "subject-3": ["trait:score"], "op-3": ["at_least"], "value-3": ["7"],
    }  # fmt: skip
    page = rehearse(marketer, row, sent)
    kept: dict[str, list[str]] = {}
    for name, value in page.context["fields"]:
        kept.setdefault(name, []).append(value)
    assert kept == {name: values for name, values in sent.items() if name != "do"}
    back = marketer.post(page.context["back"], {**kept, "do": "preview"})
    assert back.context["form"]["name"].value() == "Renamed"
    assert back.context["preview"].sentence == "Plan is 'basic' or Score is at least 7"
    row.refresh_from_db()
    assert row.rule == IS_PRO


def test_past_so_many_starting_sequences_the_number_is_typed(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("editor.editor", "dry_run.showing"):
        monkeypatch.setattr(f"apps.segments.{module}.ASK_AGAIN_ABOVE", 1)
    pros(2)
    row = segment("some", NOBODY)
    nurture.sequence(segment=row)
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    assert 'name="confirmed"' in page.content.decode()
    for said in ({}, {"confirmed": ""}, {"confirmed": "3"}, {"confirmed": "two"}):
        page = marketer.post(save_address(page), {"enrol_existing": "on", **said})
        assert page.status_code == 200
        assert Segment.objects.get().revision == 1
    assert "2 contacts would start sequences at once" in text(page)
    marketer.post(save_address(page), {"enrol_existing": "on", "confirmed": "2"})
    assert Segment.objects.get().rebuilds.latest("pk").enrol_existing


def test_saved_straight_from_the_editor_those_of_other_segments_count_too(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody enters the edited segment, two enter one that refers to it."""
    monkeypatch.setattr("apps.segments.editor.editor.ASK_AGAIN_ABOVE", 1)
    pros(2)
    row = segment("some", IS_PRO)
    nurture.sequence(segment=segment("rest", {"not": {"segment": "some"}}))
    posted = form(row, rule=NOBODY, enrol_existing="on")
    page = marketer.post(f"/admin/segments/{row.pk}/edit/", posted)
    assert "2 contacts would start sequences at once" in page.content.decode()
    assert Segment.objects.get(slug="some").revision == 1
    marketer.post(f"/admin/segments/{row.pk}/edit/", {**posted, "confirmed": "2"})
    rebuild_all()
    assert Enrolment.objects.count() == 2


def test_many_pages_of_a_list_hold_everybody_once(
    marketer: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(showing, "SHOWN", 2)
    monkeypatch.setattr(showing.moves, "__kwdefaults__", {"after": "", "limit": 3})
    monkeypatch.setattr(rehearsing, "PIECE", 2)
    ids = [contact.pk for contact in pros(7)]
    row = segment("some", NOBODY)
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    assert "All 7 who would enter" in text(page)
    address = f"/admin/segments/dry-runs/{page.context['proposal'].pk}/some/entering/"
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        with django_assert_max_num_queries(6):
            found = marketer.get(f"{address}?after={after}", headers={"HX-Request": "true"})
        seen += [move.contact_id for move in found.context["found"].moves]
        after = found.context["found"].after
    assert seen == ids
    assert marketer.get(f"{address}?after=99999999999999999999").status_code == 200
    assert marketer.get(address.replace("some", "other")).status_code == 404


# What is saved is what was rehearsed


def edit_itself(row: Segment, _: Sequence) -> None:
    editing.save(row, rule={"not": IS_PRO}, by=None, now=NOW)


def edit_what_it_reads(_: Segment, __: Sequence) -> None:
    read = Segment.objects.get(slug="read")
    editing.save(read, rule={"not": IS_PRO}, by=None, now=NOW)


def edit_what_reads_it(_: Segment, __: Sequence) -> None:
    above = Segment.objects.get(slug="above")
    editing.save(above, rule={"not": {"segment": "some"}}, by=None, now=NOW)


def begin_to_read_it(_: Segment, __: Sequence) -> None:
    segment("another", {"segment": "some"})


def edit_the_sequence(_: Segment, sequence: Sequence) -> None:
    Sequence.objects.filter(pk=sequence.pk).update(re_entry=Sequence.ReEntry.EVERY_TIME)


@pytest.mark.parametrize(
    ("meanwhile", "named"),
    [
        (edit_itself, "Some"),
        (edit_what_it_reads, "Read"),
        (edit_what_reads_it, "Above"),
        (begin_to_read_it, "Another"),
        (edit_the_sequence, "the sequences"),
    ],
)
def test_edited_by_somebody_else_meanwhile_it_is_rehearsed_again_and_not_saved(
    marketer: Client, meanwhile: Any, named: str
) -> None:
    pros(2)
    segment("read", IS_PRO)
    row = segment("some", NOBODY)
    segment("above", {"segment": "some"})
    segment("beside", IS_PRO)
    sequence = nurture.sequence(segment=row)
    page = rehearse(marketer, row, form(row, rule={"segment": "read"}))
    first = page.context["proposal"]
    beside = Segment.objects.get(slug="beside")
    editing.save(beside, rule=NOBODY, by=None, now=NOW)  # has nothing to do with it
    meanwhile(row, sequence)
    rebuild_all()
    revision = Segment.objects.get(slug="some").revision
    again = marketer.post(save_address(page), {"enrol_existing": "on"}, follow=True)
    assert f"Somebody changed {named} meanwhile" in text(again)
    assert again.context["proposal"].pk != first.pk
    assert Segment.objects.get(slug="some").revision == revision
    marketer.post(save_address(again))
    assert Segment.objects.get(slug="some").rule == {"segment": "read"}


def test_what_cannot_be_saved_any_more_leads_back_to_the_editor(marketer: Client) -> None:
    segment("read", IS_PRO)
    row = segment("some", NOBODY)
    page = rehearse(marketer, row, form(row, rule={"segment": "read"}))
    read = Segment.objects.get(slug="read")
    editing.save(read, rule={"segment": "some"}, by=None, now=NOW)
    back = marketer.post(save_address(page))
    assert "refer to each other" in back.content.decode()
    assert Segment.objects.get(slug="some").rule == NOBODY


def test_old_numbers_are_worked_out_again_before_anything_is_saved(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = segment("some", NOBODY)
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    pros(1)
    Proposal.objects.update(done_at=NOW - saving.HOLDS - timedelta(seconds=1))
    again = marketer.post(save_address(page), follow=True)
    assert "more than an hour old" in text(again)
    assert again.context["own"]["entering"] == 1
    assert Segment.objects.get().revision == 1


# Warnings


def test_warnings_come_and_go_with_the_edit(marketer: Client) -> None:
    row = segment("some", {"all": [IS_PRO, {"not": IS_PRO}]})
    segment(
        "nested", {"all": [{"segment": "some"}, {"trait": "score", "op": "at_least", "value": 1}]}
    )
    segment("others", {"any": [IS_PRO, {"trait": "score", "op": "at_least", "value": 5}]})
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    told = page.context["proposal"].outcome
    nobody = {one["slug"] for one in told["going"] if "obody" in one["message"]}
    assert nobody == {"some", "nested"}
    assert not any("obody" in one["message"] for one in told["appearing"])
    assert any("'Others'" in one["message"] for one in told["appearing"])
    back = proposed(row, form(row, rule=row.rule), by=page.context["proposal"].by)
    assert back is not None
    assert (back.outcome["appearing"], back.outcome["going"]) == ([], [])


# Whose it is, and for how long


def test_a_proposal_is_shown_to_nobody_but_who_made_it(marketer: Client) -> None:
    pros(1)
    row = segment("some", NOBODY)
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    pk = page.context["proposal"].pk
    for role, status in ((User.Role.MARKETER, 404), (User.Role.SALES, 403)):
        other = Client()
        other.force_login(UserFactory(role=role))
        for address in (f"{pk}/", f"{pk}/some/entering/", f"{pk}/some/leaving/"):
            assert other.get(f"/admin/segments/dry-runs/{address}").status_code == status
        assert other.post(f"/admin/segments/dry-runs/{pk}/save/").status_code == status
    assert Segment.objects.get().revision == 1


def test_nobody_who_is_erased_is_left_in_a_proposal(marketer: Client) -> None:
    contact, other = pros(2)
    row = segment("some", NOBODY)
    rehearse(marketer, row, form(row, rule=IS_PRO))
    erase(contact.pk)
    assert [move.contact for move in ProposedMove.objects.all()] == [other]


def test_a_proposal_whose_rule_names_somebody_who_is_erased_goes(marketer: Client) -> None:
    contact = ContactFactory(email="Ada+Tips@people.example")
    rules = ({"trait": "contact.email", "op": "is", "value": contact.email}, IS_PRO)
    kept = [rehearse(marketer, None, form(None, rule=rule)).context["proposal"] for rule in rules]
    erase(contact.pk)
    assert list(Proposal.objects.all()) == kept[1:]


def test_the_night_forgets_old_proposals(marketer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PIECE", 2)
    pros(3)
    row = segment("some", NOBODY)
    rehearse(marketer, row, form(row, rule=IS_PRO))
    Proposal.objects.update(at=NOW - forgetting.KEPT - timedelta(seconds=1))
    kept = rehearse(marketer, row, form(row, rule=IS_PRO)).context["proposal"]
    jobs.forget_proposals()
    assert list(Proposal.objects.all()) == [kept]
    assert set(ProposedMove.objects.values_list("proposal", flat=True)) == {kept.pk}


# The worker's way


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few contacts there are, let them be too many for the page to wait for."""
    monkeypatch.setattr(rehearsing, "FEW", -1)


@pytest.mark.usefixtures("many")
def test_among_many_contacts_a_worker_does_it_and_the_page_shows_how_far_it_is(
    marketer: Client,
) -> None:
    pros(2)
    row = segment("some", NOBODY)
    OrmQ.objects.all().delete()
    page = rehearse(marketer, row, form(row, rule=IS_PRO))
    proposal = page.context["proposal"]
    assert "Comparing every contact" in text(page)
    assert 'hx-trigger="every 1s"' in page.content.decode()
    assert marketer.post(save_address(page), follow=True).status_code == 200
    assert Segment.objects.get().revision == 1
    task = OrmQ.objects.order_by("pk")[0].task
    assert (task["func"], task["args"]) == (rehearsing.JOB, (proposal.pk,))
    jobs.rehearse(proposal.pk)
    jobs.rehearse(proposal.pk)
    page = marketer.get(f"/admin/segments/dry-runs/{proposal.pk}/", headers={"HX-Request": "true"})
    assert "2 contacts would enter" in text(page)
    assert "every 1s" not in page.content.decode()
    assert ProposedMove.objects.filter(proposal=proposal).count() == 2


class Killed(Exception):
    """Stands for a worker's death."""


@pytest.mark.usefixtures("many")
def test_a_killed_workers_successor_begins_anew_and_the_last_gives_up(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "PIECE", 1)
    pros(3)
    row = segment("some", NOBODY)
    proposal = rehearse(marketer, row, form(row, rule=IS_PRO)).context["proposal"]

    def die(point: str) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(rehearsing, "reached", die)
        with pytest.raises(Killed):
            jobs.rehearse(proposal.pk)
    assert ProposedMove.objects.count() == 1
    jobs.rehearse(proposal.pk)
    assert ProposedMove.objects.count() == 3
    Proposal.objects.update(state=Proposal.State.WORKING, attempt=rehearsing.TRIES)
    jobs.rehearse(proposal.pk)
    assert rehearsing.TOO_LONG in text(marketer.get(f"/admin/segments/dry-runs/{proposal.pk}/"))


@pytest.mark.usefixtures("many")
def test_a_worker_whose_task_was_given_to_another_stops(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "PIECE", 1)
    pros(3)
    row = segment("some", NOBODY)
    proposal = rehearse(marketer, row, form(row, rule=IS_PRO)).context["proposal"]

    def give_away(point: str) -> None:
        Proposal.objects.update(attempt=F("attempt") + 1)

    with monkeypatch.context() as slow:
        slow.setattr(rehearsing, "reached", give_away)
        jobs.rehearse(proposal.pk)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.WORKING
    assert ProposedMove.objects.count() == 1
    jobs.rehearse(proposal.pk)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.attempt) == (Proposal.State.DONE, 3)
    assert ProposedMove.objects.count() == 3
