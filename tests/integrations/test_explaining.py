from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.contacts.events import record_event
from apps.contacts.models import Contact, ProfileChange
from apps.contacts.profile import change_profile
from apps.segments import editing
from apps.segments.models import Ladder, PinChange, Segment
from tests.factories import NOW, ContactFactory
from tests.integrations.conftest import Caller
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, IS_PRO, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue", "_at_noon")
DAY = timedelta(days=1)
IS_VIP = {"trait": "vip", "op": "is_true"}


@pytest.fixture
def _at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ann(db: None) -> Contact:
    ann = ContactFactory(created_at=NOW - 100 * DAY)
    change_profile(ann, now=NOW, traits={"plan": "free", "score": 3}, source="test")
    return ann


def text(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_an_explanation_shows_every_condition_with_what_it_found(
    call: Caller, ann: Contact
) -> None:
    for days in (1, 2):
        record_event(ann, name="order_completed", now=NOW, occurred_at=NOW - days * DAY)
    segment("good", {"any": [IS_PRO, {"not": {"not": BOUGHT_TWICE_IN_30_DAYS}}]})
    said = call.get(f"/contacts/{ann.pk}/explain/good")
    flips = text(NOW + 28 * DAY)
    bought = {**BOUGHT_TWICE_IN_30_DAYS, "actual": 2, "holds": True, "flips_at": flips}
    assert said["because"] == {
        "any": [
            {**IS_PRO, "actual": "free", "holds": False, "flips_at": None},
            {"not": {"not": bought, "holds": False}, "holds": True},
        ],
        "holds": True,
    }
    assert (said["holds"], said["since"], said["flips_at"]) == (True, text(NOW), flips)
    assert said["least_change"] is None  # events do not go away, and both would have to


@pytest.mark.parametrize(
    ("rule", "least"),
    [
        (IS_PRO, [{"trait": "plan", "from": "free", "to": "pro"}]),
        ({"not": IS_PRO}, [{"trait": "plan", "from": "free", "to": "pro"}]),
        (
            {"all": [IS_PRO, {"trait": "score", "op": "more_than", "value": 5}]},
            [
                {"trait": "plan", "from": "free", "to": "pro"},
                {"trait": "score", "from": 3, "to": 6},
            ],
        ),
        (
            {
                "any": [
                    {"all": [IS_PRO, {"trait": "vip", "op": "is_true"}]},
                    BOUGHT_TWICE_IN_30_DAYS,
                ]
            },
            [{"event": "order_completed", "add": 2}],
        ),
        (
            {
                "event": "order_completed",
                "where": [{"property": "total", "op": "more_than", "value": 10}],
            },
            [{"event": "order_completed", "add": 1, "properties": {"total": 11}}],
        ),
        (
            {
                "event": "order_completed",
                "sum": {"property": "total", "op": "at_least", "value": 50},
            },
            [{"event": "order_completed", "add": 1, "properties": {"total": 50}}],
        ),
        ({"segment": "pros"}, [{"segment": "pros", "from": False, "to": True}]),
        (
            {"trait": "trial_ends", "op": "in_next", "value": "2d"},
            [{"trait": "trial_ends", "from": None, "to": text(NOW + DAY)}],
        ),
        ({"all": []}, None),
    ],
)
def test_the_least_change_is_told_and_would_turn_the_rule(
    call: Caller, ann: Contact, rule: object, least: object
) -> None:
    segment("pros", IS_PRO)
    segment("those", rule)
    assert call.get(f"/contacts/{ann.pk}/explain/those")["least_change"] == least


def test_a_pin_and_a_higher_rung_are_named_before_the_rule(call: Caller, ann: Contact) -> None:
    ladder = Ladder.objects.create(name="Plans", slug="plans")
    is_free = {"trait": "plan", "op": "is", "value": "free"}
    segment("first", is_free, ladder=ladder, rung=1)
    second = segment("second", is_free, ladder=ladder, rung=2)
    said = call.get(f"/contacts/{ann.pk}/explain/second")
    assert said["holds"] is False
    assert said["because"]["higher_rung"] == "first"
    assert said["because"]["rule"]["holds"] is True
    vips = segment("vips", None)
    assert call.get(f"/contacts/{ann.pk}/explain/vips")["because"] == {
        "static": True,
        "holds": False,
    }
    editing.pin(ann, vips, held="in", by=None)
    editing.pin(ann, second, held="in", by=None)
    settle_all()
    said = call.get(f"/contacts/{ann.pk}/explain/vips")
    assert (said["holds"], said["since"]) == (True, text(NOW))
    assert said["because"] == {"pin": "in", "holds": True, "rule": None}
    assert call.get(f"/contacts/{ann.pk}/explain/first")["because"]["pinned_to"] == "second"


def test_the_past_is_told_by_the_rule_and_the_events_of_then(call: Caller, ann: Contact) -> None:
    row = segment("buyers", {"event": "order_completed"}, now=NOW - 50 * DAY)
    with time_machine.travel(NOW - 20 * DAY, tick=False):
        record_event(ann, name="order_completed", now=NOW - 20 * DAY)
        settle_all(now=NOW - 20 * DAY)
    editing.save(row, rule=IS_PRO, by=None, now=NOW - 10 * DAY)
    rebuild_all(now=NOW - 10 * DAY)

    def told(at: Any) -> Any:
        return call.get(f"/contacts/{ann.pk}/explain/buyers?at={at.isoformat()}")

    assert told(NOW - 30 * DAY)["holds"] is False
    then = told(NOW - 15 * DAY)
    assert (then["holds"], then["since"]) == (True, text(NOW - 20 * DAY))
    assert then["because"]["actual"] == 1
    after = told(NOW - 5 * DAY)
    assert (after["holds"], after["since"]) == (False, text(NOW - 10 * DAY))
    assert after["because"]["trait"] == "plan"
    before = told(NOW - 60 * DAY)
    assert (before["holds"], before["since"]) == (False, None)
    assert before["because"] == {"not_live": True, "holds": False}
    unborn = told(NOW - 101 * DAY)
    assert (unborn["holds"], unborn["because"]) == (False, {"not_yet_known": True, "holds": False})


def test_a_moment_gone_by_is_told_by_the_profile_of_then(call: Caller, ann: Contact) -> None:
    is_free = {"trait": "plan", "op": "is", "value": "free"}
    segment("free", is_free, now=NOW - 50 * DAY)
    settle_all()
    with time_machine.travel(NOW + DAY, tick=False):
        change_profile(ann, now=NOW + DAY, traits={"plan": "pro"}, source="test")
        settle_all(now=NOW + DAY)
        path = f"/contacts/{ann.pk}/explain/free"
        assert call.get(path)["holds"] is False
        then = call.get(f"{path}?at={text(NOW + DAY / 2)}")
        assert then["because"] == {**is_free, "actual": "free", "holds": True, "flips_at": None}
        assert then["least_change"] == [{"trait": "plan", "from": "free", "to": "x"}]


def test_what_was_held_by_hand_then_is_told_also_once_it_was_let_go(
    call: Caller, ann: Contact
) -> None:
    vips = segment("vips", None, now=NOW - 50 * DAY)
    editing.pin(ann, vips, held="in", by=None)
    settle_all()
    path = f"/contacts/{ann.pk}/explain/vips"
    with time_machine.travel(NOW + DAY, tick=False):
        then = call.get(f"{path}?at={text(NOW + DAY / 2)}")
        assert then["because"] == {"pin": "in", "holds": True, "rule": None}
        editing.pin(ann, vips, held=None, by=None)
        settle_all(now=NOW + DAY)
        assert call.get(path)["holds"] is False
        then = call.get(f"{path}?at={text(NOW + DAY / 2)}")
        assert (then["holds"], then["since"]) == (True, text(NOW))
        assert then["because"] == {"pin": "in", "holds": True, "rule": None}
        PinChange.objects.all().delete()  # as it was before they were kept
        then = call.get(f"{path}?at={text(NOW + DAY / 2)}")
        assert then["because"] == {
            "recorded": True,
            "holds": True,
            "why": "hand",
            "until": None,
            "rule": {"static": True, "holds": False},
        }
        assert (then["flips_at"], then["least_change"]) == (None, None)


def test_a_moment_before_the_profile_was_kept_says_so(call: Caller, ann: Contact) -> None:
    with time_machine.travel(NOW - 50 * DAY, tick=False):
        segment("pros", IS_PRO, now=NOW - 50 * DAY)
        change_profile(ann, now=NOW - 50 * DAY, traits={"plan": "pro"}, source="test")
        settle_all(now=NOW - 50 * DAY)
    ProfileChange.objects.all().delete()  # as it was before this was kept
    Contact.objects.filter(pk=ann.pk).update(profile={"plan": "free"})
    then = call.get(f"/contacts/{ann.pk}/explain/pros?at={text(NOW - DAY)}")
    assert (then["holds"], then["because"]["recorded"]) == (True, True)
    assert (then["because"]["why"], then["because"]["until"]) == ("profile", text(NOW))
    assert then["because"]["rule"]["actual"] == "free"


def test_what_time_does_to_a_segment_is_foreseen_in_those_that_refer_to_it(
    call: Caller, ann: Contact
) -> None:
    record_event(ann, name="order_completed", now=NOW)
    segment("lately", {"event": "order_completed", "within": "7d"})
    segment("awake", {"any": [{"segment": "lately"}, IS_VIP]})
    segment("asleep", {"not": {"segment": "awake"}})
    path = f"/contacts/{ann.pk}/explain/asleep"
    said, flips = call.get(path), text(NOW + 7 * DAY)
    assert (said["holds"], said["flips_at"]) == (False, flips)
    leaf = {"segment": "awake", "actual": True, "holds": True, "flips_at": flips}
    assert said["because"] == {"not": leaf, "holds": False}
    assert call.get(f"{path}?at={text(NOW + 6 * DAY)}")["holds"] is False
    assert call.get(f"{path}?at={flips}")["holds"] is True
    editing.pin(ann, Segment.objects.get(slug="lately"), held="in", by=None)
    settle_all()
    assert call.get(path)["flips_at"] is None
    assert call.get(f"{path}?at={flips}")["holds"] is False


def test_a_late_event_was_not_known_before_it_came(call: Caller, ann: Contact) -> None:
    segment("buyers", {"event": "order_completed"}, now=NOW - 50 * DAY)
    record_event(ann, name="order_completed", now=NOW, occurred_at=NOW - 20 * DAY)
    path = f"/contacts/{ann.pk}/explain/buyers"
    assert call.get(f"{path}?at={text(NOW - 10 * DAY)}")["holds"] is False
    assert call.get(path)["holds"] is True


def test_a_coming_moment_is_told_with_the_facts_of_now(call: Caller, ann: Contact) -> None:
    record_event(ann, name="order_completed", now=NOW)
    segment("lately", {"event": "order_completed", "within": "7d"})
    path = f"/contacts/{ann.pk}/explain/lately"
    assert call.get(f"{path}?at={text(NOW + 6 * DAY)}")["holds"] is True
    assert call.get(f"{path}?at={text(NOW + 7 * DAY)}")["holds"] is False


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("pros?at=yesterday", (422, "wrong_value", "at")),
        ("pros?at=2026-01-01", (422, "wrong_value", "at")),
        ("pros?at=0001-01-01T00:00:00%2B05:00", (422, "wrong_value", "at")),
        ("no", (404, "not_found", "")),
        ("later", (409, "not_live", "")),
    ],
)
def test_what_cannot_be_explained_is_refused(
    call: Caller, ann: Contact, path: str, refused: tuple[int, str, str]
) -> None:
    segment("pros", IS_PRO)
    segment("later", IS_PRO, status=Segment.Status.DRAFT)
    assert call.no("GET", f"/contacts/{ann.pk}/explain/{path}") == refused
