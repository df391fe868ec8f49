"""Time acts on a rule only across its edges: what the one-second tick rests on."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.edges import DateEdge, Edge, EventEdge, edges, slivers
from apps.rules.facts import Facts
from apps.rules.kinds import Kind
from apps.rules.nodes import Rule
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


def anything_crossed(
    rule: Rule, facts: Facts, prev: datetime, now: datetime, calendar: Calendar
) -> bool:
    return any(
        first <= at <= last
        for edge, passed in slivers(edges(rule), prev=prev, now=now, calendar=calendar)
        for first, last in passed
        for at in moments(edge, facts)
    )


@pytest.mark.django_db
def test_a_verdict_changes_with_time_alone_only_if_a_fact_crossed_an_edge() -> None:
    chance = random.Random(3)
    people = populate(3, 25).people
    changed = 0
    for _ in range(3600):
        rule = written(chance)
        prev = random_moment(chance)
        now = prev + timedelta(seconds=chance.choice([1e-6, 1, 60, 90_000, 10**7, 10**8]))
        calendar = random_calendar(chance)
        for person in people:
            before = holds(rule, person.facts, now=prev, calendar=calendar)
            if before != holds(rule, person.facts, now=now, calendar=calendar):
                changed += 1
                said = codec.dumps(rule)
                assert anything_crossed(rule, person.facts, prev, now, calendar), said
    assert changed > 200


@pytest.mark.django_db
def test_the_instant_of_the_next_flip_is_exact() -> None:
    """Nothing changes before it, everything at it."""
    chance = random.Random(4)
    people = populate(4, 25).people
    seen = 0
    for _ in range(2500):
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
    a_day = {"prev": NOW - timedelta(days=1), "now": NOW, "calendar": calendar}
    assert list(slivers([edge], **a_day)) == [(edge, [(day, day)])]


def sweep(rule: dict[str, object], prev: str, now: str) -> set[tuple[str, str]]:
    """Return the first and last days that crossed an edge, between two moments UTC."""
    found = slivers(
        edges(codec.loads(rule, CATALOGUE)),
        prev=datetime.fromisoformat(prev).replace(tzinfo=UTC),
        now=datetime.fromisoformat(now).replace(tzinfo=UTC),
        calendar=Calendar(UTC),
    )
    return {(f"{first:%F}", f"{last:%F}") for _, passed in found for first, last in passed}


def test_a_period_sweeps_nothing_until_it_ends() -> None:
    rule = {"trait": "born", "op": "in_period", "value": "this_month"}
    assert sweep(rule, "2026-11-01 00:00", "2026-11-30 23:59:59") == set()
    assert sweep(rule, "2026-11-30 23:59:59", "2026-12-01 00:00") == {
        ("2026-11-01", "2026-11-30"),  # which leave
        ("2026-12-01", "2026-12-31"),  # which come in
    }


def test_whoever_slept_over_several_periods_sweeps_them_all() -> None:
    """Also those that came in and left again meanwhile: a segment may look at them otherwise."""
    rule = {"trait": "born", "op": "in_period", "value": "this_month"}
    assert sweep(rule, "2026-11-15", "2027-02-15") == {
        ("2026-11-01", "2027-01-31"),
        ("2026-12-01", "2027-02-28"),
    }


def test_anniversaries_sweep_a_day_in_every_year_and_only_at_midnight() -> None:
    rule = {"trait": "born", "op": "anniversary_in_next", "value": "1d"}
    assert sweep(rule, "2026-02-27 00:00", "2026-02-27 23:59") == set()
    swept = sweep(rule, "2026-02-26 23:59", "2026-02-27 00:00")
    assert {("2025-02-27", "2025-02-27"), ("2025-02-28", "2025-02-28")} < swept
    assert ("2024-02-28", "2024-02-29") in swept
    assert ("1900-02-28", "1900-02-28") in swept
    assert len(swept) == 2 * (2026 - 1900)
