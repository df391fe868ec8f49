from datetime import timedelta

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from apps.contacts import consent
from apps.nurture.models import Enrolment, Message, Sequence
from apps.segments.models import Segment
from apps.segments.signals import memberships_changed
from tests.factories import NOW
from tests.nurture import build
from tests.nurture.build import HOUR, enter, leave, move, subscriber

pytestmark = pytest.mark.django_db
ReEntry, OnLeave = Sequence.ReEntry, Sequence.OnLeave


def test_entering_begins_the_sequence_and_queues_its_first_mail_at_once() -> None:
    welcome = build.sequence("Welcome", 2 * HOUR, "Tips")
    contact = subscriber()
    enter(welcome.segment, contact)
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.trigger_key, enrolment.started_at) == ("active", "once", NOW)
    assert (enrolment.next_position, enrolment.due_at) == (3, NOW + 2 * HOUR)
    message = Message.objects.get()
    assert (message.state, message.step.subject, message.contact) == ("queued", "Welcome", contact)
    assert [task.task["func"] for task in OrmQ.objects.all()] == ["apps.nurture.jobs.deliver"]
    assert OrmQ.objects.get().task["args"] == (message.pk,)


def test_a_sequence_without_a_wait_is_finished_when_its_mails_are_queued() -> None:
    welcome = build.sequence("One", "Two")
    enter(welcome.segment, subscriber())
    assert Enrolment.objects.get().state == "finished"
    assert Message.objects.count() == 2


@pytest.mark.parametrize("status", ["draft", "paused"])
def test_a_sequence_that_is_not_live_begins_for_nobody(status: str) -> None:
    welcome = build.sequence(status=status)
    enter(welcome.segment, subscriber())
    assert not Enrolment.objects.exists()


def test_a_replayed_signal_changes_nothing() -> None:
    for policy in ReEntry:
        welcome = build.sequence(slug=policy, re_entry=policy, cooldown=timedelta(0))
        moved = enter(welcome.segment, subscriber())
        memberships_changed.send(sender=Segment, entered=moved, left=[], now=NOW, quiet=False)
        assert welcome.enrolments.count() == 1, policy


def test_an_edit_of_the_rule_begins_for_nobody_but_stops_who_left() -> None:
    welcome = build.sequence("Welcome", HOUR, "Tips")
    stays, goes = subscriber(), subscriber()
    enter(welcome.segment, goes)
    memberships_changed.send(
        sender=Segment,
        entered=move(welcome.segment, stays),
        left=move(welcome.segment, goes, kind="left"),
        now=NOW,
        quiet=True,
    )
    assert Enrolment.objects.get().state == "stopped"


def test_never_means_once_for_ever() -> None:
    welcome = build.sequence(re_entry=ReEntry.NEVER)
    contact = subscriber()
    enter(welcome.segment, contact)
    leave(welcome.segment, contact)
    enter(welcome.segment, contact, now=NOW + timedelta(days=400))
    assert Enrolment.objects.count() == 1


def test_a_cooldown_longer_than_time_itself_lets_nobody_in_again() -> None:
    welcome = build.sequence(
        "Welcome", re_entry=ReEntry.EVERY_TIME, cooldown=timedelta(days=9_999_999)
    )
    contact = subscriber()
    for _ in range(2):
        enter(welcome.segment, contact)
    assert Enrolment.objects.count() == 1


def test_after_finish_lets_in_again_once_the_last_walk_has_ended() -> None:
    welcome = build.sequence(
        "Welcome",
        timedelta(days=3),
        re_entry=ReEntry.AFTER_FINISH,
        on_leave=OnLeave.FINISH,
        cooldown=timedelta(0),
    )
    contact = subscriber()
    enter(welcome.segment, contact)
    enter(welcome.segment, contact, now=NOW + timedelta(days=1))
    assert Enrolment.objects.count() == 1
    Enrolment.objects.update(state="finished", due_at=None, ended_at=NOW + timedelta(days=3))
    enter(welcome.segment, contact, now=NOW + timedelta(days=4))
    assert Enrolment.objects.count() == 2


