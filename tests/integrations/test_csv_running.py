"""The life of an import: by batches, killed and resumed, stopped, forgotten, erased."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.contacts import erasing
from apps.contacts.models import Contact, Event, Identity
from apps.core.pulse import beat
from apps.integrations import jobs
from apps.integrations.imports import forgetting, running
from apps.integrations.imports.columns import load
from apps.integrations.models import Import, ImportChunk, RefusedRow
from apps.segments import settling
from apps.segments.models import Change
from tests.factories import NOW, ContactFactory
from tests.integrations.csv_files import (
    CONTACTS,
    EVENTS,
    counts,
    imported,
    looked_through,
    refusals,
    stored,
)
from tests.integrations.test_erasing import found_in_the_database
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, members, segment, settle_all
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def people(count: int, *, first: int = 0) -> str:
    rows = (f"c{n},c{n}@example.com,{n}\n" for n in range(first, first + count))
    return "external_id,email,score\n" + "".join(rows)


def rows_of(holds: str, count: int, *, first: int = 0) -> str:
    """Return a file of people, or of one event of each."""
    data = people(count, first=first)
    return data if holds == CONTACTS else data.replace("email", "note", 1)


class Killed(Exception):
    """Stands for a worker's death."""


def die_at(name: str, monkeypatch: pytest.MonkeyPatch, *, after: int = 0) -> None:
    passed = [0]

    def reached(point: str) -> None:
        passed[0] += point == name
        if passed[0] > after:
            raise Killed(point)

    monkeypatch.setattr(running, "reached", reached)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 4)


def tasks() -> list[tuple[str, tuple[int, ...]]]:
    return [(row.task["func"], tuple(row.task["args"])) for row in OrmQ.objects.order_by("id")]


# --- Killed, resumed, beside itself ----------------------------------------------------


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("point", ["import.before_commit", "import.between_batches"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_looking_through_goes_on_where_a_killed_worker_left_it(
    monkeypatch: pytest.MonkeyPatch, point: str, after: int
) -> None:
    upload = stored(people(10).replace("9\n", "x\n"))
    with monkeypatch.context() as dying:
        die_at(point, dying, after=after)
        with pytest.raises(Killed):
            running.carry_on(upload.pk, seconds=60, now=NOW)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.rows, upload.done_to) == (Import.State.READY, 10, upload.size)
    assert load(upload.columns)[2].kind == "text"


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("point", ["import.before_commit", "import.between_batches"])
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("holds", [CONTACTS, EVENTS])
def test_an_import_goes_on_where_a_killed_worker_left_it_and_counts_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, point: str, after: int, holds: str
) -> None:
    kept = Contact if holds == CONTACTS else Event
    if holds == EVENTS:
        imported(people(10))
        Change.objects.all().delete()
    upload = looked_through(rows_of(holds, 10) + "bad,row\n", holds=holds, event_name="seen")
    running.order(upload.pk, now=NOW)
    with monkeypatch.context() as dying:
        die_at(point, dying, after=after)
        with pytest.raises(Killed):
            running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    batches = after if point == "import.before_commit" else after + 1
    assert upload.made == min(4 * batches, 10)
    assert kept.objects.count() == upload.made
    running.carry_on(upload.pk, seconds=60, now=NOW)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert upload.state == Import.State.DONE
    assert counts(upload) == (10, 0, 0, 1)
    assert [row[0] for row in refusals(upload)] == [12]
    assert kept.objects.count() == 10
    assert Change.objects.count() == 10


@pytest.mark.usefixtures("small_batches")
def test_whoever_finds_that_another_went_on_leaves_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload = looked_through(people(10))
    running.order(upload.pk, now=NOW)

    def overtaken(point: str) -> None:
        if point == "import.between_batches":
            monkeypatch.setattr(running, "reached", lambda point: None)
            running.carry_on(upload.pk, seconds=60, now=NOW)

    monkeypatch.setattr(running, "reached", overtaken)
    assert not running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert counts(upload) == (10, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_take_each_row_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 7)
    upload = looked_through(people(100))
    running.order(upload.pk, now=NOW)

    def work() -> None:
        while Import.objects.get(pk=upload.pk).is_under_way:
            running.carry_on(upload.pk, seconds=60, now=NOW)

    at_once(work, work, work)
    upload.refresh_from_db()
    assert counts(upload) == (100, 0, 0, 0)
    assert Contact.objects.count() == 100


