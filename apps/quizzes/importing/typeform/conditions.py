"""Typeform's conditions in our rule language."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.quizzes.definition import MANY, NUMBERS, ONE, Kind, plain
from apps.quizzes.importing.rules import (
    Rule,
    Untranslatable,
    always,
    checked,
    joined,
    leaf,
    negated,
    never,
)
from apps.quizzes.importing.typeform.asked import Asked, Option
from apps.quizzes.importing.values import mapping, number, text
from apps.rules.kinds import Kind as TraitKind
from apps.rules.kinds import KindError, canonical

NUMERIC = {
    "equal": "is",
    "is": "is",
    "not_equal": "is_not",
    "is_not": "is_not",
    "lower_than": "less_than",
    "lower_equal_than": "at_most",
    "greater_than": "more_than",
    "greater_equal_than": "at_least",
}
OF_TEXTS = {
    "equal": "is",
    "is": "is",
    "not_equal": "is_not",
    "is_not": "is_not",
    "begins_with": "starts_with",
    "ends_with": "ends_with",
    "contains": "contains",
    "not_contains": "not_contains",
}
DATED = {
    "on": ("on",),
    "is": ("on",),
    "equal": ("on",),
    "not_on": ("on",),
    "is_not": ("on",),
    "not_equal": ("on",),
    "earlier_than": ("before",),
    "earlier_than_or_on": ("before", "on"),
    "later_than": ("after",),
    "later_than_or_on": ("after", "on"),
}
NEGATIVE = frozenset({"is_not", "not_equal", "not_contains", "not_on"})
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "is": operator.eq,
    "equal": operator.eq,
    "begins_with": str.startswith,
    "ends_with": str.endswith,
    "contains": operator.contains,
}
POSITIVE = {"is_not": "is", "not_equal": "equal", "not_contains": "contains"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE})


@dataclass
class Conditions:
    """Translates conditions over these fields; raises Untranslatable with the reason."""

    asked: Mapping[str, Asked]  # by ref
    hidden: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, str] = field(default_factory=dict)

    def rule(self, condition: object) -> Rule | None:
        """Return the rule; None where it always holds."""
        found = checked(self.part(condition))
        return None if found == always() else found

    def part(self, condition: object) -> Rule:
        given = mapping(condition)
        op = text(given.get("op"))
        parts = given.get("vars")
        if op == "always":
            return always()
        if not isinstance(parts, list):
            raise Untranslatable("its condition has no members")
        if op in {"and", "or"}:
            return joined("all" if op == "and" else "any", [self.part(one) for one in parts])
        return self._leaf(op, [mapping(one) for one in parts])

    def _leaf(self, op: str, parts: list[dict[str, Any]]) -> Rule:
        if not parts or (len(parts) < 2 and op != "answered"):
            raise Untranslatable("its condition compares with nothing")
        subject = parts[0]
        name = text(subject.get("value"))
        value = parts[1] if len(parts) > 1 else {}
        if value.get("type") not in (None, "constant", "choice"):
            raise Untranslatable("it compares two answers with each other")
        match text(subject.get("type")):
            case "field":
                return self._of_field(op, name, value.get("value"))
            case "hidden":
                return self._of_hidden(op, name, value.get("value"))
            case "variable":
                return self._of_variable(op, name, value.get("value"))
            case other:
                raise Untranslatable(f"it reads a “{other}”")

    def _of_hidden(self, op: str, name: str, value: object) -> Rule:
        if name not in self.hidden:
            raise Untranslatable(f"it reads the hidden field “{name}”, which is not imported")
        return _text(f"hidden.{self.hidden[name]}", op, value)

    def _of_variable(self, op: str, name: str, value: object) -> Rule:
        if name not in self.scales:
            raise Untranslatable(f"it reads the variable “{name}”, which is not imported")
        return _number(f"score.{self.scales[name]}", op, value)

    def _of_field(self, op: str, ref: str, value: object) -> Rule:
        one = self.asked.get(ref)
        if one is not None and one.kind:
            return self._of_question(one, op, value)
        for other in self.asked.values():
            if ref in other.parts:
                return _text(f"answer.{other.key}.{other.parts[ref]}", op, value)
            row = next((row for row in other.rows if row.ref == ref and ref), None)
            if row is not None:
                return _cell(other, row, op, value)
        raise Untranslatable(f"it reads the field “{ref}”, which is not imported")

    def _of_question(self, one: Asked, op: str, value: object) -> Rule:
        trait = f"answer.{one.key}"
        kind = Kind(one.kind)
        if kind is Kind.STATEMENT:
            raise Untranslatable("it reads a statement, to which nothing is answered")
        if op == "answered":
            return _answered(one, trait)
        if kind in NUMBERS:
            return _number(trait, op, value)
        if kind in ONE:
            return _choice(trait, op, matching(one, op, value))
        if kind in MANY:
            return _choices(trait, op, matching(one, op, value))
        if kind in {Kind.YES_NO, Kind.CONSENT}:
            return _truth(trait, op, value)
        if kind is Kind.DATE:
            return _date(trait, op, value)
        if kind in TEXTS:
            return _text(trait, op, value)
        raise Untranslatable(f"a question of the kind {kind} cannot be compared")


def matching(one: Asked, op: str, value: object) -> list[str]:
    """Return the keys of the choices that a condition means, or those it excludes."""
    if value is True or value is False:  # yes and no that became two choices
        value = "Yes" if value else "No"
    named = one.option(value)
    if op in {"is", "equal", "is_not", "not_equal"}:
        if named is None:
            raise Untranslatable(f"the choice “{text(value)}” is not offered")
        return [named.key]
    test = MATCHES.get(POSITIVE.get(op, op))
    if test is None:
        raise Untranslatable(f"choices are not compared by “{op}”")
    if named is not None and named.ref == text(value) and op in {"contains", "not_contains"}:
        return [named.key]
    wanted = text(value).casefold()
    return [option.key for option in one.options if test(option.label.casefold(), wanted)]


def _choice(trait: str, op: str, keys: list[str]) -> Rule:
    negative = op in NEGATIVE
    if not keys:
        return always() if negative else never()
    if len(keys) == 1:
        return leaf(trait, "is_not" if negative else "is", keys[0])
    return leaf(trait, "none_of" if negative else "one_of", keys)


def _choices(trait: str, op: str, keys: list[str]) -> Rule:
    """Return the rule; on several choices “is” means that it is among them."""
    negative = op in NEGATIVE
    if not keys:
        return always() if negative else never()
    return leaf(trait, "has_none" if negative else "has_any", keys)


def _cell(one: Asked, row: Option, op: str, value: object) -> Rule:
    trait = f"answer.{one.key}.{row.key}"
    if op == "answered":
        return leaf(trait, "is_set")
    column = one.columns.get(row.key, {}).get(text(value))
    if column is None or op not in {"is", "is_not", "equal", "not_equal"}:
        raise Untranslatable(f"the column “{text(value)}” is not offered")
    return _choice(trait, op, [column])


def _answered(one: Asked, trait: str) -> Rule:
    if one.kind == Kind.CONTACT:
        return joined("any", [leaf(f"{trait}.{name}", "is_set") for name in one.spec["fields"]])
    if one.kind == Kind.MATRIX:
        return joined("any", [leaf(f"{trait}.{row.key}", "is_set") for row in one.rows])
    return leaf(trait, "is_set")


def _truth(trait: str, op: str, value: object) -> Rule:
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        value = value.casefold() == "true"
    if not isinstance(value, bool) or op not in {"is", "equal", "is_not", "not_equal"}:
        raise Untranslatable("yes or no is compared with something else")
    found = leaf(trait, "is_true" if value else "is_false")
    return negated(found) if op in NEGATIVE else found


def _number(trait: str, op: str, value: object) -> Rule:
    wanted = Decimal(value.strip()) if isinstance(value, str) and _is_number(value) else value
    if number(wanted) is None or op not in NUMERIC:
        raise Untranslatable("a number is compared with something else")
    return leaf(trait, NUMERIC[op], plain(Decimal(str(wanted))))


def _is_number(value: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", value.strip()))


def _text(trait: str, op: str, value: object) -> Rule:
    if op == "answered":
        return leaf(trait, "is_set")
    if op not in OF_TEXTS or isinstance(value, bool):
        raise Untranslatable(f"a text is not compared by “{op}”")
    wanted = text(value)
    if not wanted:  # with nothing: it holds, or not, for whatever was said
        exact = OF_TEXTS[op] in {"is", "is_not"}
        negative = op in NEGATIVE
        return leaf(trait, "is_not_set" if exact is not negative else "is_set")
    return leaf(trait, OF_TEXTS[op], wanted)


def _date(trait: str, op: str, value: object) -> Rule:
    day = text(value)[:10]
    if op not in DATED or not DAY.fullmatch(day):
        raise Untranslatable(f"a date is not compared by “{op}” with “{text(value)}”")
    try:
        canonical(TraitKind.DATE, day)
    except KindError:
        raise Untranslatable(f"“{day}” is no date") from None
    found = joined("any", [leaf(trait, one, day) for one in DATED[op]])
    return negated(found) if op in NEGATIVE else found
