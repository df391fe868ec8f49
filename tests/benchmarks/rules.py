"""A hundred varied segments from a seeded generator: what marketers write, in its JSON form.

Five of them read `webinar_joined`, and nothing else does; no rule reads when a contact was
last seen, which every event moves. So an event of that name concerns exactly five segments.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apps.contacts import traits
from apps.rules import codec
from apps.rules.errors import RuleError
from tests.benchmarks.population import (
    CATEGORIES,
    CHANNELS,
    CONCERNS,
    COUNTRIES,
    INTERESTS,
    SEED,
    SKIN_TYPES,
    TOPICS,
)

Json = dict[str, Any]
HOW_MANY = 100
READ_BY_FIVE = "webinar_joined"
WINDOWS = ("3d", "7d", "10d", "14d", "21d", "30d", "45d", "60d", "90d", "100d", "120d", "180d")
EVENTS = ("page_viewed", "order_completed", "email_opened", "quiz_finished", "support_asked")
SOME_SUM = {"event": "order_completed", "sum": {"property": "total", "op": "at_least", "value": 1}}


def live_rules() -> dict[str, Json]:
    """Return the hundred rules by slug; each refers only to those before it."""
    chance = random.Random(SEED)
    found: dict[str, Json] = {}
    for number in range(HOW_MANY - 5):
        shape = SHAPES[number % len(SHAPES)]
        found[f"s{number:03}"] = {"all": list(shape(chance, list(found)))}
    return found | {f"w{number}": rule for number, rule in enumerate(of_webinars())}


def new_rules(how_many: int, *, seed: int) -> Iterator[Json]:
    """Yield rules that are nobody's yet: what a marketer types before saving."""
    chance = random.Random(seed)
    before = list(live_rules())[:60]
    for number in range(how_many):
        yield {"all": list(SHAPES[number % len(SHAPES)](chance, before))}


def of_webinars() -> list[Json]:
    joined: Json = {"event": READ_BY_FIVE}
    return [
        {"all": [joined, tier("hot")]},
        {"all": [{**joined, "within": "30d"}, {"trait": "newsletter", "op": "is_true"}]},
        {"all": [{**joined, "count": {"op": "at_least", "value": 2}}]},
        {"all": [{**joined, "last": {"op": "older_than", "value": "60d"}}]},
        {"all": [{**joined, "where": [where("topic", "is", TOPICS[0])]},
                 {"not": {"event": "order_completed", "within": "30d"}}]},
    ]  # fmt: skip


def tier(*keys: str) -> Json:
    return {"trait": "quiz.skin.tier", "op": "one_of", "value": list(keys)}


def where(name: str, op: str, value: object) -> Json:
    return {"property": name, "op": op, "value": value}


