"""The difference of two rules names every condition that came or went, and nothing else."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from apps.rules import codec
from apps.rules.differing import Added, Changed, Regrouped, Removed, differences, in_words
from apps.rules.keys import leaves
from apps.rules.nodes import All, Leaf, Not, Rule
from apps.rules.nodes import Any as AnyOf
from apps.rules.prose import sentence
from tests.rules.population import CATALOGUE
from tests.rules.random_rules import leaf as random_leaf
from tests.rules.random_rules import random_rule

PRO = {"trait": "plan", "op": "is", "value": "pro"}
BASIC = {"trait": "plan", "op": "is", "value": "basic"}


def read(data: object) -> Rule:
    return codec.loads(data, CATALOGUE)


def bought(days: int, times: int = 2) -> dict[str, object]:
    return {
        "event": "order_completed",
        "count": {"op": "at_least", "value": times},
        "within": f"{days}d",
    }


BOUGHT = "bought at least"


def told(before: object, after: object) -> list[str]:
    return [in_words(found, CATALOGUE) for found in differences(read(before), read(after))]


def counted(rules: Iterable[Rule]) -> Counter[Leaf]:
    return Counter(leaf for rule in rules for leaf in leaves(rule))


def edited(data: dict[str, object], chance: random.Random) -> dict[str, object]:
    """Return the rule after an edit or two somewhere in it."""
    if chance.random() < 0.3:
        return random_leaf(chance)
    for name in ("all", "any"):
        if isinstance(parts := data.get(name), list):
            kept = [edited(part, chance) if chance.random() < 0.4 else part for part in parts]
            chance.shuffle(kept)
            more = [random_leaf(chance)] if chance.random() < 0.4 else []
            return {chance.choice([name, name, "all", "any"]): [*kept, *more]}
    if isinstance(part := data.get("not"), dict):
        return {"not": edited(part, chance)} if chance.random() < 0.7 else part
    return data


def shuffled(rule: Rule, chance: random.Random) -> Rule:
    match rule:
        case All(rules) | AnyOf(rules):
            parts = [shuffled(part, chance) for part in rules]
            chance.shuffle(parts)
            return type(rule)(tuple(parts))
        case Not(part):
            return Not(shuffled(part, chance))
        case _:
            return rule


@pytest.mark.parametrize("seed", range(400))
def test_every_condition_that_came_or_went_is_named_once(seed: int) -> None:
    chance = random.Random(seed)
    data = random_rule(chance, depth=4)
    before = read(data)
    after = read(edited(data, chance) if seed % 3 else random_rule(chance, depth=4))
    found = differences(before, after)
    come = [one.rule for one in found if isinstance(one, Added)]
    gone = [one.rule for one in found if isinstance(one, Removed)]
    come += [one.after for one in found if isinstance(one, Changed)]
    gone += [one.before for one in found if isinstance(one, Changed)]
    assert counted([before, *come]) == counted([after, *gone])
    assert counted(come) - counted([after]) == Counter()
    assert counted(gone) - counted([before]) == Counter()
    for one in found:
        assert in_words(one, CATALOGUE)
        if isinstance(one, Changed):
            assert sentence(one.after, CATALOGUE) in in_words(one, CATALOGUE)


@pytest.mark.parametrize("seed", range(200))
def test_another_order_is_no_difference_and_another_meaning_is_one(seed: int) -> None:
    chance = random.Random(seed)
    rule = read(random_rule(chance, depth=4))
    assert differences(rule, shuffled(rule, chance)) == []
    assert differences(rule, All((rule,))) == []
    other = read(random_rule(chance, depth=4))
    if not differences(rule, other):  # then they say the same, word by word
        words = (sorted(sentence(one, CATALOGUE).split()) for one in (rule, other))
        assert next(words) == next(words)


@pytest.mark.parametrize("seed", range(100))
def test_a_group_that_changed_is_named_where_no_condition_did(seed: int) -> None:
    chance = random.Random(seed)
    parts = tuple(read(random_leaf(chance)) for _ in range(3))
    [found] = differences(All(parts), AnyOf(parts))
    assert found == Regrouped(All(parts), AnyOf(parts))
    assert differences(Not(All(parts)), Not(AnyOf(parts))) == [found]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (bought(30), bought(60), [f"{BOUGHT} 2 times in the last 60 days instead of 30 days"]),
        (bought(30, 2), bought(30, 3),
         [f"{BOUGHT} 3 times in the last 30 days instead of 2 times"]),
        ({"all": [bought(30)]}, {"all": [PRO, bought(30)]}, ["added: Plan is 'pro'"]),
        ({"all": [PRO, bought(30)]}, bought(30), ["removed: Plan is 'pro'"]),
        (PRO, BASIC, ["Plan is 'basic' instead of 'pro'"]),
        (PRO, {"not": PRO}, ["Plan is not 'pro' instead of Plan is 'pro'"]),
        (PRO, {"segment": "customers"}, ["removed: Plan is 'pro'", "added: is in 'Customers'"]),
        ({"all": []}, PRO, ["added: Plan is 'pro'"]),
        (PRO, PRO, []),
    ],
)  # fmt: skip
def test_differences_read_as_a_marketer_would_say_them(
    before: object, after: object, words: list[str]
) -> None:
    assert told(before, after) == words
