from datetime import UTC, datetime, timedelta

import pytest
from django_q.models import OrmQ

from apps.core import canary
from apps.core.models import Canary

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_a_cluster_enlists_once() -> None:
    assert canary.enlist("a") == canary.enlist("a")


def test_each_canary_is_rung_every_five_seconds_on_its_own_queue() -> None:
    one, two = canary.enlist("one"), canary.enlist("two")
    assert canary.ring_due(now=NOW) == 2
    assert canary.ring_due(now=NOW + timedelta(seconds=4)) == 0
    assert set(OrmQ.objects.values_list("key", flat=True)) == {canary.key(one), canary.key(two)}


def test_a_ring_not_heard_is_replaced_not_piled_up() -> None:
    canary.enlist("a")
    for seconds in range(0, 30, 5):
        canary.ring_due(now=NOW + timedelta(seconds=seconds))
    row = Canary.objects.get()
    assert OrmQ.objects.count() == 1
    assert (row.rung, row.answered, row.is_waiting) == (1, 0, True)


def test_an_answer_ends_the_waiting_and_the_next_ring_has_the_next_number() -> None:
    row = canary.enlist("a")
    canary.ring_due(now=NOW)
    canary.answer(row.pk, 1)
    row.refresh_from_db()
    assert not row.is_waiting
    canary.ring_due(now=NOW + timedelta(seconds=5))
    row.refresh_from_db()
    assert (row.rung, row.is_waiting) == (2, True)


def test_only_a_song_that_was_sung_to_the_end_is_an_answer() -> None:
    row = canary.enlist("a")
    canary.ring_due(now=NOW)
    canary.sing(row.pk, 1)
    canary.heard(None, task={"func": canary.SONG, "args": (row.pk, 1), "success": False})
    canary.heard(None, task={"func": "some.other.job", "args": (row.pk, 1), "success": True})
    row.refresh_from_db()
    assert row.is_waiting
    canary.heard(None, task={"func": canary.SONG, "args": (row.pk, 1), "success": True})
    row.refresh_from_db()
    assert not row.is_waiting


def test_a_late_answer_changes_nothing() -> None:
    row = Canary.objects.create(cluster="a", rung=3, answered=2, answered_at=NOW)
    canary.answer(row.pk, 1)
    row.refresh_from_db()
    assert (row.answered, row.answered_at) == (2, NOW)


def test_a_ring_from_the_future_does_not_silence_the_canary() -> None:
    Canary.objects.create(cluster="a", rung_at=NOW + timedelta(days=1))
    assert canary.ring_due(now=NOW) == 1


def test_dismissing_a_cluster_takes_its_rings_along() -> None:
    canary.enlist("a")
    canary.ring_due(now=NOW)
    canary.dismiss("a")
    assert not Canary.objects.exists()
    assert not OrmQ.objects.exists()


def test_only_clusters_silent_for_an_hour_are_forgotten() -> None:
    old = NOW - timedelta(hours=2)
    Canary.objects.create(cluster="gone", started_at=old, answered_at=old)
    Canary.objects.create(cluster="never answered", started_at=old)
    Canary.objects.create(cluster="well", started_at=old, answered_at=NOW)
    Canary.objects.create(cluster="new", started_at=NOW)
    canary.dismiss_forgotten(now=NOW)
    assert set(Canary.objects.values_list("cluster", flat=True)) == {"well", "new"}
