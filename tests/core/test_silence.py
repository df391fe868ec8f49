"""A cluster that has answered is replaced when it goes silent; one that starts has longer."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from apps.core import canary, supervisor
from apps.core.models import Canary
from apps.core.supervisor import Cluster

pytestmark = pytest.mark.django_db
LIMIT = 8


class Hours:
    """A clock that stands where it is put."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Hours:
    settings.CANARY_LIMIT = LIMIT
    hours = Hours()
    monkeypatch.setattr(supervisor, "time", hours)
    # The real one ends the connection of a thread of its own; here it is the test's.
    monkeypatch.setattr(supervisor, "close_old_connections", lambda: None)
    return hours


@pytest.fixture
def cluster(hours: Hours) -> Iterator[Cluster]:
    cluster = Cluster()
    cluster.fresh()
    yield cluster
    cluster.run_dir.joinpath(cluster.name).rmdir()
    cluster.run_dir.rmdir()


def rung(cluster: Cluster, *, answered: int) -> Canary:
    row = canary.enlist(cluster.name)
    row.rung, row.answered, row.rung_at = answered + 1, answered, datetime.now(UTC)
    row.save()
    return row


def test_one_that_has_answered_is_silent_past_the_limit(cluster: Cluster, hours: Hours) -> None:
    rung(cluster, answered=1)
    cluster.listen()
    hours.now = LIMIT
    cluster.listen()
    assert not cluster.silent.is_set()
    hours.now = LIMIT + 0.1
    cluster.listen()
    assert cluster.silent.is_set()


def test_one_that_starts_has_three_times_the_limit(cluster: Cluster, hours: Hours) -> None:
    rung(cluster, answered=0)
    hours.now = 3 * LIMIT
    cluster.listen()
    assert not cluster.silent.is_set()
    hours.now = 3 * LIMIT + 0.1
    cluster.listen()
    assert cluster.silent.is_set()


def test_a_cluster_that_was_replaced_has_its_own_time_to_start(
    cluster: Cluster, hours: Hours
) -> None:
    rung(cluster, answered=1)
    cluster.listen()
    first, hours.now = cluster.name, 3 * LIMIT
    cluster.fresh()
    rung(cluster, answered=0)
    hours.now = 5 * LIMIT
    cluster.listen()
    assert not cluster.silent.is_set()
    cluster.run_dir.joinpath(first).rmdir()
