"""A floor is a floor only where it leaves the same rows as the product.

Everything here runs on two hundred people. Nothing is timed.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from apps.contacts.models import Contact, Event
from apps.segments.models import Membership, Segment, Transition
from apps.segments.plan import live_plan
from tests.benchmarks import building, child, product, restoring
from tests.benchmarks.floors import batches, differences, mautic, one_event
from tests.benchmarks.parts import (
    NOW,
    Bench,
    event,
    growth,
    intake,
    midnight,
    pages,
    preview,
    rebuild,
    solver,
    ticks,
)
from tests.benchmarks.rules import HOW_MANY, READ_BY_FIVE, new_rules, windowed

SIZE = 200
Rows = dict[str, Any]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A small population that is committed: made once for all tests here."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        building.fill(SIZE, say=lambda _: None)
        restoring.remember()
        yield
        building.execute("DROP TABLE bench_marks")
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def bench(built: None, db: None) -> Iterator[Bench]:
    """Each test in a transaction that is rolled back; marks are settled where it says so."""
    with time_machine.travel(NOW, tick=False):
        yield small()


def small() -> Bench:
    return Bench(
        SIZE, rounds=1, long_rounds=1, events=3, bulk=300, flips=40, chance=random.Random(1)
    )


def rows_left() -> Rows:
    """Return what a user or another app could see of what was done."""
    [(events, transitions)] = building.fetch("SELECT event, transition FROM bench_marks")
    moves = Transition.objects.filter(pk__gt=transitions)
    arrived = Event.objects.filter(pk__gt=events)
    columns = ("contact_id", "name", "occurred_at", "received_at", "properties", "message_id")
    return {
        "members": set(Membership.objects.values_list("segment_id", "contact_id")),
        "moves": sorted(moves.values_list("segment_id", "contact_id", "kind", "at")),
        "events": sorted(map(str, arrived.values_list(*columns))),
        "seen": dict(Contact.objects.values_list("pk", "last_seen_at")),
    }


def same_effect(bench: Bench, *ways: Callable[[], object]) -> Rows:
    """Do the same thing in each way on the same rows; return what all of them left."""
    before, left = rows_left(), []
    for way in ways:
        way()
        left.append(rows_left())
        bench.restore()
        assert rows_left() == before
    assert left[0] != before
    assert all(rows == left[0] for rows in left)
    return left[0]


def test_the_members_written_by_hand_are_those_of_the_product(bench: Bench) -> None:
    assert product.drift(now=NOW) == 0
    assert differences.drift(bench.hand) == 0
    assert len(bench.hand.rules) == HOW_MANY
    assert all(bench.members(slug) for slug in ("w0", "w1", "w3", "w4", rebuild.EDITED))


def test_one_row_of_features_says_the_same_as_the_semi_joins(bench: Bench) -> None:
    due = bench.hand.settled(list(bench.hand.rules))
    everybody = ", ".join(str(number) for number in range(1, SIZE + 1))
    assert set(building.fetch(due.replace("THESE", everybody))) == bench.memberships()


def test_an_edited_segment_is_rebuilt_alike(bench: Bench) -> None:
    rule = {"all": [*bench.hand.rules[rebuild.EDITED]["all"][:1]]}

    def by_product() -> None:
        rebuild.edit(bench, rule)
        product.rebuild(bench.segment(rebuild.EDITED), now=NOW)

    def by_hand() -> None:
        differences.rebuild(bench.hand, rebuild.EDITED, rule)
        follow_nested(bench)

    def follow_nested(bench: Bench) -> None:
        """Those that refer to it follow, in the product by their marks."""
        hand = replace(bench.hand, rules={**bench.hand.rules, rebuild.EDITED: rule}, columns={})
        for slug in hand.rules:
            differences.rebuild(hand, slug, hand.rules[slug])

    assert same_effect(bench, by_product, by_hand)["moves"]


def test_all_segments_are_rebuilt_alike(bench: Bench) -> None:
    def by_product() -> None:
        building.execute("DELETE FROM segments_membership WHERE id % 10 = 0")
        product.rebuild_all(now=NOW)

    def by_hand() -> None:
        building.execute("DELETE FROM segments_membership WHERE id % 10 = 0")
        differences.rebuild_all(bench.hand)

    stood = bench.memberships()
    by_product()
    moved = sorted(rows_left()["moves"])
    building.execute(
        f"DELETE FROM segments_transition WHERE at = {bench.hand.stamp(NOW)} AND cause <> 'revision:1'"
    )
    assert bench.memberships() == stood
    by_hand()
    assert bench.memberships() == stood
    assert moved


def test_mautics_way_comes_to_the_same_members(bench: Bench) -> None:
    slug, rule = "s003", bench.hand.rules["s003"]
    members = bench.members(slug)
    taken = sorted(members)[::2]
    Membership.objects.filter(segment__slug=slug, contact__in=taken).delete()
    stranger = min(set(range(1, SIZE + 1)) - members)
    Membership.objects.create(segment=bench.segment(slug), contact_id=stranger, since=NOW)
    assert mautic.rebuild(bench.hand, slug, rule) == len(taken) + 1
    assert bench.members(slug) == members


def test_one_event_does_the_same_through_the_verb_and_by_the_orm(bench: Bench) -> None:
    segments = {f"w{number}": bench.hand.ids[f"w{number}"] for number in range(5)}

    def by_product() -> None:
        for pk in range(1, 41):
            contact = Contact.objects.get(pk=pk)
            product.one_event(contact, name=READ_BY_FIVE, message_id=f"m{pk}", now=NOW,
                              **event.properties(pk))  # fmt: skip
        product.settle(now=NOW)

    def by_floor() -> None:
        for pk in range(1, 41):
            one_event.record(pk, message_id=f"m{pk}", properties=event.properties(pk), now=NOW,
                             segments=segments)  # fmt: skip

    kinds = {kind for _, _, kind, _ in same_effect(bench, by_product, by_floor)["moves"]}
    assert kinds == {"entered", "left"}


def test_many_events_do_the_same_through_the_verb_and_in_batches(bench: Bench) -> None:
    rows = intake.arriving(bench, 300)
    left = same_effect(
        bench, lambda: intake.by_product(rows), lambda: batches.intake(bench.hand, rows)
    )
    assert len(left["events"]) == 300
    assert left["moves"]


def test_time_does_the_same_in_a_tick_and_by_hand(bench: Bench) -> None:
    until = NOW + timedelta(days=3)
    late = replace(bench.hand, now=until, columns={})

    def by_product() -> None:
        product.tick(now=until)
        product.settle(now=until)

    left = same_effect(bench, by_product, lambda: batches.settle_moved(late, since=NOW))
    assert left["moves"]


def test_five_segments_read_the_event_that_is_measured(bench: Bench) -> None:
    marks = frozenset({f"event:{READ_BY_FIVE}", "trait:contact.last_seen_at"})
    assert len(live_plan().touched_by(marks)) == 5
    assert len(windowed(bench.hand.rules.values())) >= 100


def test_segments_made_beside_them_do_not_read_it(bench: Bench) -> None:
    bystanders = growth.make_bystanders(HOW_MANY)
    growth.let_live(bystanders)
    marks = frozenset({f"event:{READ_BY_FIVE}", "trait:contact.last_seen_at"})
    assert Segment.objects.live().count() == HOW_MANY + 5
    assert len(live_plan().touched_by(marks)) == 5


def test_rules_that_nobody_saved_are_counted_alike(bench: Bench) -> None:
    [measured, first] = preview.measure(bench)
    assert measured.value > 0
    assert first.value > 0
    assert len(list(new_rules(preview.HOW_MANY, seed=17))) == preview.HOW_MANY


@pytest.mark.parametrize("part", [event, intake, pages, rebuild, solver, ticks])
def test_every_part_runs_and_puts_the_database_back(bench: Bench, part: Any) -> None:
    before = rows_left()
    found = list(part.measure(bench))
    assert found
    assert rows_left() == before
    assert connection.vendor in ("sqlite", "postgresql")


def test_events_come_through_while_a_midnights_burst_is_settled(
    built: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Without a transaction around it: the burst is settled by another connection."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        before = rows_left()
        slowest, due = midnight.measure(small())
        assert rows_left() == before
    assert slowest.value > 0
    assert due.value > 0


def test_what_a_database_is_made_of_is_asked_at_its_own_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(building, "is_ready", lambda size: asked.append((size, timezone.now())))
    monkeypatch.setattr(building, "build", lambda size, say: None)
    monkeypatch.setattr(child, "empty", lambda: None)
    child.prepare(SIZE)
    assert asked == [(SIZE, NOW)]
