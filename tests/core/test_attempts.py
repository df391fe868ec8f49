from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import attempts, canary
from apps.core.broker import Broker
from apps.core.jobs import ring
from apps.core.models import Attempt, DeadTask

pytestmark = pytest.mark.django_db

JOB = "apps.core.canary.answer"


@pytest.fixture(autouse=True)
def _a_first_run_at_last() -> Iterator[None]:
    """Leave no task behind that later tests of this process would seem to run."""
    yield
    attempts.begins(None, task={"started": timezone.now(), "ack_id": 0})


def hand_out(*, age: timedelta) -> list[tuple[int, str]] | None:
    """Let the queue's one task look `age` old and out of its lock, and claim it."""
    row = OrmQ.objects.get()
    row.lock = timezone.now() - timedelta(seconds=1)
    package = row.task | {"started": timezone.now() - age}
    row.payload = SignedPackage.dumps(package)
    row.save()
    return Broker().dequeue()


def run_and_die(claimed: list[tuple[int, str]] | None) -> None:
    """Begin the claimed task as a worker does, and report nothing."""
    assert claimed
    ack_id, payload = claimed[0]
    attempts.begins(None, task=SignedPackage.loads(payload) | {"ack_id": ack_id})


def test_a_first_run_writes_nothing() -> None:
    ring(JOB, 1, 2)
    run_and_die(Broker().dequeue())
    assert not Attempt.objects.exists()


def test_a_claimed_task_is_not_handed_out_again_before_its_time() -> None:
    ring(JOB, 1, 2)
    assert Broker().dequeue()
    assert Broker().dequeue() is None


def test_the_oldest_task_comes_first() -> None:
    ring(JOB, 1, 1)
    ring(JOB, 2, 2)
    claimed = Broker().dequeue()
    assert claimed
    assert SignedPackage.loads(claimed[0][1])["args"] == (1, 1)


def test_a_cluster_hears_its_own_canary_before_older_work(settings: Settings) -> None:
    ring(JOB, 1, 1)
    own = canary.enlist(settings.CLUSTER)
    canary.ring_due(now=timezone.now())
    claimed = Broker().dequeue()
    assert claimed
    assert OrmQ.objects.get(pk=claimed[0][0]).key == canary.key(own)


def test_the_canary_of_another_cluster_is_left_alone() -> None:
    canary.enlist("somewhere else")
    canary.ring_due(now=timezone.now())
    assert Broker().dequeue() is None


def test_a_task_that_never_reports_is_buried_after_five_runs() -> None:
    ring(JOB, 7, 8)
    run_and_die(Broker().dequeue())
    for _ in range(4):
        run_and_die(hand_out(age=timedelta(hours=1)))
    assert hand_out(age=timedelta(hours=1)) is None
    dead = DeadTask.objects.get()
    assert (dead.job, dead.ids, dead.attempts) == (JOB, [7, 8], 5)
    assert dead.error == "It ended its worker each time."
    assert not OrmQ.objects.exists()
    assert not Attempt.objects.exists()


def test_a_task_that_goes_on_from_elsewhere_each_time_is_not_buried() -> None:
    ring(JOB, 7, 8)
    run_and_die(Broker().dequeue())
    for place in range(2 * attempts.LIMIT):
        run_and_die(hand_out(age=timedelta(hours=1)))
        attempts.goes_on_from(place)
    assert OrmQ.objects.exists()
    assert not DeadTask.objects.exists()


def test_a_task_is_buried_after_five_runs_from_the_same_place() -> None:
    ring(JOB, 7, 8)
    run_and_die(Broker().dequeue())
    for place in (40, 70, 70, 70, 70, 70):
        run_and_die(hand_out(age=timedelta(hours=1)))
        attempts.goes_on_from(place)
    assert hand_out(age=timedelta(hours=1)) is None
    assert DeadTask.objects.get().attempts == 5


def test_where_a_first_run_goes_on_is_not_taken_for_another_task_s() -> None:
    ring(JOB, 7, 8)
    run_and_die(Broker().dequeue())
    run_and_die(hand_out(age=timedelta(hours=1)))
    attempts.goes_on_from(1)
    run_and_die(hand_out(age=timedelta(hours=1)))
    counted = list(Attempt.objects.values_list("begun", "place"))
    attempts.begins(None, task={"started": timezone.now(), "ack_id": 0})
    attempts.goes_on_from(2)
    assert list(Attempt.objects.values_list("begun", "place")) == counted == [(2, 1)]


def test_a_buried_task_keeps_the_error_it_reported() -> None:
    ring(JOB, 1, 2)
    row = OrmQ.objects.get()
    now = timezone.now()
    Task.objects.create(
        id=row.task_id(), name="x", func=JOB, started=now, stopped=now, result="ValueError: no"
    )
    Attempt.objects.create(task=row.pk, begun=5)
    assert hand_out(age=timedelta(hours=1)) is None
    assert DeadTask.objects.get().error == "ValueError: no"


def test_a_revived_task_has_all_its_attempts_again() -> None:
    dead = DeadTask.objects.create(job=JOB, ids=[1, 2], attempts=5)
    assert attempts.revive(dead)
    assert not attempts.revive(dead)
    assert OrmQ.objects.get().args() == (1, 2)
    assert not DeadTask.objects.exists()


def test_an_admin_sees_dead_tasks_and_tries_one_again(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada@example.com", "x"))
    dead = DeadTask.objects.create(job=JOB, ids=[1, 2], attempts=5)
    assert JOB in client.get("/admin/core/deadtask/").content.decode()
    client.post(
        "/admin/core/deadtask/", {"action": "retry", "_selected_action": [dead.pk]}, follow=True
    )
    assert OrmQ.objects.get().func() == JOB


def test_the_pages_that_could_run_any_function_are_gone() -> None:
    assert not site.is_registered(Schedule)
    assert not site.is_registered(OrmQ)
