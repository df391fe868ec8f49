"""Rules put together in the language of segments, kept within its limits."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.rules.codec import MAX_DEPTH, MAX_NODES
from apps.rules.kinds import MAX_TEXT

Rule = dict[str, Any]
NEGATIVE = frozenset({"is_not", "none_of", "has_none", "not_contains", "is_not_set"})


class Untranslatable(ValueError):
    """A condition that the rule language cannot say; the message tells why."""


def always() -> Rule:
    return {"all": []}


def never() -> Rule:
    return {"any": []}


def leaf(trait: str, op: str, value: object = None) -> Rule:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Untranslatable(f"it compares with a text of more than {MAX_TEXT} characters")
    return {"trait": trait, "op": op, **({} if value is None else {"value": value})}


def joined(word: str, parts: Iterable[Rule]) -> Rule:
    """Return all or any of the parts; a group within one of the same kind is opened."""
    flat: list[Rule] = []
    for part in parts:
        flat.extend(part.get(word, [part]))
    return flat[0] if len(flat) == 1 else {word: flat}


def folded(rule: Rule) -> Rule:
    """Return the rule without the parts that always or never hold."""
    if "trait" in rule:
        return rule
    if "not" in rule:
        inner = folded(rule["not"])
        return {"all": never(), "any": always()}.get(_constant(inner), negated(inner))
    word = "all" if "all" in rule else "any"
    parts = [folded(part) for part in rule[word]]
    settling = never() if word == "all" else always()
    return settling if settling in parts else joined(word, parts)


def _constant(rule: Rule) -> str:
    return next((word for word in ("all", "any") if rule == {word: []}), "")


def negated(rule: Rule) -> Rule:
    inner: Rule = rule.get("not", {"not": rule})
    return inner


def checked(rule: Rule) -> Rule:
    """Return the rule. Raises Untranslatable past the limits of the language."""
    if _depth(rule) > MAX_DEPTH:
        raise Untranslatable(f"it is nested deeper than {MAX_DEPTH} levels")
    if _size(rule) > MAX_NODES:
        raise Untranslatable(f"it has more than {MAX_NODES} conditions")
    return rule


def parts_of(rule: Mapping[str, Any]) -> list[Rule]:
    if "not" in rule:
        return [rule["not"]]
    found: list[Rule] = rule.get("all", rule.get("any", []))
    return found


def traits_of(rule: Mapping[str, Any]) -> set[str]:
    own = {rule["trait"]} if "trait" in rule else set()
    return own.union(*(traits_of(part) for part in parts_of(rule)))


def without(rule: Rule, missing: Iterable[str]) -> Rule:
    """Return the rule where these questions are never asked, so never answered."""
    if "trait" in rule:
        if not any(_reads(rule["trait"], key) for key in missing):
            return rule
        return always() if rule["op"] in NEGATIVE else never()
    if "not" in rule:
        return {"not": without(rule["not"], missing)}
    word = "all" if "all" in rule else "any"
    return {word: [without(part, missing) for part in rule[word]]}


def _reads(trait: str, key: str) -> bool:
    return trait == f"answer.{key}" or trait.startswith(f"answer.{key}.")


def _depth(rule: Mapping[str, Any]) -> int:
    return 1 + max((_depth(part) for part in parts_of(rule)), default=0)


def _size(rule: Mapping[str, Any]) -> int:
    return 1 + sum(_size(part) for part in parts_of(rule))
