"""Time acts on a rule only across its edges: what the one-second tick rests on."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.edges import DateEdge, Edge, EventEdge, edges
from apps.rules.facts import Facts
from apps.rules.kinds import Kind
from apps.rules.verdict import holds, judge
from tests.rules.population import CATALOGUE, KINDS, NOW, Person, populate
from tests.rules.random_rules import random_moment
from tests.rules.test_differential import ZONES, written


def moments(edge: Edge, facts: Facts) -> list[datetime]:
    """Return the times of the facts that an edge is about, as the tick's index holds them."""
    match edge:
        case EventEdge(event):
            return [occurrence.occurred_at for occurrence in facts.events.get(event, ())]
        case DateEdge(trait):
            value = facts.traits.get(trait)
            if isinstance(value, datetime):
                return [value]
            try:
                found = datetime.fromisoformat(str(value))
            except ValueError:
                return []
            return [found if found.tzinfo else found.replace(tzinfo=UTC)]


def crossed(edge: Edge, facts: Facts, prev: datetime, now: datetime, zone: ZoneInfo) -> bool:
    after, until = edge.sliver(prev, now, calendar=Calendar(zone))
    return any(after < moment <= until for moment in moments(edge, facts))


@pytest.mark.django_db
def test_a_verdict_changes_with_time_alone_only_if_a_fact_crossed_an_edge() -> None:
    chance = random.Random(3)
    people = populate(3, 25).people
    changed = 0
    for _ in range(1500):
        rule = written(chance)
        prev = random_moment(chance)
        now = prev + timedelta(seconds=chance.choice([1e-6, 1, 60, 90_000, 10**7]))
        zone = ZoneInfo(chance.choice(ZONES))
        for person in people:
            before = holds(rule, person.facts, now=prev, calendar=Calendar(zone))
            if before != holds(rule, person.facts, now=now, calendar=Calendar(zone)):
                changed += 1
                assert any(crossed(edge, person.facts, prev, now, zone) for edge in edges(rule)), (
                    codec.dumps(rule)
                )
    assert changed > 200


@pytest.mark.django_db
def test_the_instant_of_the_next_flip_is_exact() -> None:
    """Nothing changes before it, everything at it."""
    chance = random.Random(4)
    people = populate(4, 25).people
    seen = 0
    for _ in range(1500):
        rule = written(chance)
        now, zone = random_moment(chance), ZoneInfo(chance.choice(ZONES))
        person: Person = chance.choice(people)
        verdict = judge(rule, person.facts, now=now, calendar=Calendar(zone))
        later = [now + timedelta(days=days) * chance.random() for days in (1, 40, 400)]
        for moment in later:
            if verdict.flips_at is None or moment < verdict.flips_at:
                assert (
                    holds(rule, person.facts, now=moment, calendar=Calendar(zone)) == verdict.holds
                ), codec.dumps(rule)
        if verdict.flips_at is not None:
            seen += 1
            assert verdict.flips_at > now
            at = holds(rule, person.facts, now=verdict.flips_at, calendar=Calendar(zone))
            assert at != verdict.holds, codec.dumps(rule)
    assert seen > 60


def test_the_edges_of_a_window_are_its_end_and_its_beginning() -> None:
    rule = codec.loads({"event": "a", "within": "30d"}, CATALOGUE)
    assert edges(rule) == {EventEdge("a", timedelta(0)), EventEdge("a", timedelta(days=30))}
    rule = codec.loads({"trait": "born", "op": "in_next", "value": "7d"}, CATALOGUE)
    born = KINDS["born"]
    assert edges(rule) == {
        DateEdge("born", born, timedelta(0)),
        DateEdge("born", born, timedelta(days=7)),
    }
    assert born is Kind.DATE


def test_the_night_clocks_change_is_one_day_like_any_other() -> None:
    edge = DateEdge("born", Kind.DATE, timedelta(0))
    zone = ZoneInfo("Europe/Lisbon")
    after, until = edge.sliver(NOW - timedelta(days=1), NOW, calendar=Calendar(zone))
    assert (after.date().isoformat(), until.date().isoformat()) == ("2026-03-28", "2026-03-29")
