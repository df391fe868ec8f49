"""The central test: what a rule says as a query it says in memory, for every shape of contact."""

import json
import os
import random
from datetime import UTC, datetime

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.errors import RuleError
from apps.rules.keys import keys
from apps.rules.nodes import Not, Rule
from apps.rules.verdict import holds, judge
from tests.rules.asking import by_condition, by_query
from tests.rules.population import CATALOGUE, NOW, Population, populate
from tests.rules.random_rules import random_calendar, random_moment, random_rule

LONG = os.environ.get("DIFFERENTIAL") == "long"
RULES, ROUNDS, SIZE = (20_000, 20, 500) if LONG else (8000, 8, 60)  # contacts in each round
AT_ONCE = 25  # rules in one statement
ALONE = 0.25  # of them also asked by themselves


def written(chance: random.Random) -> Rule:
    """Return a rule that the codec takes: a pair drawn the wrong way round is drawn again."""
    while True:
        try:
            return codec.loads(random_rule(chance), CATALOGUE)
        except RuleError as error:
            assert error.code in {"wrong_shape", "wrong_type", "too_large"}, error


def by_verdict(rule: Rule, population: Population, now: datetime, calendar: Calendar) -> set[int]:
    return {
        person.contact.pk
        for person in population.people
        if holds(rule, person.facts, now=now, calendar=calendar)
    }


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_query_and_verdict_agree_for_every_contact(seed: int) -> None:
    chance = random.Random(seed)
    population = populate(seed, SIZE)
    everybody = {person.contact.pk for person in population.people}
    decided = 0
    for _ in range(RULES // ROUNDS // AT_ONCE):
        rules = [written(chance) for _ in range(AT_ONCE)]
        opposites = [Not(rule) for rule in rules]
        now = chance.choice([NOW, random_moment(chance)])
        here = {"now": now, "calendar": random_calendar(chance)}
        found = by_query([*rules, *opposites], population=population, **here)
        for rule, held, rest in zip(rules, found, found[AT_ONCE:], strict=False):
            assert held == by_verdict(rule, population, **here), codec.dumps(rule)
            assert rest == everybody - held, codec.dumps(rule)
            if chance.random() < ALONE:
                assert held == by_condition(rule, population=population, **here), rule
            assert codec.loads(json.dumps(codec.dumps(rule)), CATALOGUE) == rule
            decided += held not in (set(), everybody)
    assert decided > RULES // ROUNDS / 4  # the rules tell contacts apart


@pytest.mark.django_db
def test_the_reasons_agree_with_the_fast_path() -> None:
    chance = random.Random(99)
    population = populate(99, 30)
    for _ in range(400):
        rule = written(chance)
        now, calendar = random_moment(chance), random_calendar(chance)
        for person in population.people[:10]:
            verdict = judge(rule, person.facts, now=now, calendar=calendar)
            assert verdict.holds == holds(rule, person.facts, now=now, calendar=calendar)
            assert verdict.reason.holds == verdict.holds


def test_a_rule_written_and_read_is_the_same_rule() -> None:
    chance = random.Random(7)
    for _ in range(1000):
        rule = written(chance)
        assert codec.loads(codec.dumps(rule), CATALOGUE) == rule


@pytest.mark.django_db
def test_what_keys_do_not_name_is_not_read() -> None:
    """Facts outside the keys are taken away: nothing changes."""
    chance = random.Random(5)
    population = populate(5, 20)
    for _ in range(300):
        rule = written(chance)
        read = keys(rule)
        for person in population.people:
            facts = person.facts
            seen = type(facts)(
                traits={key: facts.traits[key] for key in read.traits & facts.traits.keys()},
                events={name: facts.events[name] for name in read.events & facts.events.keys()},
                segments=frozenset(facts.segments) & read.segments,
            )
            here = {"now": NOW, "calendar": Calendar(UTC)}
            assert holds(rule, seen, **here) == holds(rule, facts, **here)
