"""The page that says why: the answer first, then the reasons, what would change it, the history."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import User
from apps.contacts.events import record_event
from apps.contacts.merging import merge
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind, Option
from apps.segments import editing
from apps.segments.models import Ladder, PinChange, Segment
from apps.segments.ticking import tick
from apps.segments.why.showing import Page
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, IS_PRO, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
Look = Callable[..., Page]


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


@pytest.fixture
def ada() -> Contact:
    return ContactFactory(first_name="Ada", created_at=NOW - 100 * DAY)


@pytest.fixture
def look(marketer: Client, ada: Contact) -> Look:
    def look(slug: str, at: datetime | str = "") -> Page:
        text = at if isinstance(at, str) else at.isoformat()
        found = marketer.get(f"/admin/segments/why/{ada.pk}/{slug}/", {"at": text} if text else {})
        assert found.status_code == 200
        page: Page = found.context["page"]
        assert page.answer.short in found.content.decode().replace("&#x27;", "'")
        return page

    return look


def bought(contact: Contact, *days_ago: int) -> None:
    for days in days_ago:
        record_event(contact, name="order_completed", now=NOW, occurred_at=NOW - days * DAY)
    settle_all()


def test_the_answer_comes_first_with_since_when_and_because_of_what(
    look: Look, ada: Contact
) -> None:
    segment("loyal", BOUGHT_TWICE_IN_30_DAYS)
    bought(ada, 1, 2, 5)
    page = look("loyal")
    assert page.answer.short == "Ada is in Loyal"
    assert page.answer.rest == (
        "Since 10 March 2026, because they bought 3 times in the last 30 days."
    )
    assert page.by_time == "If nothing else happens, Ada leaves on 7 April 2026 at 12:00."
    assert page.line is not None
    assert (page.line.found, page.line.holds, page.line.decides) == ("3 times", True, True)
    assert page.line.turns == "time alone turns this off on 7 April 2026 at 12:00"


def test_the_least_change_is_said_in_words_with_the_time_it_has(look: Look, ada: Contact) -> None:
    define("plan", label="Plan", kind=Kind.TEXT, options=[Option("pro", "Pro")], source="test")
    segment("loyal", BOUGHT_TWICE_IN_30_DAYS)
    segment("pros", IS_PRO)
    segment("both", {"all": [IS_PRO, BOUGHT_TWICE_IN_30_DAYS]})
    segment("within", {"segment": "pros"})
    bought(ada, 10)
    assert look("loyal").least.changes == ["one more purchase before 30 March 2026 at 12:00"]
    assert look("pros").least.changes == ["Plan becomes Pro"]
    assert look("both").least.changes == [
        "Plan becomes Pro",
        "one more purchase before 30 March 2026 at 12:00",
    ]
    assert look("within").least.changes == ["entering 'Pros'"]
    assert look("within").answer.rest == "Because they are not in 'Pros'."
    change_profile(ada, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    assert look("pros").answer.rest == "Since 10 March 2026, because Plan is Pro."
    assert look("pros").least.changes == ["Plan is no longer Pro"]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"trait": "score", "op": "at_least", "value": 5}, "Score is 3"),
        ({"trait": "plan", "op": "is_set"}, "Plan is not known"),
        (
            {"trait": "born", "op": "after", "value": "2000-01-01"},
            "Born is not after 1 January 2000",
        ),
        (
            {"trait": "likes", "op": "has_any", "value": ["tea"]},
            "Likes has all of 'jazz' and 'rock'",
        ),
        ({"trait": "keen", "op": "is_false"}, "Keen is true"),
        (
            {
                "event": "order_completed",
                "sum": {"property": "total", "op": "at_least", "value": 99},
            },
            "the sum of total of purchases is 40",
        ),
        (
            {"event": "x", "max": {"property": "total", "op": "at_least", "value": 99}},
            "the highest total of x is not known",
        ),
        (
            {"event": "order_completed", "last": {"op": "older_than", "value": "60d"}},
            "the last purchase was not more than 60 days ago",
        ),
        ({"event": "x", "last": {"op": "in_last", "value": "60d"}}, "they never did x"),
        ({"not": {"event": "order_completed"}}, "they bought once"),
        ({"any": []}, "the segment takes nobody"),
    ],
)
def test_each_condition_says_what_it_found(
    look: Look, ada: Contact, rule: object, found: str
) -> None:
    define("likes", label="Likes", kind=Kind.CHOICES, source="test")
    define("keen", label="Keen", kind=Kind.BOOLEAN, source="test")
    traits = {"score": 3, "born": "1990-05-01", "likes": ["jazz", "rock"], "keen": True}
    change_profile(ada, now=NOW, traits=traits, source="test")
    record_event(ada, name="order_completed", now=NOW, properties={"total": 40})
    segment("those", rule)
    assert look("those").answer.rest == f"Because {found}."


def test_a_tree_marks_what_decided_and_says_the_opposite_of_a_not(look: Look, ada: Contact) -> None:
    segment(
        "those",
        {"all": [{"not": IS_PRO}, {"any": [BOUGHT_TWICE_IN_30_DAYS, {"event": "x"}]}]},
    )
    line = look("those").line
    assert line is not None
    assert (line.words, line.holds) == ("All of these", False)
    first, second = line.parts
    assert (first.words, first.holds, first.decides) == ("Plan is not 'pro'", True, False)
    assert (second.words, second.holds, second.decides) == ("Any of these", False, True)
    assert [(part.holds, part.decides) for part in second.parts] == [(False, True), (False, True)]


def test_the_case_of_a_ladder_and_of_a_pin_is_told(look: Look, ada: Contact) -> None:
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    vip = segment("vip", IS_PRO, ladder=ladder, rung=1)
    segment("rest", {"all": []}, ladder=ladder, rung=2)
    assert look("rest").least.changes == ["entering a higher rung: 'Vip'"]
    change_profile(ada, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    page = look("rest")
    assert page.answer.rest == (
        "They left on 10 March 2026, because the rule is met, but a higher rung won: 'Vip'."
    )
    assert page.least.changes == ["leaving 'Vip'"]
    editing.pin(ada, vip, held="out", by=None)
    settle_all()
    assert look("vip").answer.rest == (
        "They left on 10 March 2026, because they are held out by hand (since 10 March 2026)."
    )
    editing.pin(ada, vip, held="in", by=User.objects.get())
    settle_all()
    assert look("vip").answer.rest == (
        f"Since 10 March 2026, because they are held in by hand (by {User.objects.get()})."
    )
    editing.pin(ada, vip, held="out", by=None)
    settle_all()
    assert look("vip").least.changes == ["taking the pin away"]
    assert look("rest").answer.rest == "Since 10 March 2026, because the segment takes everybody."


def test_the_history_links_to_each_move_and_to_the_moment_before(
    marketer: Client, look: Look, ada: Contact
) -> None:
    segment("pros", IS_PRO)
    moments = [NOW + day * DAY for day in (1, 2, 3)]
    for at, plan in zip(moments, ("pro", "free", "pro"), strict=True):
        with time_machine.travel(at, tick=False):
            change_profile(ada, now=at, traits={"plan": plan}, source="test")
            settle_all(now=at)
    with time_machine.travel(NOW + 9 * DAY, tick=False):
        marketer.force_login(User.objects.get())
        steps = look("pros").strip.steps
        assert [(step.entered, step.at, step.cause) for step in steps] == [
            (True, moments[2], "Plan"),
            (False, moments[1], "Plan"),
            (True, moments[0], "Plan"),
        ]

        def told(address: str) -> tuple[str, str]:
            answer = look("pros", address.removeprefix("?at=")).answer
            return answer.short, answer.rest

        assert told(steps[1].link) == (
            "Ada was not in Pros on 12 March 2026 at 12:00",
            "They left on 12 March 2026, because Plan was 'free'.",
        )
        assert told(steps[1].link_before)[1] == "Since 11 March 2026, because Plan was 'pro'."
        assert told(steps[2].link_before)[1] == "Because Plan was not known."
        ahead = look("pros", NOW + 30 * DAY)
        assert ahead.answer.short == "Ada will be in Pros on 9 April 2026 at 12:00"
        assert ahead.answer.notes == ("That is if nothing else happens until then.",)


def test_what_time_did_is_told_from_what_came(look: Look, marketer: Client, ada: Contact) -> None:
    tick(now=NOW)
    segment("loyal", BOUGHT_TWICE_IN_30_DAYS)
    bought(ada, 1, 28)
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        marketer.force_login(User.objects.get())
        tick(now=NOW + 3 * DAY)
        settle_all(now=NOW + 3 * DAY)
        left, entered = look("loyal").strip.steps
        assert (left.entered, left.cause) == (False, "time passed (purchases)")
        assert (entered.entered, entered.cause) == (True, "purchases")
        late = look("loyal", NOW + 2.5 * DAY)
        assert late.answer.short == "Ada was in Loyal on 13 March 2026 at 00:00"
        (note,) = late.answer.notes
        assert note.endswith("belonged out already, and followed on 13 March 2026 at 12:00.")


@pytest.mark.parametrize("status", [Segment.Status.DRAFT, Segment.Status.ARCHIVED])
def test_of_a_segment_that_is_not_live_it_says_what_would_be(
    look: Look, ada: Contact, status: str
) -> None:
    segment("pros", IS_PRO, status=status)
    page = look("pros")
    assert (page.answer.short, page.would_be) == ("Ada would not be in Pros", True)
    assert page.least.changes == ["Plan becomes pro"]
    assert look("pros", NOW - DAY).answer.rest == "Because the segment was not live then."
    assert look("pros", NOW - 200 * DAY).answer.rest == "Because nothing was known of them yet."


@pytest.mark.parametrize("kept", [True, False])
def test_the_pin_that_held_then_is_named_with_who_let_it_go_when(
    look: Look, marketer: Client, ada: Contact, *, kept: bool
) -> None:
    row, user = segment("pros", IS_PRO), User.objects.get()
    editing.pin(ada, row, held="in", by=user)
    settle_all()
    with time_machine.travel(NOW + DAY, tick=False):
        marketer.force_login(user)
        editing.pin(ada, row, held=None, by=user)
        editing.pin(ada, row, held=None, by=user)  # once more: nothing happens
        settle_all(now=NOW + DAY)
        if not kept:  # as it was before
            PinChange.objects.all().delete()
        then, after = look("pros", NOW + DAY / 2), look("pros", NOW + DAY)
    assert "by hand" not in after.answer.rest
    assert then.by_time == ""
    if not kept:
        assert then.answer.rest == "Since 10 March 2026, as the history has it."
        assert "before Tidemark kept what became of pins" in then.answer.notes[0]
        assert then.least.changes == []
        return
    assert list(PinChange.objects.order_by("pk").values_list("held", "by")) == [
        ("in", user.pk),
        ("", user.pk),
    ]
    assert then.answer.rest == (
        "Since 10 March 2026, because they were held in by hand"
        f" (by {user}, from 10 March 2026 to 11 March 2026)."
    )
    assert (then.answer.notes, then.least.changes) == ((), ["taking the pin away"])


def test_a_moment_is_chosen_by_the_clock_of_the_installation(look: Look, settings: Any) -> None:
    segment("pros", IS_PRO)
    settings.TIME_ZONE = "America/New_York"
    assert look("pros").asked.written == "2026-03-10T08:00:00"
    page = look("pros", "2026-03-10T07:30")
    assert page.asked.at == NOW - timedelta(minutes=30)
    assert page.moment == "10 March 2026 at 07:30"


@pytest.mark.parametrize(
    "text", ["yesterday", "2026", "0001-01-01T00:00", "2026-13-01T00:00", "9" * 99]
)
def test_what_is_no_moment_is_refused_in_words(look: Look, text: str) -> None:
    segment("pros", IS_PRO)
    page = look("pros", text)
    assert "Give a date and a time" in page.asked.problem
    assert page.answer.short == "Ada is not in Pros"


def test_long_histories_are_paged(marketer: Client, ada: Contact, monkeypatch: Any) -> None:
    monkeypatch.setattr("apps.segments.why.strip.MOST", 2)
    segment("pros", IS_PRO)
    for plan in ("pro", "free", "pro"):
        change_profile(ada, now=NOW, traits={"plan": plan}, source="test")
        settle_all()
    address = f"/admin/segments/why/{ada.pk}/pros/"
    first = marketer.get(address).context["page"].strip
    assert [step.entered for step in first.steps] == [True, False]
    second = marketer.get(f"{address}?before={first.earlier}").context["page"].strip
    assert ([step.entered for step in second.steps], second.earlier) == ([True], None)
    assert marketer.get(f"{address}?before=no").status_code == 200


def test_the_page_and_its_part_are_one_view_with_a_fixed_number_of_queries(
    marketer: Client, ada: Contact, django_assert_max_num_queries: Any
) -> None:
    segment("pros", IS_PRO)
    segment("both", {"all": [{"segment": "pros"}, BOUGHT_TWICE_IN_30_DAYS]})
    for plan in ("pro", "free") * 5:
        change_profile(ada, now=NOW, traits={"plan": plan}, source="test")
        bought(ada, 1)
    address = f"/admin/segments/why/{ada.pk}/both/"
    part = marketer.get(address, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="why"')
    assert "HX-Request" in part["Vary"]
    for query in ("", f"?at={NOW - timedelta(hours=1):%Y-%m-%dT%H:%M}"):
        with django_assert_max_num_queries(28):
            marketer.get(address + query)


def test_whoever_was_merged_is_told_of_as_the_one_that_stayed(
    marketer: Client, ada: Contact
) -> None:
    segment("pros", IS_PRO)
    gone = ContactFactory()
    merge(into=ada.pk, gone=gone.pk, now=NOW)
    answer = marketer.get(f"/admin/segments/why/{gone.pk}/pros/")
    assert answer["Location"] == f"/admin/segments/why/{ada.pk}/pros/"


def test_a_moment_before_a_merge_says_which_of_the_two_it_was(look: Look, ada: Contact) -> None:
    segment("pros", IS_PRO)
    gone = ContactFactory(created_at=NOW - 100 * DAY)
    change_profile(gone, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    merge(into=ada.pk, gone=gone.pk, now=NOW + DAY)
    change_profile(ada, now=NOW + 2 * DAY, traits={"plan": "free"}, source="test")
    settle_all(now=NOW + 2 * DAY)
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        before, after = look("pros", NOW + DAY / 2), look("pros", NOW + DAY)
    assert before.answer.short.startswith("Ada was in Pros")
    assert before.answer.notes == ("It was a contact that was merged into this one later.",)
    assert (after.answer.short[:15], after.answer.notes) == ("Ada was in Pros", ())
    assert [(step.entered, step.by_another) for step in before.strip.steps] == [
        (False, False),
        (True, True),
    ]


def test_one_is_led_there_from_the_contact_also_for_segments_it_is_not_in(
    marketer: Client, ada: Contact
) -> None:
    segment("pros", IS_PRO)
    segment("all", {"all": []})
    segment("old", IS_PRO, status=Segment.Status.ARCHIVED)
    page = marketer.get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()
    assert f"/admin/segments/why/{ada.pk}/all/" in page
    assert '<option value="pros">' in page
    assert '<option value="old">' not in page
    chosen = marketer.get(f"/admin/segments/why/{ada.pk}/?segment=pros")
    assert chosen["Location"] == f"/admin/segments/why/{ada.pk}/pros/"
    assert marketer.get(f"/admin/segments/why/{ada.pk}/?segment=%00").status_code in {400, 404}
    rebuild_all()
