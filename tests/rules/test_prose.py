import random
from datetime import UTC
from typing import Any

import pytest

from apps.rules import codec
from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.clock import Calendar
from apps.rules.holding import holds_where
from apps.rules.kinds import Kind
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.rules.verdict import holds
from tests.rules.population import CATALOGUE, NOW, populate
from tests.rules.test_differential import written

Json = dict[str, Any]


PRO: Json = {"trait": "plan", "op": "is", "value": "pro"}
GOLD: Json = {"trait": "tier", "op": "is", "value": "gold"}
VIP: Json = {"trait": "vip", "op": "is_true"}
CUSTOMER: Json = {"segment": "customers"}


def bought(**asked: Any) -> Json:
    return {"event": "order_completed", **asked}


def viewed(**asked: Any) -> Json:
    return {"event": "page_viewed", **asked}


def total(op: str, *value: Any) -> Json:
    return {"property": "total", "op": op, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"all": []}, "everybody"),
        ({"any": []}, "nobody"),
        (CUSTOMER, "is in 'Customers'"),
        ({"not": CUSTOMER}, "is not in 'Customers'"),
        ({"trait": "score", "op": "at_least", "value": 5}, "Score is at least 5"),
        ({"trait": "score", "op": "is", "value": 2.50}, "Score is 2.5"),
        ({"trait": "score", "op": "is", "value": 0.0000125}, "Score is 0.0000125"),
        ({"trait": "score", "op": "none_of", "value": [1, 2]}, "Score is neither 1 nor 2"),
        ({"trait": "born", "op": "in_period", "value": "this month"}, "Born is this month"),
        ({"trait": "born", "op": "in_period", "value": "last week"}, "Born is last week"),
        (
            {"trait": "born", "op": "anniversary_in_next", "value": "7d"},
            "Born has an anniversary in the next 7 days",
        ),
        (
            bought(last={"op": "in_period", "value": "last_week"}),
            "the last purchase was last week",
        ),
        (VIP, "Vip is true"),
        (GOLD, "Tier is gold"),
        ({"not": GOLD}, "Tier is not gold"),
        (
            {"not": {"trait": "plan", "op": "starts_with", "value": "p"}},
            "Plan does not start with 'p'",
        ),
        ({"trait": "tags", "op": "has_all", "value": ["gold"]}, "Tags has gold"),
        ({"trait": "born", "op": "in_last", "value": "30d"}, "Born is in the last 30 days"),
        ({"trait": "born", "op": "in_last", "value": "1w"}, "Born is in the last 7 days"),
        ({"trait": "born", "op": "in_last", "value": "1h"}, "Born is in the last hour"),
        ({"all": [PRO, bought(), {"not": GOLD}]}, "Plan is 'pro' and bought, unless Tier is gold"),
        (
            {"all": [PRO, {"not": {"any": [GOLD, CUSTOMER]}}]},
            "Plan is 'pro', unless Tier is gold or is in 'Customers'",
        ),
        ({"all": [PRO, {"not": CUSTOMER}]}, "Plan is 'pro' and is not in 'Customers'"),
        (
            {"all": [VIP, {"not": {"all": [PRO, {"not": GOLD}]}}]},
            "Vip is true, unless (Plan is 'pro', unless Tier is gold)",
        ),
        ({"not": {"any": [PRO, CUSTOMER]}}, "Plan is not 'pro' and is not in 'Customers'"),
        ({"any": [{"all": [PRO, VIP]}, GOLD]}, "(Plan is 'pro' and Vip is true) or Tier is gold"),
        (bought(), "bought"),
        ({"event": "demo_booked"}, "did demo_booked"),
        ({"event": "demo booked"}, "did 'demo booked'"),
        ({"not": bought()}, "never bought"),
        ({"not": bought(within="90d")}, "did not buy in the last 90 days"),
        (
            bought(count={"op": "at_least", "value": 2}, within="30d"),
            "bought at least 2 times in the last 30 days",
        ),
        ({"not": bought(count={"op": "at_least", "value": 2})}, "bought at most once"),
        (bought(count={"op": "exactly", "value": 0}), "never bought"),
        (
            bought(last={"op": "older_than", "value": "60d"}),
            "the last purchase was more than 60 days ago",
        ),
        (bought(first={"op": "is_set"}), "bought"),
        (
            bought(where=[total("at_least", 100)]),
            "bought (where total is at least 100)",
        ),
        (
            bought(sum=total("at_least", 500), within="90d"),
            "the sum of total of purchases in the last 90 days is at least 500",
        ),
        (
            {"not": bought(sum=total("at_least", 500))},
            "the sum of total of purchases is less than 500",
        ),
        (bought(max=total("more_than", 9.5)), "the highest total of purchases is more than 9.5"),
        (
            {"not": bought(min=total("at_least", 5))},
            "the lowest total of purchases is not at least 5",
        ),
        (
            viewed(then=bought(within="2d")),
            "viewed a page and then bought within 2 days",
        ),
        (
            viewed(then=bought(where=[total("is", 1)]), count={"op": "at_least", "value": 3}),
            "viewed a page (followed by a purchase (where total is 1)) at least 3 times",
        ),
    ],
)
def test_a_rule_reads_as_a_clause(rule: Json, words: str) -> None:
    assert sentence(codec.loads(rule, CATALOGUE), CATALOGUE) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"trait": "plan", "op": "is", "value": "a' or 'b"},
            {"trait": "plan", "op": "one_of", "value": ["a", "b"]},
        ),
        (bought(within="1d"), {"event": "bought in the last day"}),
        ({"event": "a at least 2 times"}, {"event": "a", "count": {"op": "at_least", "value": 2}}),
        (
            viewed(where=[{"property": "a", "op": "is_true"}, {"property": "b", "op": "is_true"}]),
            viewed(where=[{"property": "a is true, and b", "op": "is_true"}]),
        ),
        (bought(last={"op": "is_set"}), {"event": "purchase", "last": {"op": "is_set"}}),
        (
            bought(last={"op": "in_last", "value": "1d"}),
            {"event": "purchase", "last": {"op": "in_last", "value": "1d"}},
        ),
        (viewed(then=bought()), {"all": [viewed(), bought()]}),
        (viewed(then=bought(within="2d")), viewed(then=bought(), within="2d")),
        (bought(sum=total("at_least", 0)), bought(max=total("at_least", 0))),
    ],
)
def test_what_was_named_to_mislead_reads_differently(one: Json, other: Json) -> None:
    said = [sentence(codec.loads(rule, CATALOGUE), CATALOGUE) for rule in (one, other)]
    assert said[0] != said[1]