def of_profile(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield plan(chance)
    yield {"trait": "contact.country", "op": "one_of", "value": chance.sample(COUNTRIES, 3)}
    yield {"trait": "age", "op": "between", "value": sorted(chance.sample(range(18, 80), 2))}
    yield seldom(chance)


def of_quiz(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield tier(*chance.sample(["cold", "warm", "hot"], chance.randint(1, 2)))
    yield {
        "trait": "quiz.skin.answer.budget",
        "op": "at_least",
        "value": 10 * chance.randint(5, 18),
    }
    yield {"trait": "quiz.skin.answer.type", "op": "is", "value": chance.choice(SKIN_TYPES)}
    yield seldom(chance)


def of_orders(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield {
        "event": "order_completed",
        "where": [where("total", "at_least", 10 * chance.randint(5, 30))],
        "count": {"op": "at_least", "value": chance.randint(1, 2)},
        "within": chance.choice(WINDOWS[3:]),
    }
    yield plan(chance)


def of_spending(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield summed(chance)
    yield {"trait": "channel", "op": "one_of", "value": chance.sample(CHANNELS, 2)}
    yield seldom(chance)


def of_lapse(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield {
        "event": chance.choice(EVENTS),
        "last": {"op": "older_than", "value": chance.choice(WINDOWS[4:])},
    }
    yield {"not": {"event": "page_viewed", "within": chance.choice(WINDOWS[:5])}}
    yield {"trait": "score", "op": "at_least", "value": chance.randint(40, 90)}


def of_recency(chance: random.Random, _: list[str]) -> Iterator[Json]:
    name = chance.choice(EVENTS)
    yield {"event": name, "within": chance.choice(WINDOWS[1:6])}
    yield {
        "event": "order_completed",
        "where": [where("category", "is", chance.choice(CATEGORIES))],
        "count": {"op": "exactly", "value": 0},
        "within": chance.choice(WINDOWS),
    }
    yield {"trait": "interests", "op": "has_any", "value": chance.sample(INTERESTS, 2)}


def of_nesting(chance: random.Random, before: list[str]) -> Iterator[Json]:
    first, second = chance.sample(before, 2)
    yield {"any": [{"segment": first}, {"segment": second}]}
    yield {"not": {"segment": chance.choice(before)}}
    yield seldom(chance)


def of_trials(chance: random.Random, _: list[str]) -> Iterator[Json]:
    op = chance.choice(["in_next", "in_last"])
    yield {"trait": "trial_ends", "op": op, "value": chance.choice(WINDOWS[1:7])}
    yield {"trait": "vip", "op": chance.choice(["is_set", "is_not_set"])}
    yield seldom(chance)


def of_either(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield {"any": [
        {"event": "support_asked", "where": [{"property": "urgent", "op": "is_true"}],
         "within": chance.choice(WINDOWS[2:])},
        {"event": "deal_won", "where": [where("amount", "more_than", 100 * chance.randint(30, 90))]},
        {"all": [tier("hot"), {"trait": "contact.email", "op": "ends_with", "value": "@mail.example"}]},
    ]}  # fmt: skip
    yield {"not": {"trait": "quiz.skin.answer.concerns", "op": "has_any",
                   "value": chance.sample(CONCERNS, 2)}}  # fmt: skip


def of_words(chance: random.Random, _: list[str]) -> Iterator[Json]:
    yield {"trait": "company", "op": "contains", "value": f"Company {chance.randint(1, 9)}"}
    yield {"trait": "born", "op": "before", "value": f"{chance.randint(1970, 2000)}-01-01"}
    yield {
        "event": "order_completed",
        "first": {"op": "in_last", "value": chance.choice(WINDOWS[4:])},
    }


def plan(chance: random.Random) -> Json:
    if chance.random() < 0.3:
        return {"trait": "plan", "op": "is_not", "value": "free"}
    return {
        "trait": "plan",
        "op": "one_of",
        "value": chance.sample(["pro", "team", "enterprise"], 2),
    }


def seldom(chance: random.Random) -> Json:
    """Return a windowed condition with a number in it, so that few rules share theirs."""
    return {
        "event": chance.choice(EVENTS[:3]),
        "count": {"op": chance.choice(["at_least", "at_most"]), "value": chance.randint(1, 3)},
        "within": chance.choice(WINDOWS),
    }


def summed(chance: random.Random) -> Json:
    within = chance.choice(WINDOWS[3:])
    if not knows_sums():
        count = {"op": "at_least", "value": chance.randint(2, 3)}
        return {"event": "order_completed", "count": count, "within": within}
    enough = {"property": "total", "op": "at_least", "value": 50 * chance.randint(4, 14)}
    return {"event": "order_completed", "sum": enough, "within": within}


def windowed(rules: Iterable[Json]) -> list[Json]:
    """Return the distinct conditions that time alone can turn."""
    found = {json.dumps(leaf): leaf for rule in rules for leaf in leaves(rule) if _moves(leaf)}
    return list(found.values())


def leaves(rule: Json) -> Iterator[Json]:
    for parts in (rule.get("all"), rule.get("any"), [rule["not"]] if "not" in rule else None):
        for part in parts or ():
            yield from leaves(part)
    if rule.keys().isdisjoint({"all", "any", "not"}):
        yield rule


def _moves(leaf: Json) -> bool:
    return bool({"within", "first", "last"} & leaf.keys()) or leaf.get("trait") == "trial_ends"


def knows_sums() -> bool:
    try:
        codec.loads(SOME_SUM, traits.catalogue())
    except RuleError:
        return False
    return True


SHAPES: tuple[Callable[[random.Random, list[str]], Iterator[Json]], ...] = (
    of_profile,
    of_quiz,
    of_orders,
    of_spending,
    of_lapse,
    of_recency,
    of_trials,
    of_either,
    of_words,
    of_nesting,
)
