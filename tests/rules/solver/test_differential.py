"""What the solver says of random rules is so of every contact of the population, at any moment.

By default a minute's worth; `SOLVER=long` asks about 20,000 rules and as many pairs.
"""

import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import combinations

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.facts import Facts
from apps.rules.keys import leaves
from apps.rules.nodes import All, Any, Not, Rule, SegmentCondition
from apps.rules.solver.asking import No, Solver, Witness
from apps.rules.solver.relations import Relation, relate
from apps.rules.solver.survey import Survey
from apps.rules.verdict import holds
from tests.rules.population import CATALOGUE, NOW, populate
from tests.rules.random_rules import leaf, random_calendar, random_moment
from tests.rules.test_differential import written

LONG = os.environ.get("SOLVER") == "long"
PAIRS, ROUNDS, SIZE = (20_000, 40, 200) if LONG else (640, 8, 40)
MOMENTS = 4

Where = tuple[Facts, datetime]


def one_condition(chance: random.Random) -> Rule:
    while True:
        try:
            return codec.loads(leaf(chance), CATALOGUE)
        except codec.RuleError:
            continue


def related(rule: Rule, chance: random.Random) -> Rule:
    """Return a rule that may stand in some relation to another."""
    other = chance.choice([written, one_condition])(chance)
    return chance.choice([
        other, other, All((rule, other)), Any((rule, other)), Not(rule), All((other, Not(rule))),
        near(rule, chance), near(rule, chance), All((near(rule, chance), other)),
    ])  # fmt: skip


def near(rule: Rule, chance: random.Random) -> Rule:
    """Return a condition on something that a rule reads, compared otherwise."""
    read = {codec.dumps(one).get("trait") for one in leaves(rule)}
    read |= {codec.dumps(one).get("event") for one in leaves(rule)}
    for _ in range(200):
        found = one_condition(chance)
        named = codec.dumps(found)
        if {named.get("trait"), named.get("event")} & (read - {None}):
            return found
    return one_condition(chance)


def standing(facts: Facts, rules: Mapping[str, Rule], now: datetime, calendar: Calendar) -> Facts:
    """Return the contact in the segments whose rules hold for it, and in no other of those."""
    inside = set(facts.segments) - rules.keys()
    for slug, rule in rules.items():
        seen = replace(facts, segments=frozenset(inside))
        if holds(rule, seen, now=now, calendar=calendar):
            inside.add(slug)
    return replace(facts, segments=frozenset(inside))


def without_segments(chance: random.Random) -> Rule:
    while True:
        rule = written(chance)
        if not any(isinstance(one, SegmentCondition) for one in leaves(rule)):
            return rule


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_it_says_is_contradicted_by_anybody(seed: int) -> None:
    chance = random.Random(seed)
    people = [person.facts for person in populate(seed, SIZE).people]
    calendar = random_calendar(chance)
    rules = {"customers": without_segments(chance)} if chance.random() < 0.7 else {}
    solver = Solver(rules.get, calendar=calendar, now=NOW)
    everywhere: list[Where] = [
        (standing(facts, rules, now, calendar), now)
        for now in [NOW, *(random_moment(chance) for _ in range(MOMENTS))]
        for facts in people
    ]
    said: Counter[str] = Counter()
    for _ in range(PAIRS // ROUNDS):
        a = chance.choice([written, one_condition])(chance)
        b = related(a, chance)
        held_a = [holds(a, facts, now=now, calendar=calendar) for facts, now in everywhere]
        held_b = [holds(b, facts, now=now, calendar=calendar) for facts, now in everywhere]
        one, other = solver.tell(a), solver.tell(b)
        for met, unmet, seen in (
            ([one], [], any(held_a)),
            ([], [one], not all(held_a)),
            ([one, other], [], any(x and y for x, y in zip(held_a, held_b, strict=True))),
            ([one], [other], any(x and not y for x, y in zip(held_a, held_b, strict=True))),
            ([other], [one], any(y and not x for x, y in zip(held_a, held_b, strict=True))),
        ):
            found = solver.exists(met=met, unmet=unmet)
            rules_asked = [codec.dumps(rule.rule) for rule in (*met, *unmet)]
            if found is No.PROVED:
                assert not seen, (rules_asked, len(met))
            if isinstance(found, Witness):
                facts = standing(found.facts, rules, found.now, calendar)
                here = {"now": found.now, "calendar": calendar}
                assert all(holds(rule.rule, facts, **here) for rule in met), rules_asked
                assert not any(holds(rule.rule, facts, **here) for rule in unmet), rules_asked
            said[found.name if isinstance(found, No) else "WITNESS"] += 1
    assert said["PROVED"] > PAIRS // ROUNDS / 3  # it proves things
    assert said["UNDECIDED"] < sum(said.values()) / 20


@pytest.mark.parametrize("crowded", [False, True])
def test_a_survey_never_says_otherwise(crowded: bool) -> None:
    """It puts contacts together instead of asking; what it says of a pair is what asking says."""
    chance = random.Random(17)
    calendar = random_calendar(chance)
    solver = Solver(lambda _: None, calendar=calendar, now=NOW)
    survey = Survey(solver, lambda _: None)
    rules = [chance.choice([written, one_condition])(chance) for _ in range(20 if LONG else 12)]
    rules += [related(chance.choice(rules), chance) for _ in rules]
    known = [survey.know(rule) for rule in rules]
    if crowded:
        survey.gather(known)
    said: Counter[Relation] = Counter()
    for one, other in combinations(known, 2):
        relation = survey.relation(one, other)
        found = relate(solver, one.told, other.told).relation
        if Relation.UNDECIDED not in (relation, found):
            assert relation is found, (codec.dumps(one.rule), codec.dumps(other.rule))
        if survey.is_inside(one, other):
            assert found in (Relation.SAME, Relation.INSIDE)
        said[relation] += 1
    assert said[Relation.OVERLAP] > said[Relation.UNDECIDED]
