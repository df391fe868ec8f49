"""How fast rules are judged in memory, beside the engines others use for it.

Fifty rules of 288 conditions over twenty traits that every contact has, so that no engine
has to guess at a missing value; texts in lower case, for those that tell case apart. Each
engine gets the rules and the contacts in its own form beforehand, and all must agree.
"""

import importlib
import random
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.rules import codec
from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.clock import Calendar, Clock
from apps.rules.compiling import Compiled
from apps.rules.facts import Facts
from apps.rules.kinds import Kind
from apps.rules.verdict import holds

SEED = 7
SIZES = [5] * 12 + [6] * 38  # conditions of each rule
WORDS = ("pro", "free", "basic", "team", "gold", "silver", "cold", "warm", "hot", "spain")
TRAITS = {
    **{f"text{number}": Kind.TEXT for number in range(8)},
    **{f"number{number}": Kind.NUMBER for number in range(8)},
    **{f"flag{number}": Kind.BOOLEAN for number in range(4)},
}
CATALOGUE = Catalogue({key: TraitSpec(key, key, kind) for key, kind in TRAITS.items()})
OPERATORS = {
    Kind.TEXT: ("is", "is_not", "one_of", "contains"),
    Kind.NUMBER: ("at_least", "at_most", "more_than", "less_than"),
    Kind.BOOLEAN: ("is_true", "is_false"),
}
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOCK = Clock(NOW, Calendar(UTC))

Json = dict[str, Any]
Traits = Mapping[str, Any]
Engine = Callable[[Traits], list[bool]]  # a contact in the engine's form: the rules that hold