def test_a_stint_is_short_and_the_rest_waits_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 4)
    monkeypatch.setattr(running, "STINT", 0.0)
    upload = looked_through(people(10))
    running.order(upload.pk, now=NOW)
    jobs.carry_on_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.made, tasks()) == (4, [(running.JOB, (upload.pk,))])
    jobs.carry_on_import(upload.pk)
    jobs.carry_on_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.made, upload.state) == (10, Import.State.DONE)
    assert len(tasks()) == 2


def test_the_pulse_wakes_a_worker_for_a_forgotten_import_and_for_no_other() -> None:
    forgotten = looked_through(people(1))
    running.order(forgotten.pk, now=NOW)
    looked_through(people(1))  # waits for a person, not for a worker
    beat(now=NOW + timedelta(seconds=14))
    assert (running.JOB, (forgotten.pk,)) not in tasks()
    for _ in range(3):
        beat(now=NOW + timedelta(seconds=16))
    assert [task for task in tasks() if task[0] == running.JOB] == [(running.JOB, (forgotten.pk,))]


# --- Failures --------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Import:
    upload = looked_through(people(1))
    running.order(upload.pk, now=NOW)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(running.contacts, "take_in", fail)
    return upload


def test_an_import_that_fails_without_end_is_stopped_and_its_file_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    upload = failing(monkeypatch, ValueError("ann@example.com"))
    for _ in range(running.TRIES):
        jobs.carry_on_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.problem) == (Import.State.STOPPED, running.GIVEN_UP)
    assert not ImportChunk.objects.exists()
    assert "ann@example.com" not in caplog.text


def test_a_database_that_is_away_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = failing(monkeypatch, OperationalError("away"))
    for _ in range(running.TRIES + 1):
        with pytest.raises(OperationalError):
            jobs.carry_on_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.failures) == (Import.State.RUNNING, 0)


# --- Saying yes, and stopping ----------------------------------------------------------


def test_an_import_is_ordered_once_and_only_when_it_was_looked_through() -> None:
    upload = stored(people(1))
    assert not running.order(upload.pk, now=NOW)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    assert running.order(upload.pk, now=NOW)
    assert not running.order(upload.pk, now=NOW)


@pytest.mark.usefixtures("small_batches")
def test_a_stopped_import_keeps_what_it_took_in_and_can_be_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload = looked_through(people(10))
    running.order(upload.pk, now=NOW)

    def stop(point: str) -> None:
        if point == "import.between_batches":
            running.stop(upload.pk, problem="Enough.", now=NOW)

    with monkeypatch.context() as stopping:
        stopping.setattr(running, "reached", stop)
        assert not running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.made, upload.problem) == (Import.State.STOPPED, 4, "Enough.")
    assert not running.stop(upload.pk, problem="Again.", now=NOW)
    assert counts(imported(people(10))) == (6, 0, 4, 0)


def test_the_file_is_kept_no_longer_than_it_is_needed() -> None:
    upload = looked_through(people(3))
    assert ImportChunk.objects.count() == 1
    running.order(upload.pk, now=NOW)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert not ImportChunk.objects.exists()
    assert upload.columns == []


def test_the_night_drops_files_nobody_confirmed_and_old_refused_rows() -> None:
    done = imported(people(1) + "bad\n")
    waiting = looked_through(people(1))
    running_one = looked_through(people(1))
    running.order(running_one.pk, now=NOW)
    forgetting.tidy(now=NOW + timedelta(hours=23))
    assert (Import.objects.count(), RefusedRow.objects.count()) == (3, 1)
    forgetting.tidy(now=NOW + timedelta(hours=25))
    assert not Import.objects.filter(pk=waiting.pk).exists()
    assert ImportChunk.objects.get().upload == running_one
    forgetting.tidy(now=NOW + timedelta(days=31))
    assert not RefusedRow.objects.exists()
    assert Import.objects.filter(pk__in=[done.pk, running_one.pk]).count() == 2


# --- Erasing ---------------------------------------------------------------------------

PLANTED = "zebrafinch"


def planted() -> Contact:
    contact = ContactFactory(email=f"{PLANTED}@example.com", first_name=PLANTED)
    Identity.objects.create(contact=contact, kind=Identity.Kind.EXTERNAL, value=PLANTED)
    return contact


FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "by email": (f"email,plan\na@x.se,pro\n {PLANTED.title()}@Example.com,{PLANTED}\n", {}),
    "by external id": (f"external_id,first_name\n{PLANTED},{PLANTED}\n", {}),
    "in a row of another shape": (f"email,plan\na@x.se,pro\na@x.se,pro,{PLANTED}\n", {}),
    "in a row nobody can read": (f'email,plan\na@x.se,pro\na@x.se,"{PLANTED}" {PLANTED}\n', {}),
    "in events": (f"email,{PLANTED}\n{PLANTED}@example.com,1\n", {"holds": EVENTS}),
}


