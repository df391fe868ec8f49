"""Conditions on events read in one pass over the event table, as the engine reads many."""

import json
import random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F, Q

from apps.contacts.models import Contact, Event
from apps.rules import codec
from apps.rules.clock import Calendar, Clock
from apps.rules.errors import RuleError
from apps.rules.exact import Exact, sortable, total
from apps.rules.json_values import Addends, ExactSum
from apps.rules.kinds import stored_number
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


CENTS = [
    f"{sign}{whole}.{cent:02d}" for sign in ("", "-") for whole in (0, 19) for cent in range(100)
]
EDGES = [
    "0", "-0.0", "0.01", "-0.01", "0.005", "1e-05", "5e-324", "-5e-324", "0.30000000000000004",
    "99999999.99", "99999999.990000010", "100000000", "100000000.01", "-100000001",
    "4503599627370.5", "1000000000000000", "-1000000000000000", "1000000000000001",
    "9223372036854775808", "1e300",
    "12.340000000000002", "12.34", "1.1e1", "150e-2", "true", "null", '"7"', "[1]",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["total", 'in "euros"'])
@pytest.mark.parametrize("seed", range(3))
def test_a_sum_is_what_the_numbers_add_up_to_as_they_are_written(seed: int, key: str) -> None:
    chance = random.Random(seed)
    written = [*CENTS, *EDGES, *(repr(chance.uniform(-1e9, 1e9)) for _ in range(100))]
    written += [repr(round(chance.uniform(-1e9, 1e9), chance.randint(0, 6))) for _ in range(300)]
    groups = [chance.choices(written, k=chance.randint(1, 4)) for _ in range(400)]
    groups += [[one] for one in EDGES]
    people = Contact.objects.bulk_create(Contact() for _ in groups)
    Event.objects.bulk_create(
        Event(
            contact=person,
            name="bought",
            occurred_at=NOW,
            message_id=f"{person.pk}-{at}",
            properties={key: json.loads(number)},
        )
        for person, numbers in zip(people, groups, strict=True)
        for at, number in enumerate(numbers)
    )
    rows = Event.objects.order_by().values("contact_id")
    summed = rows.annotate(sum=ExactSum(Addends(F("properties"), key=key)))
    found = {row["contact_id"]: row["sum"] for row in summed}
    for person, numbers in zip(people, groups, strict=True):
        read = [stored_number(json.loads(number)) for number in numbers]
        addends = [number for number in read if number is not None]
        assert found[person.pk] == (comparable(total(addends)) if addends else None), numbers


def comparable(number: Exact) -> Exact | str:
    return sortable(number) if connection.vendor == "sqlite" else number
