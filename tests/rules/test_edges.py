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
from apps.rules.windows import NOW as NOW_END
from apps.rules.windows import Offset
from tests.rules.population import CATALOGUE, KINDS, NOW, Person, populate
from tests.rules.random_rules import random_calendar, random_moment
from tests.rules.test_differential import written


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


def crossed(edge: Edge, facts: Facts, prev: datetime, now: datetime, calendar: Calendar) -> bool:
    slivers = edge.slivers(prev, now, calendar=calendar)
    return any(first <= at <= last for at in moments(edge, facts) for first, last in slivers)


@pytest.mark.django_db
def test_a_verdict_changes_with_time_alone_only_if_a_fact_crossed_an_edge() -> None:
    chance = random.Random(3)
    people = populate(3, 25).people
    changed = 0
    for _ in range(1500):
        rule = written(chance)
        prev = random_moment(chance)
        now = prev + timedelta(seconds=chance.choice([1e-6, 1, 60, 90_000, 10**7]))
        calendar = random_calendar(chance)
        for person in people:
            before = holds(rule, person.facts, now=prev, calendar=calendar)
            if before != holds(rule, person.facts, now=now, calendar=calendar):
                changed += 1
                assert any(
                    crossed(edge, person.facts, prev, now, calendar) for edge in edges(rule)
                ), codec.dumps(rule)
    assert changed > 200


@pytest.mark.django_db
def test_the_instant_of_the_next_flip_is_exact() -> None:
    """Nothing changes before it, everything at it."""
    chance = random.Random(4)
    people = populate(4, 25).people
    seen = 0
    for _ in range(1500):
        rule = written(chance)
        now, calendar = random_moment(chance), random_calendar(chance)
        person: Person = chance.choice(people)
        verdict = judge(rule, person.facts, now=now, calendar=calendar)
        later = [now + timedelta(days=days) * chance.random() for days in (1, 40, 400)]
        for moment in later:
            if verdict.flips_at is None or moment < verdict.flips_at:
                assert holds(rule, person.facts, now=moment, calendar=calendar) == verdict.holds, (
                    codec.dumps(rule)
                )
        if verdict.flips_at is not None:
            seen += 1
            assert verdict.flips_at > now
            at = holds(rule, person.facts, now=verdict.flips_at, calendar=calendar)
            assert at != verdict.holds, codec.dumps(rule)
    assert seen > 60


def test_the_edges_of_a_window_are_its_end_and_its_beginning() -> None:
    rule = codec.loads({"event": "a", "within": "30d"}, CATALOGUE)
    assert edges(rule) == {EventEdge("a", NOW_END), EventEdge("a", Offset(-timedelta(days=30)))}
    rule = codec.loads({"trait": "born", "op": "in_next", "value": "7d"}, CATALOGUE)
    born = KINDS["born"]
    assert edges(rule) == {
        DateEdge("born", born, NOW_END),
        DateEdge("born", born, Offset(timedelta(days=7))),
    }
    assert born is Kind.DATE


def test_the_night_clocks_change_is_one_day_like_any_other() -> None:
    edge = DateEdge("born", Kind.DATE, NOW_END)
    calendar = Calendar(ZoneInfo("Europe/Lisbon"))
    day = datetime(2026, 3, 29, tzinfo=UTC)
    assert edge.slivers(NOW - timedelta(days=1), NOW, calendar=calendar) == [(day, day)]
