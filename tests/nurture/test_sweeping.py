from datetime import timedelta

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from apps.core.signals import second_passed
from apps.nurture import handing, sweeping
from apps.nurture.models import Message, Sequence
from tests.factories import NOW
from tests.nurture import build

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def sweep(message: Message, *, after: timedelta) -> Message:
    sweeping.sweep(now=NOW + after)
    message.refresh_from_db()
    return message


def test_a_forgotten_message_is_rung_for_again() -> None:
    message = build.message()
    sweep(message, after=timedelta(seconds=29))
    assert not OrmQ.objects.exists()
    sweep(message, after=timedelta(seconds=30))
    sweep(message, after=timedelta(seconds=31))
    assert OrmQ.objects.get().task["args"] == (message.pk,)


def test_a_claim_whose_worker_died_is_queued_again() -> None:
    message = build.message(state="claimed", token="gone", attempts=1, look_at=NOW + MINUTE)
    assert sweep(message, after=timedelta(seconds=59)).state == "claimed"
    assert sweep(message, after=MINUTE).state == "queued"
    assert message.token == ""
    assert OrmQ.objects.count() == 1


def test_a_mail_that_kills_every_worker_is_given_up() -> None:
    message = build.message(
        state="claimed", token="gone", attempts=handing.MAX_ATTEMPTS, look_at=NOW
    )
    assert sweep(message, after=MINUTE).state == "failed"


def test_a_hand_over_whose_worker_died_is_in_doubt_and_left_alone() -> None:
    message = build.message(state="handing", token="gone", attempts=1, look_at=NOW + MINUTE)
    assert sweep(message, after=MINUTE).state == "in_doubt"
    assert message.look_at is None
    assert sweep(message, after=timedelta(days=9)).state == "in_doubt"
    assert not OrmQ.objects.exists()


def test_the_mail_of_a_paused_sequence_is_not_rung_for() -> None:
    message = build.message()
    Sequence.objects.update(status="paused")
    sweep(message, after=MINUTE)
    assert not OrmQ.objects.exists()
    assert message.look_at == NOW + MINUTE + sweeping.PAUSED


def test_the_second_hand_does_the_sweeping_and_the_walking() -> None:
    message = build.message()
    second_passed.send(sender=None, now=NOW + MINUTE)
    assert OrmQ.objects.get().task["args"] == (message.pk,)


def test_a_sweep_with_nothing_to_do_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3):  # with its savepoint
        sweeping.sweep(now=NOW)
