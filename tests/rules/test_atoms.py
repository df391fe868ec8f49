"""Many rules in one statement: each contact's outcome is what memory says, rule by rule."""

import random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from apps.contacts.models import Contact, Event
from apps.rules import codec
from apps.rules.atoms import Table, combined, table
from apps.rules.clock import Calendar, Clock
from apps.rules.keys import leaves
from apps.rules.nodes import Rule, SegmentCondition
from tests.rules.population import NOW, populate
from tests.rules.random_rules import random_calendar, random_moment
from tests.rules.test_differential import by_verdict, written

pytestmark = pytest.mark.django_db


def outcomes(rules: list[Rule], found: Table) -> list[tuple[object, ...]]:
    """Return a row for each contact: its id, then whether each rule holds."""
    columns = ", ".join(combined(rule, found.columns) for rule in rules)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {columns} FROM ({found.sql}) AS found", found.params)
        return cursor.fetchall()


def of_facts(chance: random.Random) -> Rule:
    """Return a rule that refers to no segment."""
    while True:
        rule = written(chance)
        if not any(isinstance(leaf, SegmentCondition) for leaf in leaves(rule)):
            return rule


@pytest.mark.parametrize("seed", range(4))
def test_rules_side_by_side_say_what_memory_says_of_each(seed: int) -> None:
    chance = random.Random(seed)
    population = populate(seed, 60)
    for _ in range(10):
        now, calendar = chance.choice([NOW, random_moment(chance)]), random_calendar(chance)
        rules = [of_facts(chance) for _ in range(25)]
        found = table(
            [leaf for rule in rules for leaf in leaves(rule)],
            contacts=Contact.objects.all(),
            events=Event.objects.all(),
            clock=Clock(now, calendar),
        )
        rows = outcomes(rules, found)
        for place, rule in enumerate(rules, start=1):
            assert {row[place] for row in rows} <= {True, False}  # never NULL
            holding = {row[0] for row in rows if row[place]}
            assert holding == by_verdict(rule, population, now, calendar), codec.dumps(rule)


def test_a_condition_that_many_rules_share_stands_in_the_statement_once() -> None:
    atoms = list(leaves(of_facts(random.Random(3))))
    arguments = {
        "contacts": Contact.objects.all(),
        "events": Event.objects.all(),
        "clock": Clock(NOW, Calendar(ZoneInfo("UTC"))),
    }
    assert table(atoms * 5, **arguments) == table(atoms, **arguments)
