"""Of the sequences of one lane at most one runs for a contact."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from apps.contacts import merging
from apps.contacts.models import Contact
from apps.nurture import walking
from apps.nurture.models import Enrolment, Message, Sequence
from apps.segments.models import Segment
from apps.segments.signals import memberships_changed
from tests.factories import NOW
from tests.nurture import build
from tests.nurture.build import HOUR, enter, leave, move, subscriber
from tests.nurture.test_concurrency import at_once

pytestmark = pytest.mark.django_db


def laned(slug: str, priority: int = 0, lane: str = "mail", **fields: Any) -> Sequence:
    return build.sequence("One", HOUR, "Two", slug=slug, lane=lane, priority=priority, **fields)


def states(contact: Contact) -> dict[str, str]:
    return dict(contact.enrolments.values_list("sequence__slug", "state"))


@pytest.mark.parametrize("priority", [0, 1])
def test_a_sequence_does_not_begin_beside_one_that_ranks_as_high_or_higher(priority: int) -> None:
    first, second, contact = laned("first", priority), laned("second"), subscriber()
    enter(first.segment, contact)
    enter(second.segment, contact)
    assert states(contact) == {"first": "active"}
    assert Message.objects.count() == 1


def test_a_higher_one_stops_the_lower_and_takes_back_its_waiting_mail() -> None:
    low, high, contact = laned("low"), laned("high", 1), subscriber()
    enter(low.segment, contact)
    enter(high.segment, contact)
    assert states(contact) == {"low": "stopped", "high": "active"}
    assert low.enrolments.get().reason == "Gave way to High"
    assert dict(Message.objects.values_list("enrolment__sequence__slug", "state")) == {
        "low": "withheld",
        "high": "queued",
    }


def test_of_those_entered_at_once_the_highest_begins_even_if_it_is_over_at_once() -> None:
    low, contact = laned("low"), subscriber()
    high = build.sequence("One", slug="high", lane="mail", priority=1)
    moved = move(low.segment, contact) + move(high.segment, contact)
    memberships_changed.send(sender=Segment, entered=moved, left=[], now=NOW, quiet=False)
    assert states(contact) == {"high": "finished"}


def test_who_could_not_begin_may_begin_on_entering_again_when_the_lane_is_free() -> None:
    high, low, contact = laned("high", 1), laned("low"), subscriber()
    enter(high.segment, contact)
    enter(low.segment, contact)
    leave(high.segment, contact)
    assert states(contact) == {"high": "stopped"}
    enter(low.segment, contact, now=NOW + HOUR)
    assert states(contact) == {"high": "stopped", "low": "active"}


def test_leaving_one_and_entering_the_other_at_once_changes_over() -> None:
    high, low, contact = laned("high", 1), laned("low"), subscriber()
    enter(high.segment, contact)
    memberships_changed.send(
        sender=Segment,
        entered=move(low.segment, contact),
        left=move(high.segment, contact, kind="left"),
        now=NOW,
        quiet=False,
    )
    assert states(contact) == {"high": "stopped", "low": "active"}


def test_lanes_and_contacts_do_not_mind_each_other() -> None:
    mail, other, none = laned("mail"), laned("other", lane="other"), laned("none", lane="")
    nothing = laned("nothing", lane="")
    contact, somebody = subscriber(), subscriber()
    for sequence in (mail, other, none, nothing):
        enter(sequence.segment, contact)
    assert set(states(contact).values()) == {"active"}
    assert len(states(contact)) == 4
    enter(mail.segment, somebody)
    assert states(somebody) == {"mail": "active"}


def test_a_paused_sequence_holds_its_lane() -> None:
    paused, other, contact = laned("paused"), laned("other"), subscriber()
    enter(paused.segment, contact)
    Sequence.objects.filter(pk=paused.pk).update(status="paused")
    enter(other.segment, contact)
    assert states(contact) == {"paused": "active"}


def test_starting_over_is_no_matter_of_the_lane() -> None:
    again = laned("again", re_entry="every_time", cooldown=timedelta(0))
    contact = subscriber()
    enter(again.segment, contact)
    enter(again.segment, contact, now=NOW + HOUR)
    assert sorted(again.enrolments.values_list("state", flat=True)) == ["active", "stopped"]


def test_a_lane_given_later_holds_from_the_next_step_on() -> None:
    high, low, contact = laned("high", 1, lane=""), laned("low", lane=""), subscriber()
    enter(low.segment, contact)
    enter(high.segment, contact)
    Sequence.objects.update(lane="mail")
    walking.advance_due(now=NOW + HOUR)
    assert states(contact) == {"high": "finished", "low": "stopped"}
    assert set(
        Message.objects.filter(step__subject="Two").values_list("enrolment__sequence__slug")
    ) == {("high",)}


def test_a_merge_leaves_one_walk_in_a_lane() -> None:
    high, low = laned("high", 1), laned("low")
    into, gone = subscriber(), subscriber()
    enter(low.segment, into)
    enter(high.segment, gone)
    merging.merge(into=into.pk, gone=gone.pk, now=NOW)
    assert states(into) == {"high": "active", "low": "stopped"}


def test_a_lane_has_one_name_however_it_is_written() -> None:
    sequence = Sequence(lane="  News   Letters ")
    sequence.clean()
    assert sequence.lane == "news letters"


@pytest.mark.django_db(transaction=True)
def test_threads_that_enter_one_contact_leave_one_walk_in_the_lane() -> None:
    """Each settles and others advance meanwhile: at the end the highest alone is under way."""
    sequences = [laned(f"s{number}", number) for number in range(4)]
    contacts = [subscriber() for _ in range(8)]
    seen: list[int] = []

    def settle(number: int) -> None:
        for contact in Random(number).sample(contacts, len(contacts)):
            with transaction.atomic():
                list(Contact.objects.locked([contact.pk]))
                moved = move(sequences[number % 4].segment, contact)
                memberships_changed.send(
                    sender=Segment, entered=moved, left=[], now=NOW, quiet=False
                )
                seen.append(contact.enrolments.filter(state="active").count())

    at_once(*[lambda number=number: settle(number) for number in range(8)])
    assert set(seen) == {1}
    assert set(Enrolment.objects.active().values_list("sequence__slug", flat=True)) == {"s3"}
    assert Enrolment.objects.active().count() == len(contacts)