def rates(*, contacts: int = 200, rounds: int = 5) -> dict[str, float]:
    """Return the rules judged a second by each engine: medians of interleaved rounds."""
    chance = random.Random(SEED)
    rules = [_rule(chance, size) for size in SIZES]
    people = [_traits(chance) for _ in range(contacts)]
    engines = {name: make(rules, people) for name, make in ENGINES.items()}
    _agree(engines)
    found: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, (judge, seen) in engines.items():
            started = time.perf_counter()
            for one in seen:
                judge(one)
            found[name].append(len(seen) * len(rules) / (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in found.items()}


def _agree(engines: Mapping[str, tuple[Callable[[Any], Any], list[Any]]]) -> None:
    outcomes = {
        name: [[bool(getattr(one, "holds", one)) for one in judge(person)] for person in seen]
        for name, (judge, seen) in engines.items()
    }
    expected = outcomes["tree walk"]
    for name, found in outcomes.items():
        assert found == expected, f"{name} does not agree"


def _rule(chance: random.Random, conditions: int) -> Json:
    if conditions == 1:
        return _condition(chance)
    left = conditions // 2
    parts = [left, conditions - left] if conditions > 3 else [1] * conditions
    return {chance.choice(["all", "any"]): [_rule(chance, part) for part in parts]}


def _condition(chance: random.Random) -> Json:
    key, kind = chance.choice(list(TRAITS.items()))
    op = chance.choice(OPERATORS[kind])
    if kind is Kind.BOOLEAN:
        return {"trait": key, "op": op}
    if kind is Kind.NUMBER:
        return {"trait": key, "op": op, "value": chance.randint(0, 100)}
    word = chance.choice(WORDS)
    values = {"one_of": chance.sample(WORDS, 3), "contains": word[:3]}
    return {"trait": key, "op": op, "value": values.get(op, word)}


def _traits(chance: random.Random) -> Traits:
    values = {
        Kind.TEXT: lambda: chance.choice(WORDS),
        Kind.NUMBER: lambda: chance.randint(0, 100),
        Kind.BOOLEAN: lambda: chance.random() < 0.5,
    }
    return {key: values[kind]() for key, kind in TRAITS.items()}


def _compiled(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    return _ours(rules).outcomes(CLOCK), [Facts(traits) for traits in people]


def _reasons(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    return _ours(rules).verdicts(CLOCK), [Facts(traits) for traits in people]


def _ours(rules: list[Json]) -> Compiled:
    return Compiled((str(n), codec.loads(rule, CATALOGUE)) for n, rule in enumerate(rules))


def _tree_walk(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    read = [codec.loads(rule, CATALOGUE) for rule in rules]

    def judge(facts: Facts) -> list[bool]:
        return [holds(rule, facts, now=NOW, calendar=CLOCK.calendar) for rule in read]

    return judge, [Facts(traits) for traits in people]


def _flagsmith(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    matches = importlib.import_module("flag_engine.segments.evaluator").is_context_in_segment
    segments = [
        {"key": str(n), "name": str(n), "rules": [_flagsmith_rule(rule)]}
        for n, rule in enumerate(rules)
    ]
    contexts = [
        {
            "environment": {"key": "e", "name": "e"},
            "identity": {"identifier": "i", "key": "i", "traits": dict(traits)},
        }
        for traits in people
    ]
    return lambda context: [matches(context, segment) for segment in segments], contexts


def _flagsmith_rule(rule: Json) -> Json:
    for word, kind in (("all", "ALL"), ("any", "ANY")):
        if word in rule:
            groups = [part for part in rule[word] if "trait" not in part]
            return _flagsmith_group(kind, rule[word], groups)
    return {"type": "ALL", "conditions": [_flagsmith_condition(rule)]}


def _flagsmith_group(kind: str, parts: list[Json], groups: list[Json]) -> Json:
    """Write a group; an engine that joins its conditions and its groups by `and` gets one kind."""
    if not groups:
        return {"type": kind, "conditions": [_flagsmith_condition(part) for part in parts]}
    return {"type": kind, "rules": [_flagsmith_rule(part) for part in parts]}


def _flagsmith_condition(rule: Json) -> Json:
    operators = {
        "is": "EQUAL", "is_not": "NOT_EQUAL", "one_of": "IN", "contains": "CONTAINS",
        "at_least": "GREATER_THAN_INCLUSIVE", "at_most": "LESS_THAN_INCLUSIVE",
        "more_than": "GREATER_THAN", "less_than": "LESS_THAN",
        "is_true": "EQUAL", "is_false": "EQUAL",
    }  # fmt: skip
    value = rule.get("value", str(rule["op"] == "is_true").lower())
    listed = ",".join(value) if isinstance(value, list) else str(value)
    return {"property": rule["trait"], "operator": operators[rule["op"]], "value": listed}


def _rule_engine(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    make = importlib.import_module("rule_engine").Rule
    read = [make(_rule_engine_text(rule)) for rule in rules]
    return lambda traits: [rule.matches(traits) for rule in read], list(people)


def _rule_engine_text(rule: Json) -> str:
    for word, joint in (("all", " and "), ("any", " or ")):
        if word in rule:
            return f"({joint.join(map(_rule_engine_text, rule[word]))})"
    forms = {
        "is": "{0} == {1}", "is_not": "{0} != {1}", "one_of": "{0} in {1}",
        "contains": "{1} in {0}", "at_least": "{0} >= {1}", "at_most": "{0} <= {1}",
        "more_than": "{0} > {1}", "less_than": "{0} < {1}",
        "is_true": "{0} == true", "is_false": "{0} == false",
    }  # fmt: skip
    return forms[rule["op"]].format(rule["trait"], repr(rule.get("value")))


def _posthog(rules: list[Json], people: list[Traits]) -> tuple[Any, list[Any]]:
    matches = importlib.import_module("posthog.feature_flags").match_property_group
    groups = [_posthog_group(rule) for rule in rules]
    return lambda traits: [matches(group, traits, {}) for group in groups], list(people)


def _posthog_group(rule: Json) -> Json:
    for word, kind in (("all", "AND"), ("any", "OR")):
        if word in rule:
            return {"type": kind, "values": [_posthog_group(part) for part in rule[word]]}
    operators = {
        "is": "exact", "is_not": "is_not", "one_of": "exact", "contains": "icontains",
        "at_least": "gte", "at_most": "lte", "more_than": "gt", "less_than": "lt",
        "is_true": "exact", "is_false": "exact",
    }  # fmt: skip
    value = rule.get("value", rule["op"] == "is_true")
    return {"key": rule["trait"], "operator": operators[rule["op"]], "value": value}


ENGINES: Mapping[str, Callable[[list[Json], list[Traits]], tuple[Any, list[Any]]]] = {
    "compiled": _compiled,
    "compiled, with reasons": _reasons,
    "tree walk": _tree_walk,
    "flagsmith-flag-engine": _flagsmith,
    "rule-engine": _rule_engine,
    "posthog": _posthog,
}
