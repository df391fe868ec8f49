from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_q.models import Schedule, Task
from pytest_django import Settings

from apps.core import nightly
from apps.core.jobs import ring
from apps.core.models import Attempt

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
JOB = "apps.core.nightly.tidy"


@pytest.fixture(autouse=True)
def _paris(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Paris"
    settings.NIGHTLY = {JOB: "03:10"}


@pytest.mark.django_db
def test_a_declared_job_runs_at_its_local_hour() -> None:
    nightly.declare(now=NOW)
    row = Schedule.objects.get()
    assert (row.func, row.schedule_type) == (JOB, Schedule.DAILY)
    assert row.next_run == datetime(2026, 5, 5, 1, 10, tzinfo=UTC)


@pytest.mark.django_db
def test_declaring_again_leaves_an_overdue_run_to_be_caught_up() -> None:
    nightly.declare(now=NOW)
    nightly.declare(now=NOW + timedelta(days=3))
    assert Schedule.objects.get().next_run == datetime(2026, 5, 5, 1, 10, tzinfo=UTC)


@pytest.mark.django_db
def test_another_hour_moves_the_job_and_a_job_no_longer_declared_goes(
    settings: Settings,
) -> None:
    Schedule.objects.create(func="apps.gone", name="gone")
    nightly.declare(now=NOW)
    settings.NIGHTLY = {JOB: "04:00"}
    nightly.declare(now=NOW)
    assert Schedule.objects.get().next_run == datetime(2026, 5, 5, 2, 0, tzinfo=UTC)


def test_the_next_hour_is_today_if_still_to_come() -> None:
    zone = ZoneInfo("Europe/Paris")
    before = datetime(2026, 5, 4, 0, 30, tzinfo=UTC)  # 02:30 in Paris
    assert nightly.next_time("03:10", after=before, zone=zone) == datetime(
        2026, 5, 4, 1, 10, tzinfo=UTC
    )


@pytest.mark.django_db
def test_tidying_keeps_what_is_still_in_use() -> None:
    ring(JOB)
    queued = nightly.OrmQ.objects.get().pk
    Attempt.objects.create(task=queued)
    Attempt.objects.create(task=queued + 1)
    now = datetime.now(UTC)
    for name, days in (("old", 8), ("recent", 1)):
        stopped = now - timedelta(days=days)
        Task.objects.create(id=name, name=name, func=JOB, started=stopped, stopped=stopped)
    nightly.tidy()
    assert list(Attempt.objects.values_list("task", flat=True)) == [queued]
    assert list(Task.objects.values_list("name", flat=True)) == ["recent"]
