"""A worker's task ends in time: what is left is another task, behind those that wait."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from apps.contacts.profile import change_profile
from apps.core import attempts
from apps.core.models import Attempt
from apps.segments import editing, jobs, locking, marks, rebuilding, settling
from apps.segments.models import RebuildPart, Segment, Transition
from apps.segments.signals import memberships_changed
from tests.factories import NOW, ContactFactory
from tests.segments.build import IS_PRO, members, segment

pytestmark = pytest.mark.usefixtures("catalogue")

Rung = list[tuple[str, tuple[int, ...]]]


def marked(how_many: int) -> set[int]:
    contacts = [ContactFactory() for _ in range(how_many)]
    for contact in contacts:
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    OrmQ.objects.all().delete()
    return {contact.pk for contact in contacts}


def rung() -> Rung:
    """Take what is in the queue out of it."""
    tasks = [row.task for row in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    return [(task["func"], tuple(task["args"])) for task in tasks]


@pytest.fixture
def _two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a task no time for more than one batch, of two contacts."""
    monkeypatch.setattr(jobs, "STINT", 0)
    monkeypatch.setattr(settling, "BATCH", 2)
    monkeypatch.setattr(settling, "SHORT", 2)
    monkeypatch.setattr(settling, "next_size", lambda size, *_, **__: size)


@pytest.mark.usefixtures("_two_at_a_time")
def test_settling_goes_on_in_another_task_once_its_time_is_up() -> None:
    segment("pros", IS_PRO)
    ids = marked(3)
    up_to = settling.newest_mark()
    jobs.settle_waiting(up_to)
    assert len(ids & members("pros")) == 2
    assert rung() == [("apps.segments.jobs.settle_waiting", (up_to,))]
    jobs.settle_waiting(up_to)
    assert members("pros") == ids
    assert rung() == []


def test_a_task_ends_when_that_is_settled_which_was_marked_when_it_was_rung_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many are rung for during a large intake, none takes all the work of those behind."""
    monkeypatch.setattr(settling, "MANY", 1)
    segment("pros", IS_PRO)
    ids = marked(2)
    marks.call_workers()
    ((_, args),) = rung()
    later = marked(2)
    jobs.settle_waiting(*args)
    assert members("pros") == ids
    jobs.settle_waiting()
    assert members("pros") == ids | later
    assert rung() == []


@pytest.fixture
def came_back() -> Iterator[Attempt]:
    """Let this process be a worker whose task went on from place 0 four times."""
    attempts.begins(None, task={"started": NOW - timedelta(days=1), "ack_id": 7})
    yield Attempt.objects.create(task=7, begun=4, place=0)
    attempts.begins(None, task={"started": timezone.now(), "ack_id": 8})


def test_settling_that_has_come_further_counts_its_runs_anew(came_back: Attempt) -> None:
    segment("pros", IS_PRO)
    for _ in range(2):
        marked(1)
        oldest = settling.oldest_mark()
        jobs.settle_waiting()
        came_back.refresh_from_db()
        assert (came_back.begun, came_back.place) == (1, oldest)


def test_a_rebuild_that_has_come_further_counts_its_runs_anew(
    came_back: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(2)
    settling.settle_waiting(limit=10)
    row = Segment(name="Pros", slug="pros", status="live")
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    part = RebuildPart.objects.get()
    monkeypatch.setattr(rebuilding, "PIECE", 1)
    monkeypatch.setattr(rebuilding, "next_size", lambda size, *_, **__: size)

    def die() -> None:
        raise SystemExit

    monkeypatch.setattr(rebuilding, "_give_way", die)
    places = []
    for _ in range(2):
        with suppress(SystemExit):
            jobs.rebuild(part.pk)
        came_back.refresh_from_db()
        places.append((came_back.begun, came_back.place))
    assert places == [(1, -1), (1, min(members("pros")))]


def test_batches_do_not_dwindle_however_long_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(locking.A_PIECE_TAKES, connection.vendor, 0.0)
    sizes = [len(batch) for batch in settling.batches(range(5 * settling.SHORT))]
    assert sum(sizes) == 5 * settling.SHORT
    assert min(sizes) >= settling.SHORT


@pytest.mark.usefixtures("_two_at_a_time")
def test_contacts_that_cannot_be_settled_stop_no_other_and_are_not_rung_for_without_end() -> None:
    segment("pros", IS_PRO)
    first, second, *others = sorted(marked(6))
    up_to = settling.newest_mark()
    marked(8)

    def refuse(entered: list[Transition], **kwargs: object) -> None:
        if {row.contact_id for row in entered} & {first, second}:
            raise ArithmeticError("a defect above")

    memberships_changed.connect(refuse)
    try:
        for _ in range(5):
            jobs.settle_waiting(up_to)
        rung()
        jobs.settle_waiting(up_to)
        assert rung() == []
    finally:
        memberships_changed.disconnect(refuse)
    assert members("pros") >= set(others)
