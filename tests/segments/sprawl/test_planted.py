"""On the demonstration company and some 160 segments more, the report finds every planted fault.

And nothing false: what it says is held against who stands where by the query reading, and each
example is judged by the verdict reading; neither knows the solver.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.contacts.models import Contact
from apps.nurture.models import Sequence
from apps.rules import codec
from apps.rules.facts import Facts, Occurrence
from apps.rules.nodes import SegmentCondition
from apps.rules.verdict import holds
from apps.segments.calendar import installed
from apps.segments.models import Membership, SprawlReport
from apps.segments.plan import Plan, catalogue, live_plan
from apps.segments.population import holding
from apps.segments.sprawl import computing, ordering
from tests.segments.sprawl.planting import Planted, plant

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
STINTS = 20  # of a worker at most, however slow the machine; those after the last do nothing
DEMO = {"Venue welcome", "Finding your next record"}


@dataclass(frozen=True)
class Outcome:
    planted: Planted
    found: dict[str, list[dict[str, Any]]]  # findings by kind
    members: dict[str, frozenset[int]]  # contacts by slug
    everybody: frozenset[int]
    plan: Plan
    names: dict[str, str]  # slug by name


@pytest.fixture(scope="module")
def outcome(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Outcome]:
    with django_db_blocker.unblock(), time_machine.travel(MOMENT, tick=False), transaction.atomic():
        call_command("demo")
        yield report_on(plant(now=MOMENT))
        transaction.set_rollback(True)


def report_on(planted: Planted) -> Outcome:
    ordered = ordering.order(now=MOMENT)
    for _ in range(STINTS):
        computing.work(ordered.pk)
    report = SprawlReport.objects.done().get()
    found: dict[str, list[dict[str, Any]]] = {}
    for one in report.found["findings"]:
        found.setdefault(one["kind"], []).append(one)
    members: dict[str, set[int]] = {one.slug: set() for one in live_plan().segments}
    for slug, contact in Membership.objects.values_list("segment__slug", "contact"):
        members[slug].add(contact)
    return Outcome(
        planted,
        found,
        {slug: frozenset(ids) for slug, ids in members.items()},
        frozenset(Contact.objects.standing().values_list("pk", flat=True)),
        live_plan(),
        {one.name: one.slug for one in live_plan().segments},
    )


def slugs(finding: dict[str, Any], outcome: Outcome) -> list[str]:
    return [outcome.names[name] for name, _ in finding["segments"]]


def about(kind: str, outcome: Outcome) -> set[frozenset[str]]:
    return {frozenset(slugs(one, outcome)) for one in outcome.found[kind]}


def test_ten_faults_of_each_kind_are_planted(outcome: Outcome) -> None:
    assert {kind: len(faults) for kind, faults in outcome.planted.faults.items()} == {
        "never_true": 10,
        "never_reached": 10,
        "always_true": 10,
        "same_as": 10,
        "near_duplicate": 10,
        "inside": 10,
        "changes_nothing": 10,
        "unused": 10,
        "colliding": 10,
    }


@pytest.mark.parametrize(
    "kind", ["never_true", "never_reached", "always_true", "same_as", "changes_nothing"]
)
def test_each_planted_fault_is_found_and_no_other(kind: str, outcome: Outcome) -> None:
    assert about(kind, outcome) == outcome.planted.faults[kind]
    assert len(outcome.found[kind]) == 10


def test_nothing_is_left_undecided(outcome: Outcome) -> None:
    assert "undecided" not in outcome.found


def test_what_nobody_or_everybody_meets_holds_nobody_or_everybody(outcome: Outcome) -> None:
    for kind, those in (("never_true", frozenset()), ("never_reached", frozenset()),
                        ("always_true", outcome.everybody)):  # fmt: skip
        for one in outcome.found[kind]:
            [slug] = slugs(one, outcome)
            assert outcome.members[slug] == those, slug


def test_what_is_the_same_holds_the_same_people(outcome: Outcome) -> None:
    for one in outcome.found["same_as"]:
        a, b = slugs(one, outcome)
        assert outcome.members[a] == outcome.members[b]
        assert outcome.members[a]


def test_a_condition_that_changes_nothing_can_be_left_out(outcome: Outcome) -> None:
    for one in outcome.found["changes_nothing"]:
        [slug] = slugs(one, outcome)
        rule = codec.loads(outcome.planted.without[slug], catalogue())
        without = holding(rule, plan=outcome.plan, now=MOMENT).values_list("pk", flat=True)
        assert frozenset(without) == outcome.members[slug], slug
        where = int(one["at"].removeprefix("all[").removesuffix("]"))
        left = [part for at, part in enumerate(outcome.planted.rules[slug]["all"]) if at != where]
        assert sorted(map(str, left)) == sorted(map(str, outcome.planted.without[slug]["all"]))


def test_what_is_inside_is_found_and_shown(outcome: Outcome) -> None:
    found = about("inside", outcome)
    assert found >= outcome.planted.faults["inside"]
    for one in outcome.found["inside"]:
        inner, outer = slugs(one, outcome)
        assert outcome.members[inner] <= outcome.members[outer], (inner, outer)
        assert stands_in(one["example"], outer, outcome)
        assert not stands_in(one["example"], inner, outcome)


def test_near_duplicates_are_those_that_counting_finds(outcome: Outcome) -> None:
    """Those planted by rule hold nobody; of all others the memberships decide."""
    alike = {
        frozenset({a, b})
        for (a, mine), (b, theirs) in combinations(outcome.members.items(), 2)
        if len(mine | theirs) >= 10 and len(mine & theirs) >= 0.9 * len(mine | theirs)
    } - about("same_as", outcome)
    everybody = {frozenset(pair) for pair in combinations(always(outcome), 2)}
    planted = outcome.planted.faults["near_duplicate"]
    by_rule = {pair for pair in planted if not any(outcome.members[slug] for slug in pair)}
    assert len(by_rule) == 3
    assert about("near_duplicate", outcome) == (alike - everybody) | by_rule
    assert about("near_duplicate", outcome) >= planted


def always(outcome: Outcome) -> list[str]:
    return [slug for pair in outcome.planted.faults["always_true"] for slug in pair]


def test_what_nothing_reads_is_found(outcome: Outcome) -> None:
    demo = {frozenset({"warm-venue-leads"}), frozenset({"lapsed-big-baskets"})}
    assert about("unused", outcome) == outcome.planted.faults["unused"] | demo


def test_sequences_collide_where_somebody_can_be_in_both(outcome: Outcome) -> None:
    """Planted tracks of two numbers are apart by their desks; none is apart from the demo's."""
    found = {frozenset(name for name, _ in one["sequences"]) for one in outcome.found["colliding"]}
    tracks = set().union(*outcome.planted.faults["colliding"])
    with_the_demo = {frozenset({track, other}) for track in tracks for other in DEMO}
    assert found == outcome.planted.faults["colliding"] | with_the_demo | {frozenset(DEMO)}
    segments = dict(Sequence.objects.values_list("name", "segment__slug"))
    for one in outcome.found["colliding"]:
        for name, _ in one["sequences"]:
            assert stands_in(one["example"], segments[name], outcome)


def stands_in(contact: dict[str, Any], slug: str, outcome: Outcome) -> bool:
    """Return what the verdict reading says of an example, with the segments the rule refers to."""
    now = datetime.fromisoformat(contact["now"])
    own = {f"contact.{key}": value for key, value in contact.items()
           if key not in ("traits", "events", "segments", "now")}  # fmt: skip
    events: dict[str, list[Occurrence]] = {}
    for one in contact["events"]:
        at = datetime.fromisoformat(one["occurred_at"])
        events.setdefault(one["name"], []).append(Occurrence(at, one["properties"]))
    inside: frozenset[str] = frozenset()
    for planned in outcome.plan.segments:  # each after those it refers to
        facts = Facts({**own, **contact["traits"]}, events, inside)
        if holds(planned.unpinned, facts, now=now, calendar=installed()):
            inside |= {planned.slug}
    facts = Facts({}, {}, inside)
    return holds(SegmentCondition(slug), facts, now=now, calendar=installed())