def test_every_time_starts_over() -> None:
    welcome = build.sequence(
        "Welcome", HOUR, "Tips", re_entry=ReEntry.EVERY_TIME, cooldown=timedelta(0)
    )
    contact = subscriber()
    enter(welcome.segment, contact)
    enter(welcome.segment, contact, now=NOW + timedelta(minutes=1))
    first, second = Enrolment.objects.order_by("pk")
    assert (first.state, first.reason) == ("stopped", "Started over")
    assert second.state == "active"
    assert [m.state for m in Message.objects.order_by("pk")] == ["withheld", "queued"]


@pytest.mark.parametrize("policy", [ReEntry.AFTER_FINISH, ReEntry.EVERY_TIME])
def test_a_flapping_contact_obeys_the_cooldown(policy: str) -> None:
    welcome = build.sequence(re_entry=policy, cooldown=timedelta(days=1))
    contact = subscriber()
    for hour in range(49):
        enter(welcome.segment, contact, now=NOW + hour * HOUR)
        leave(welcome.segment, contact, now=NOW + hour * HOUR)
    assert Enrolment.objects.count() == 3


def test_leaving_stops_the_sequence_and_takes_back_its_waiting_mail() -> None:
    welcome = build.sequence("Welcome", HOUR, "Tips", on_leave=OnLeave.STOP)
    contact, other = subscriber(), subscriber()
    enter(welcome.segment, contact, other)
    leave(welcome.segment, contact, now=NOW + timedelta(minutes=1))
    enrolment = Enrolment.objects.get(contact=contact)
    assert (enrolment.state, enrolment.reason) == ("stopped", "Left Welcome-people")
    assert (enrolment.due_at, enrolment.ended_at) == (None, NOW + timedelta(minutes=1))
    message = Message.objects.get(contact=contact)
    assert (message.state, message.reason) == ("withheld", "Left Welcome-people")
    assert Message.objects.get(contact=other).state == "queued"


def test_leaving_lets_a_sequence_finish_that_is_meant_to() -> None:
    welcome = build.sequence("Welcome", HOUR, "Tips", on_leave=OnLeave.FINISH)
    contact = subscriber()
    enter(welcome.segment, contact)
    leave(welcome.segment, contact)
    assert Enrolment.objects.get().state == "active"
    assert Message.objects.get().state == "queued"


def test_leaving_never_touches_a_mail_that_is_being_handed_over() -> None:
    welcome = build.sequence("Welcome", HOUR, on_leave=OnLeave.STOP)
    contact = subscriber()
    enter(welcome.segment, contact)
    Message.objects.update(state="handing")
    leave(welcome.segment, contact)
    assert Message.objects.get().state == "handing"


def test_withdrawn_consent_ends_all_sequences_wherever_it_was_withdrawn() -> None:
    welcome = build.sequence("Welcome", HOUR)
    contact = subscriber()
    enter(welcome.segment, contact)
    consent.record(contact, now=NOW, granted=False, wording="Asked by phone", source="staff")
    assert Enrolment.objects.get().state == "stopped"
    assert Message.objects.get().state == "withheld"


def test_many_entrants_are_left_to_the_sweeper() -> None:
    welcome = build.sequence()
    enter(welcome.segment, *[subscriber() for _ in range(30)])
    assert Message.objects.neglected(NOW).count() == 30
    assert not OrmQ.objects.exists()


def test_many_entrants_cost_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    welcome = build.sequence("Welcome", HOUR)
    moved = move(welcome.segment, *[subscriber() for _ in range(50)])
    with django_assert_max_num_queries(12):
        memberships_changed.send(sender=Segment, entered=moved, left=[], now=NOW, quiet=False)
    assert Enrolment.objects.count() == Message.objects.count() == 50