def test_names_that_are_shared_are_told_apart_by_their_keys() -> None:
    traits = {key: TraitSpec(key, "Plan", Kind.TEXT) for key in ("plan", "crm.plan")}
    known = Catalogue(traits, {"cold": "Cold", "cold-2": "Cold"})
    rules = [{"trait": key, "op": "is_set"} for key in traits] + [
        {"segment": slug} for slug in known.segments
    ]
    assert [sentence(codec.loads(rule, known), known) for rule in rules] == [
        "Plan [plan] is known",
        "Plan [crm.plan] is known",
        "is in 'Cold' [cold]",
        "is in 'Cold' [cold-2]",
    ]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Skin type", "Skin type is known"),
        ("Tier of 'Are you ready, or not?'", "Tier of 'Are you ready, or not?' is known"),
        ("How old are you?", "'How old are you?' is known"),
        ("Plan is known or Tier", "'Plan is known or Tier' is known"),
        ("What's up", '"What\'s up" is known'),
    ],
)
def test_a_label_stands_in_quotes_where_it_could_be_read_as_more(label: str, said: str) -> None:
    known = Catalogue({"x": TraitSpec("x", label, Kind.TEXT)})
    assert sentence(codec.loads({"trait": "x", "op": "is_set"}, known), known) == said


def tree(chance: random.Random, depth: int) -> Json:
    draw = chance.random()
    if depth == 0 or draw < 0.3:
        return chance.choice([PRO, GOLD, CUSTOMER, bought()])
    if draw < 0.6:
        return {"not": tree(chance, depth - 1)}
    parts = [tree(chance, depth - 1) for _ in range(chance.choice([1, 2, 2, 3]))]
    return {chance.choice(["all", "any"]): parts}


def test_groups_that_read_alike_have_one_truth_table() -> None:
    chance = random.Random(12)
    leaves = [codec.loads(leaf, CATALOGUE) for leaf in (PRO, GOLD, CUSTOMER, bought())]
    said: dict[str, tuple[bool, ...]] = {}
    repeated = 0
    for _ in range(6000):
        rule = codec.loads(tree(chance, 4), CATALOGUE)
        table = tuple(
            holds_where(rule, lambda leaf, true=true: bool(true >> leaves.index(leaf) & 1))
            for true in range(16)
        )
        words = sentence(rule, CATALOGUE)
        repeated += words in said
        assert said.setdefault(words, table) == table, words
    assert repeated > 1000


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
