from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.nurture import walking
from apps.nurture.models import Enrolment, Message, Step
from tests.factories import NOW
from tests.nurture import build
from tests.nurture.build import HOUR, enter, subscriber

pytestmark = pytest.mark.django_db


def begin(*steps: str | timedelta, **fields: object) -> Enrolment:
    welcome = build.sequence(*steps, **fields)
    enter(welcome.segment, subscriber())
    return Enrolment.objects.get()


def subjects() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("step__subject", flat=True))


def test_a_sequence_walks_from_wait_to_wait_to_its_end() -> None:
    enrolment = begin("One", HOUR, "Two", "Three", 2 * HOUR, "Four")
    assert walking.advance_due(now=NOW + HOUR) == 1
    assert subjects() == ["One", "Two", "Three"]
    assert walking.advance_due(now=NOW + 2 * HOUR) == 0
    assert walking.advance_due(now=NOW + 3 * HOUR) == 1
    assert subjects() == ["One", "Two", "Three", "Four"]
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.ended_at) == ("finished", NOW + 3 * HOUR)


def test_nobody_is_advanced_before_their_time() -> None:
    enrolment = begin("One", HOUR, "Two")
    assert not walking.advance(enrolment, now=NOW + HOUR - timedelta(microseconds=1))
    assert walking.advance(enrolment, now=NOW + HOUR)
    assert not walking.advance(enrolment, now=NOW + HOUR)
    assert subjects() == ["One", "Two"]


def test_two_waits_in_a_row_are_both_waited() -> None:
    begin(HOUR, HOUR, "Late")
    walking.advance_due(now=NOW + HOUR)
    assert subjects() == []
    walking.advance_due(now=NOW + 2 * HOUR)
    assert subjects() == ["Late"]


def test_a_paused_sequence_stands_still_and_goes_on_later() -> None:
    enrolment = begin("One", HOUR, "Two")
    sequence = enrolment.sequence
    sequence.status = "paused"
    sequence.save()
    assert walking.advance_due(now=NOW + 5 * HOUR) == 0
    sequence.status = "live"
    sequence.save()
    assert walking.advance_due(now=NOW + 6 * HOUR) == 1


def test_a_step_moved_behind_the_wait_is_not_mailed_again() -> None:
    enrolment = begin("One", HOUR, "Two")
    Step.objects.filter(sequence=enrolment.sequence, subject="One").update(position=9)
    walking.advance_due(now=NOW + HOUR)
    assert subjects() == ["One", "Two"]


def test_a_step_added_while_waiting_is_taken() -> None:
    enrolment = begin("One", HOUR, "Two")
    Step.objects.create(sequence=enrolment.sequence, position=4, subject="Three", body="New")
    walking.advance_due(now=NOW + HOUR)
    assert subjects() == ["One", "Two", "Three"]


def test_a_stopped_enrolment_goes_no_further() -> None:
    enrolment = begin("One", HOUR, "Two")
    Enrolment.objects.update(state="stopped", due_at=None, ended_at=NOW)
    assert not walking.advance(enrolment, now=NOW + HOUR)
    assert subjects() == ["One"]


def test_many_due_enrolments_cost_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    welcome = build.sequence("One", HOUR, "Two")
    enter(welcome.segment, *[subscriber() for _ in range(50)])
    with django_assert_max_num_queries(12):
        assert walking.advance_due(now=NOW + HOUR) == 50
    assert Message.objects.count() == 100
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished"}
