import random
from datetime import UTC
from typing import Any

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.rules.verdict import holds
from tests.rules.population import CATALOGUE, NOW, populate
from tests.rules.test_differential import written


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"all": []}, "everybody"),
        ({"any": []}, "nobody"),
        ({"segment": "customers"}, "is in 'Customers'"),
        ({"not": {"segment": "customers"}}, "is not in 'Customers'"),
        ({"trait": "score", "op": "at_least", "value": 5}, "Score is at least 5"),
        ({"trait": "vip", "op": "is_true"}, "Vip is true"),
        ({"trait": "tier", "op": "is", "value": "gold"}, "Tier is gold"),
        ({"trait": "born", "op": "in_last", "value": "30d"}, "Born is in the last 30 days"),
        ({"trait": "born", "op": "in_period", "value": "this month"}, "Born is this month"),
        ({"trait": "born", "op": "in_period", "value": "yesterday"}, "Born is yesterday"),
        (
            {"trait": "born", "op": "anniversary_in_next", "value": "7d"},
            "Born has an anniversary in the next 7 days",
        ),
        (
            {"event": "visited", "last": {"op": "in_period", "value": "last_week"}},
            "the last visited was last week",
        ),
        ({"event": "visited"}, "did visited"),
        (
            {"event": "visited", "count": {"op": "at_least", "value": 2}, "within": "30d"},
            "did visited at least 2 times in the last 30 days",
        ),
    ],
)
def test_a_rule_reads_as_a_clause(rule: dict[str, Any], words: str) -> None:
    assert sentence(codec.loads(rule, CATALOGUE), CATALOGUE) == words


@pytest.mark.django_db
def test_rules_that_read_alike_mean_the_same() -> None:
    chance = random.Random(11)
    people = populate(11, 30).people
    said: dict[str, Rule] = {}
    repeated = 0
    for _ in range(3000):
        rule = written(chance)
        words = sentence(rule, CATALOGUE)
        assert words
        assert "{" not in words
        former = said.setdefault(words, rule)
        repeated += former != rule
        for person in people if former != rule else ():
            here = {"now": NOW, "calendar": Calendar(UTC)}
            assert holds(former, person.facts, **here) == holds(rule, person.facts, **here), words
    assert repeated > 20
