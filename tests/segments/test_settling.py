from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.contacts.events import NewEvent, record_event, record_events
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.segments import editing, jobs, settling
from apps.segments.models import Change, Ladder, Pin, Transition
from apps.segments.settling import settle, settle_waiting
from apps.segments.signals import memberships_changed
from apps.segments.ticking import tick
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.segments.build import (
    BOUGHT_TWICE_IN_30_DAYS,
    IS_PRO,
    members,
    rebuild_all,
    segment,
    settle_all,
    standing,
)

pytestmark = pytest.mark.usefixtures("catalogue")


def change(contact: Contact, **traits: object) -> None:
    change_profile(contact, now=NOW, traits=traits, source="test")


def test_a_changed_trait_moves_the_contact_right_after_its_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    segment("pros", IS_PRO)
    contact = ContactFactory()
    with django_capture_on_commit_callbacks(execute=True):
        change(contact, plan="Pro")
    assert members("pros") == {contact.pk}
    with django_capture_on_commit_callbacks(execute=True):
        change(contact, plan="basic")
    assert members("pros") == set()
    assert not Change.objects.exists()
    kinds = list(Transition.objects.order_by("pk").values_list("kind", "cause"))
    assert kinds == [("entered", "*, trait:plan"), ("left", "trait:plan")]


def test_an_edit_of_the_row_itself_is_marked_too() -> None:
    segment("swedes", {"trait": "contact.country", "op": "is", "value": "SE"})
    contact = ContactFactory(country="NO")
    settle_all()
    contact.country = "SE"
    contact.save()
    settle_all()
    assert members("swedes") == {contact.pk}


def test_many_events_in_one_batch_are_settled_as_one_each() -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contacts = [ContactFactory() for _ in range(30)]
    rows = [
        NewEvent(contact.pk, "order_completed", NOW, f"{contact.pk}-{number}")
        for contact in contacts
        for number in range(2)
    ]
    record_events(rows, now=NOW)
    settle_all()
    assert members("buyers") == {contact.pk for contact in contacts}


def test_a_deleted_event_is_a_changed_fact() -> None:
    segment("buyers", {"event": "order_completed"})
    contact = ContactFactory()
    event = record_event(contact, name="order_completed", now=NOW)
    settle_all()
    event.delete()
    settle_all()
    assert members("buyers") == set()


def test_nested_segments_never_see_a_stale_member() -> None:
    segment("a", IS_PRO)
    segment("b", {"not": {"segment": "a"}})
    segment("c", {"all": [{"segment": "b"}, {"trait": "score", "op": "at_least", "value": 5}]})
    contact = ContactFactory()
    change(contact, score=7)
    settle_all()
    assert standing(contact) == {"b", "c"}
    change(contact, plan="pro")
    settle_all()
    assert standing(contact) == {"a"}


def test_only_segments_that_read_the_change_are_asked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contact = ContactFactory()
    settle_all()
    change(contact, city="Oslo")
    with django_assert_num_queries(6):  # savepoint x2, lock, marks, clock, stamp
        assert settle([contact.pk], now=NOW) == []


def test_a_contact_stands_on_the_first_rung_that_holds() -> None:
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("vip", {"trait": "score", "op": "at_least", "value": 9}, ladder=ladder, rung=1)
    segment("good", {"trait": "score", "op": "at_least", "value": 5}, ladder=ladder, rung=2)
    segment("rest", {"all": []}, ladder=ladder, rung=3)
    contact = ContactFactory()
    for score, rung in ((10, "vip"), (6, "good"), (1, "rest"), (9, "vip")):
        change(contact, score=score)
        settle_all()
        assert standing(contact) == {rung}


def test_a_pin_survives_every_recompute_and_its_removal_lets_the_rule_decide() -> None:
    row = segment("pros", IS_PRO)
    contact = ContactFactory()
    editing.pin(contact, row, held=Pin.Held.IN, by=None)
    change(contact, plan="basic")
    settle_all()
    assert members("pros") == {contact.pk}
    editing.pin(contact, row, held=Pin.Held.OUT, by=None)
    change(contact, plan="pro")
    settle_all()
    assert members("pros") == set()
    editing.pin(contact, row, held=None, by=None)
    settle_all()
    assert members("pros") == {contact.pk}


