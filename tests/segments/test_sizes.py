"""Sizes are what counting every member and every move would give, whatever happens."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.utils.timezone import localdate

from apps.contacts.erasing import erase
from apps.contacts.models import Contact
from apps.segments import rebuilding, settling, sizes
from apps.segments.models import Membership, Segment, Size, SizeNote, Transition
from tests.factories import NOW, ContactFactory
from tests.segments.build import segment
from tests.segments.test_histories import World
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("catalogue")
SEEDS = 6


def counted() -> dict[int, int]:
    """Return the members of each segment, counted one by one."""
    found = Counter(Membership.objects.values_list("segment", flat=True))
    return {pk: found[pk] for pk in Segment.objects.values_list("pk", flat=True)}


def told() -> dict[int, int]:
    return sizes.members(Segment.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_sizes_are_exact_after_each_step_of_a_random_history(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "FOLD_FROM", seed % 3)
    monkeypatch.setattr(sizes, "FOLD", 3)
    if seed % 2:
        monkeypatch.setattr(settling, "FEW", 0)
    world = World(seed)
    at_the_end_of: dict[date, dict[int, int]] = {}
    for _ in range(30):
        with time_machine.travel(world.now, tick=False):
            step = world.step()
        if world.random.random() < 0.3:
            sizes.fold()
        assert told() == counted(), step
        at_the_end_of[localdate(world.now)] = counted()
    courses = sizes.courses(told(), now=world.now)
    for pk, course in courses.items():
        assert course.members == counted()[pk]
        line = {day.date: day.members for day in course.days}
        for day, there in at_the_end_of.items():
            assert line.get(day, there[pk]) == there[pk]


def test_the_moves_of_seven_days_are_those_of_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "erasure", World.clock)  # it takes history with it
    world = World(1)
    for _ in range(60):
        world.step()
    first = localdate(world.now) - timedelta(days=sizes.A_WEEK - 1)
    for pk, course in sizes.courses(told(), now=world.now).items():
        moves = Transition.objects.filter(segment=pk)
        recent = [kind for kind, at in moves.values_list("kind", "at") if localdate(at) >= first]
        assert (course.entered, course.departed) == (recent.count("entered"), recent.count("left"))
    assert any(course.departed for course in sizes.courses(told(), now=world.now).values())


def test_folding_changes_no_number_and_leaves_a_row_a_day() -> None:
    row = segment("all", {"all": []})
    for number in range(5):
        sizes.note([(row.pk, 2, 1, 0)], now=NOW - timedelta(days=number % 2))
    before = sizes.courses([row.pk], now=NOW)
    sizes._fold()
    assert sizes.courses([row.pk], now=NOW) == before
    assert (Size.objects.count(), SizeNote.objects.count()) == (2, 0)
    assert before[row.pk].members == 5


def test_few_notes_wait_and_many_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    row = segment("all", {"all": []})
    monkeypatch.setattr(sizes, "FOLD_FROM", 3)
    sizes.note([(row.pk, 1, 0, 0)], now=NOW)
    sizes.fold()
    assert SizeNote.objects.count() == 1
    for _ in range(3):
        sizes.note([(row.pk, 1, 0, 0)], now=NOW)
    sizes.fold()
    assert SizeNote.objects.count() == 0
    assert sizes.members([row.pk]) == {row.pk: 4}


def test_what_another_hosts_clock_wrote_of_tomorrow_counts_today() -> None:
    row = segment("all", {"all": []})
    sizes.note([(row.pk, 3, 0, 0)], now=NOW)
    sizes.note([(row.pk, 2, 1, 0)], now=NOW + timedelta(days=1))
    course = sizes.courses([row.pk], now=NOW)[row.pk]
    assert (course.members, course.entered, course.departed) == (4, 5, 1)
    assert len(course.days) == sizes.DAYS


def test_a_rebuild_and_an_erasure_are_counted() -> None:
    contacts = [ContactFactory() for _ in range(3)]
    row = segment("all", {"all": []})
    assert sizes.members([row.pk]) == {row.pk: 3}
    erase(contacts[0].pk)
    assert sizes.members([row.pk]) == {row.pk: 2}
    rebuilding.rebuild_all(now=NOW)
    assert told() == counted()


def test_what_was_there_before_is_counted_once_by_the_migration() -> None:
    world = World(3)
    for _ in range(40):
        world.step()
    erase(Contact.objects.standing().order_by("pk").first().pk)
    before = sizes.courses(told(), now=world.now)
    Size.objects.all().delete()
    count: Callable[..., Any] = import_module("apps.segments.migrations.0010_sizes_of_before").count
    count(apps, connection.schema_editor())
    assert told() == counted()
    after = sizes.courses(told(), now=world.now)
    assert {pk: course.members for pk, course in after.items()} == {
        pk: course.members for pk, course in before.items()
    }


@pytest.mark.django_db(transaction=True)
def test_who_reads_while_others_note_and_fold_sees_each_move_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizes, "FOLD_FROM", 5)
    monkeypatch.setattr(sizes, "FOLD", 7)
    row = segment("all", {"all": []})
    seen: list[int] = []

    def write() -> None:
        for number in range(25):
            sizes.note([(row.pk, 1, 0, 0)], now=NOW - timedelta(days=number % 3))

    def fold() -> None:
        for _ in range(25):
            sizes.fold()

    def read() -> None:
        seen.extend(sizes.members([row.pk])[row.pk] for _ in range(60))

    at_once(write, write, fold, fold, read)
    assert seen == sorted(seen)
    assert sizes.members([row.pk]) == {row.pk: 50}
