"""Rules tried out on single values: what an answer or a score would come to."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from apps.quizzes.importing.rules import Rule, parts_of

CENT = Decimal("0.01")
TWINS = {"is_not": "is", "none_of": "one_of", "is_not_set": "is_set"}


def holds(rule: Rule | None, facts: Mapping[str, Any]) -> bool:
    """Return whether a rule over choices, truths and numbers holds; without one, it does."""
    if rule is None:
        return True
    if "not" in rule:
        return not holds(rule["not"], facts)
    if "all" in rule:
        return all(holds(part, facts) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, facts) for part in rule["any"])
    return _leaf(rule["op"], facts.get(rule["trait"]), rule.get("value"))


def _leaf(op: str, value: Any, wanted: Any) -> bool:
    if op in TWINS:
        return not _leaf(TWINS[op], value, wanted)
    if value is None:
        return False
    match op:
        case "is_set":
            return True
        case "is_true" | "is_false":
            return value is (op == "is_true")
        case "one_of":
            return value in wanted
        case "less_than":
            return bool(value < wanted)
        case "at_most":
            return bool(value <= wanted)
        case "more_than":
            return bool(value > wanted)
        case "at_least":
            return bool(value >= wanted)
        case _:
            return bool(value == wanted)


def edges(rules: Iterable[Rule | None]) -> list[Decimal]:
    """Return the numbers, to two decimals, at which any of the rules may change its mind."""
    found: set[Decimal] = set()
    for rule in rules:
        for value in _numbers(rule):
            found |= {value, value + CENT}
    return sorted(found)


def _numbers(rule: Rule | None) -> Iterator[Decimal]:
    if rule is None:
        return
    value = rule.get("value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield Decimal(str(value)).quantize(CENT)
    for part in parts_of(rule):
        yield from _numbers(part)