def test_a_pin_on_a_lower_rung_takes_the_contact_off_the_higher_one() -> None:
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("vip", {"trait": "score", "op": "at_least", "value": 9}, ladder=ladder, rung=1)
    rest = segment("rest", {"all": []}, ladder=ladder, rung=2)
    contact = ContactFactory()
    change(contact, score=10)
    editing.pin(contact, rest, held=Pin.Held.IN, by=None)
    settle_all()
    assert standing(contact) == {"rest"}


def test_a_listener_that_fails_takes_the_membership_with_it() -> None:
    segment("pros", IS_PRO)
    contact = ContactFactory()
    change(contact, plan="pro")

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("no enrolment today")

    memberships_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            settle([contact.pk], now=NOW)
    finally:
        memberships_changed.disconnect(fail)
    assert members("pros") == set()
    assert Change.objects.filter(contact=contact).exists()
    settle_all()
    assert members("pros") == {contact.pk}


def test_a_clock_behind_the_watermark_does_not_undo_what_time_did() -> None:
    segment("buyers", {"event": "order_completed", "within": "1d"})
    contact = ContactFactory()
    record_event(contact, name="order_completed", now=NOW)
    settle_all()
    tick(now=NOW + timedelta(hours=1))
    tick(now=NOW + timedelta(days=1))
    settle_all(now=NOW + timedelta(days=1))
    assert members("buyers") == set()
    change(contact, city="Oslo")
    record_event(contact, name="order_completed", now=NOW, occurred_at=NOW)
    settle_all(now=NOW)
    assert members("buyers") == set()


def test_a_contact_that_cannot_be_settled_stops_no_other() -> None:
    segment("pros", IS_PRO)
    poison, *others = (ContactFactory(profile={"plan": "pro"}) for _ in range(4))

    def refuse(entered: list[Transition], **kwargs: object) -> None:
        if any(row.contact_id == poison.pk for row in entered):
            raise ArithmeticError("a defect above")

    memberships_changed.connect(refuse)
    try:
        assert settle_waiting(limit=1000) == len(others)
        assert settle_waiting(limit=1000) == 0  # no progress: whoever loops on it ends
        jobs.settle_waiting()
        assert verify().drift == ()
    finally:
        memberships_changed.disconnect(refuse)
    assert members("pros") == {contact.pk for contact in others}
    assert settle_waiting(limit=1000) == 1
    assert poison.pk in members("pros")


@pytest.mark.django_db(transaction=True)
def test_a_fact_is_acknowledged_though_settling_after_its_commit_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ArithmeticError("a defect below")

    contact = ContactFactory()
    with monkeypatch.context() as patch:
        patch.setattr(settling, "settle", fail)
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    assert "on_commit" in caplog.text
    contact.refresh_from_db()
    assert contact.profile["plan"] == "pro"
    assert Change.objects.filter(contact=contact).exists()


def test_many_are_settled_by_what_is_stored_of_segments_whose_turn_has_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An edit that another undoes before it is applied leaves no trace in what refers to it."""
    monkeypatch.setattr(settling, "FEW", 0)
    one, other = ContactFactory(), ContactFactory()
    change_profile(one, now=NOW, traits={"plan": "pro"}, source="test")
    inner = segment("inner", {"any": []})
    segment("outer", {"segment": "inner"})
    editing.save(inner, rule=IS_PRO, by=None, now=NOW)
    Change.objects.create(contact=one, keys=["segment:inner"])
    Change.objects.create(contact=other, keys=["trait:plan"])
    settle_all()
    editing.save(inner, rule={"any": []}, by=None, now=NOW)
    rebuild_all()
    assert verify(now=NOW).drift == ()
    assert members("outer") == set()