@pytest.mark.parametrize("how", FILES)
@pytest.mark.parametrize("ordered", [False, True])
def test_erasing_somebody_a_waiting_file_names_stops_the_import_and_drops_the_file(
    how: str, ordered: bool
) -> None:
    contact, other = planted(), looked_through(people(1))
    data, more = FILES[how]
    upload = looked_through(data, event_name="seen", **more)
    if ordered:
        running.order(upload.pk, now=NOW)
    erasing.erase(contact.pk)
    assert found_in_the_database(PLANTED) == set()
    upload.refresh_from_db()
    assert (upload.state, upload.problem) == (Import.State.STOPPED, forgetting.ERASED)
    other.refresh_from_db()
    assert other.state == Import.State.READY
    assert ImportChunk.objects.get().upload == other


def test_what_an_import_leaves_behind_names_nobody_it_took_in_or_refused() -> None:
    imported(
        "email,first_name,born,note\n"
        f"{PLANTED}@example.com,{PLANTED},,{PLANTED}\n"
        f"{PLANTED}@,,,\n{PLANTED}@example.com,,{PLANTED},\n{PLANTED},{PLANTED}\n"
        f'"{PLANTED}"{PLANTED},,,\n'
        "a@x.se,,1990-01-01,\n"
    )
    upload = imported(
        f"email,occurred_at,note\n{PLANTED}@example.com,{PLANTED},{PLANTED}\n"
        f"{PLANTED}2@example.com,,\n{PLANTED}@example.com,,{PLANTED}\n",
        holds=EVENTS,
        event_name="seen",
    )
    assert counts(upload) == (1, 0, 0, 2)
    erasing.erase(Contact.objects.get(email=f"{PLANTED}@example.com").pk)
    assert found_in_the_database(PLANTED) == set()
    assert RefusedRow.objects.count() >= 5


# --- Marks and settling ----------------------------------------------------------------


def test_many_contacts_are_marked_and_left_to_the_workers_by_one_ring_a_batch(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    upload = looked_through(people(600))
    running.order(upload.pk, now=NOW)
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        running.carry_on(upload.pk, seconds=60, now=NOW)
    assert callbacks == []
    assert [job for job, _ in tasks()] == ["apps.segments.jobs.settle_waiting"] * 2
    assert Change.objects.count() == 600


def test_many_events_of_one_contact_are_settled_once(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contact = ContactFactory(email="ann@example.com")
    settle_all()
    settled: list[set[int]] = []
    settle = settling.settle

    def counting(ids: Any, **how: Any) -> Any:
        settled.append(set(ids))
        return settle(ids, **how)

    monkeypatch.setattr(settling, "settle", counting)
    rows = "ann@example.com,2026-03-09T10:00:00Z\n" * 400
    upload = looked_through(
        f"email,occurred_at\n{rows}", holds=EVENTS, event_name="order_completed"
    )
    running.order(upload.pk, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        running.carry_on(upload.pk, seconds=60, now=NOW)
    assert Event.objects.count() == 400
    assert settled == [{contact.pk}]
    assert not Change.objects.exists()


def test_many_events_of_many_contacts_are_marked_once_a_contact_and_batch() -> None:
    for number in range(30):
        ContactFactory(email=f"p{number}@example.com")
    Change.objects.all().delete()
    rows = "".join(f"p{n % 30}@example.com,2026-03-09T10:00:00Z\n" for n in range(480))
    segment("buyers", {"event": "order_completed"})
    imported(f"email,occurred_at\n{rows}", holds=EVENTS, event_name="order_completed")
    assert Event.objects.count() == 480
    assert Change.objects.count() == 30
    settle_all()
    assert len(members("buyers")) == 30


@pytest.mark.parametrize("holds", [CONTACTS, EVENTS])
def test_a_batch_takes_as_many_queries_for_many_rows_as_for_few(holds: str) -> None:
    imported(people(1000))

    def queries(count: int, *, first: int) -> int:
        data = rows_of(holds, count, first=first)
        upload = looked_through(data, holds=holds, event_name="seen")
        running.order(upload.pk, now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            running.carry_on(upload.pk, seconds=60, now=NOW)
        return len(captured)

    few, many = queries(25, first=0), queries(400, first=100)
    assert few == many
    assert many <= 30
