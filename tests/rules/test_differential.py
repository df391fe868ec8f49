"""The central test: what a rule says as a query it says in memory, for every shape of contact."""

import random
from datetime import UTC

import pytest

from apps.contacts.models import Contact
from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.errors import RuleError
from apps.rules.keys import keys
from apps.rules.nodes import Rule
from apps.rules.query import matching
from apps.rules.verdict import holds, judge
from tests.rules.population import CATALOGUE, NOW, Population, populate
from tests.rules.random_rules import random_calendar, random_moment, random_rule

RULES = 2400
ROUNDS = 8  # populations
SIZE = 60  # contacts in each


def written(chance: random.Random) -> Rule:
    """Return a rule that the codec takes: a pair drawn the wrong way round is drawn again."""
    while True:
        try:
            return codec.loads(random_rule(chance), CATALOGUE)
        except RuleError as error:
            assert error.code in {"wrong_shape", "wrong_type", "too_large"}, error


def by_query(rule: Rule, population: Population, now: object, calendar: Calendar) -> set[int]:
    condition = matching(rule, population, now=now, calendar=calendar)
    return set(Contact.objects.filter(condition).values_list("pk", flat=True))


def by_verdict(rule: Rule, population: Population, now: object, calendar: Calendar) -> set[int]:
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
    for _ in range(RULES // ROUNDS):
        rule = written(chance)
        now = chance.choice([NOW, random_moment(chance)])
        calendar = random_calendar(chance)
        found = by_query(rule, population, now, calendar)
        assert found == by_verdict(rule, population, now, calendar), codec.dumps(rule)
        assert everybody - found == by_query(
            codec.loads({"not": codec.dumps(rule)}, CATALOGUE), population, now, calendar
        )
        decided += found not in (set(), everybody)
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
