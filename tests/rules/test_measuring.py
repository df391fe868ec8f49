"""Conditions on events read in one pass over the event table, as the engine reads many."""

import random
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F, Q

from apps.contacts.models import Event
from apps.rules import codec
from apps.rules.clock import Calendar, Clock
from apps.rules.errors import RuleError
from apps.rules.measuring import measure, qualifying, sufficient
from apps.rules.nodes import EventCondition
from apps.rules.verdict import holds
from tests.rules.population import CATALOGUE, NOW, populate
from tests.rules.random_rules import event

AT_ONCE = 12
CLOCK = Clock(NOW, Calendar(ZoneInfo("Europe/Lisbon")))


def condition(chance: random.Random) -> EventCondition:
    while True:
        try:
            leaf = codec.loads(event(chance), CATALOGUE)
        except RuleError:
            continue
        assert isinstance(leaf, EventCondition)
        return leaf


def in_one_pass(leaves: list[EventCondition]) -> dict[int, list[bool]]:
    """Return by contact whether each condition suffices: contacts without any event lack."""
    every = Event.objects.all()
    qualified = [qualifying(leaf, every, CLOCK) for leaf in leaves]
    rows = every.filter(Q(*qualified, _connector=Q.OR)).order_by().values("contact_id")
    for index, (leaf, qualifies) in enumerate(zip(leaves, qualified, strict=True)):
        rows = rows.annotate(**{f"measured_{index}": measure(leaf, qualifies)})
    for index, leaf in enumerate(leaves):
        enough = sufficient(leaf, F(f"measured_{index}"), CLOCK)
        rows = rows.annotate(**{f"enough_{index}": enough})
    return {
        row["contact_id"]: [bool(row[f"enough_{index}"]) for index in range(len(leaves))]
        for row in rows
    }


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_many_conditions_in_one_pass_say_what_each_says_of_a_contact_alone(seed: int) -> None:
    chance = random.Random(seed)
    people = populate(seed, 60).people
    held = 0
    for _ in range(6):
        leaves = [condition(chance) for _ in range(AT_ONCE)]
        found = in_one_pass(leaves)
        for person in people:
            alone = [holds(leaf, person.facts, now=NOW, calendar=CLOCK.calendar) for leaf in leaves]
            assert found.get(person.contact.pk, alone) == alone, list(map(codec.dumps, leaves))
            held += sum(found.get(person.contact.pk, []))
    assert held > 500
