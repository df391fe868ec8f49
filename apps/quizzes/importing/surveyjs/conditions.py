"""SurveyJS conditions in our rule language, with its loose equality: 5 and "5" are alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

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
from apps.quizzes.importing.surveyjs.asked import Asked, Option, Survey, worth
from apps.quizzes.importing.surveyjs.expressions import Call, Constant, Name, Node, parsed
from apps.quizzes.importing.values import number

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
NUMERIC = {
    "=": "is",
    "<>": "is_not",
    "<": "less_than",
    "<=": "at_most",
    ">": "more_than",
    ">=": "at_least",
}
OF_TEXTS = {"=": "is", "<>": "is_not", "contains": "contains", "notcontains": "not_contains"}
DATED = {"=": ("on",), "<": ("before",), ">": ("after",)} | {
    "<=": ("before", "on"),
    ">=": ("after", "on"),
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NOTHING = frozenset({"", "undefined", "null"})
LISTED = {"anyof": "has_any", "noneof": "has_none", "allof": "has_all"}


@dataclass
class Conditions:
    survey: Survey
    scales: Mapping[str, str] = field(default_factory=dict)  # key by calculated value
    counts: Mapping[str, int] = field(default_factory=dict)  # numbers that are known, by name
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # for texts only

    def rule(self, source: object) -> Rule:
        """Return the rule of an expression. Raises Untranslatable."""
        return checked(self._rule(parsed(source)))

    def _rule(self, node: Node) -> Rule:
        match node:
            case Call(("and" | "or") as op, parts):
                return joined("all" if op == "and" else "any", [self._rule(one) for one in parts])
            case Call("!", (part,)):
                return negated(self._rule(part))
            case Call(("empty" | "notempty") as op, (Name(name),)):
                found = self._given(name)
                return found if op == "notempty" else negated(found)
            case Call(op, (Name(name), Constant(value))):
                return self._compared(op, name, value)
            case Call(op, (Constant(value), Name(name))) if op in FLIPPED:
                return self._compared(FLIPPED[op], name, value)
            case Call(op, (Name(name), Name(other))) if other in self.counts:
                return self._compared(op, name, self.counts[other])
            case Name(name):
                return self._true(name)
            case Constant(bool() as value):
                return always() if value else never()
            case _:
                raise Untranslatable("it computes more than a comparison with a value")

    def _question(self, name: str) -> tuple[Asked, str]:
        found = self.survey.named(name)
        if found is None or not found[0].kind:
            raise Untranslatable(f"it reads “{name}”, which is not imported")
        if found[0].kind == "statement":
            raise Untranslatable(f"it reads “{name}”, to which nothing is answered")
        return found

    def _given(self, name: str) -> Rule:
        one, row = self._question(name)
        if row:
            return leaf(f"answer.{one.key}.{row}", "is_set")
        if one.kind == Kind.MATRIX:
            return joined(
                "any", [leaf(f"answer.{one.key}.{row.key}", "is_set") for row in one.rows]
            )
        return leaf(f"answer.{one.key}", "is_set")

    def _true(self, name: str) -> Rule:
        one, _ = self._question(name)
        if one.kind != Kind.YES_NO:
            raise Untranslatable(f"“{name}” is no yes or no")
        return leaf(f"answer.{one.key}", "is_true")

    def _compared(self, op: str, name: str, value: object) -> Rule:
        if name in self.scales:
            return _number(f"score.{self.scales[name]}", op, value)
        one, row = self._question(name)
        trait = f"answer.{one.key}"
        kind = Kind(one.kind)
        if op in {"=", "<>"} and isinstance(value, str) and value.strip() in NOTHING:
            given = self._given(name)
            return given if op == "<>" else negated(given)
        if kind is Kind.MATRIX:
            if not row:
                raise Untranslatable(f"it compares all of “{name}” at once")
            return _choice(f"{trait}.{row}", op, one.options, value)
        if kind in ONE:
            return _choice(trait, op, one.options, value)
        if kind in MANY:
            return _choices(trait, op, one.options, value)
        if kind in NUMBERS:
            return _number(trait, op, value)
        if kind is Kind.YES_NO:
            return _truth(trait, op, value, one)
        if kind is Kind.DATE:
            return _date(trait, op, value)
        if kind in {Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE}:
            return _text(trait, op, value)
        raise Untranslatable(f"answers to “{name}” are not compared here")


def loosely(value: object) -> str:
    """Return a value as SurveyJS compares it: a number as a text, without regard to case."""
    if isinstance(value, bool):
        return str(value).casefold()
    kept = number(value)
    return str(plain(kept)) if kept is not None else str(value).strip().casefold()


def _matching(options: list[Option], value: object) -> list[str]:
    wanted = loosely(value)
    return [one.key for one in options if loosely(one.value) == wanted or one.value == str(value)]


def _among(options: list[Option], values: object) -> list[str]:
    given = values if isinstance(values, tuple) else (values,)
    return [key for value in given for key in _matching(options, value)]


def _choice(trait: str, op: str, options: list[Option], value: object) -> Rule:
    if op in {"=", "<>", "anyof", "noneof"}:
        keys = _among(options, value)
        if isinstance(value, tuple) and op in {"=", "<>"}:
            raise Untranslatable("one choice is compared with a list")
        return _one_of(trait, keys, without=op in {"<>", "noneof"})
    if op in {"<", "<=", ">", ">="}:
        bound = number(value if not isinstance(value, str) else _as_number(value))
        if bound is None:
            raise Untranslatable("choices are compared with no number")
        return _one_of(trait, _ordered(options, op, bound), without=False)
    if op in {"contains", "notcontains"} and not isinstance(value, tuple):
        part = loosely(value)
        keys = [one.key for one in options if part in loosely(one.value)]
        return _one_of(trait, keys, without=op == "notcontains")
    raise Untranslatable(f"one choice is not compared by “{op}”")


def _ordered(options: list[Option], op: str, bound: Decimal) -> list[str]:
    told = [(one.key, worth(one)) for one in options]
    tests = {
        "<": lambda one: one < bound,
        "<=": lambda one: one <= bound,
        ">": lambda one: one > bound,
        ">=": lambda one: one >= bound,
    }
    return [key for key, value in told if value is not None and tests[op](value)]


def _one_of(trait: str, keys: list[str], *, without: bool) -> Rule:
    if not keys:
        return always() if without else never()
    if len(keys) == 1:
        return leaf(trait, "is_not" if without else "is", keys[0])
    return leaf(trait, "none_of" if without else "one_of", keys)


def _choices(trait: str, op: str, options: list[Option], value: object) -> Rule:
    keys = _among(options, value)
    many = isinstance(value, tuple)
    if op in {"=", "<>"} and many:
        found = _exactly(trait, options, keys)
        return found if op == "=" else negated(found)
    named = {"contains": "allof", "notcontains": "noneof"}.get(op, op)
    if named not in LISTED:
        raise Untranslatable(f"several choices are not compared by “{op}” with one value")
    if named == "allof" and len(keys) < (len(value) if isinstance(value, tuple) else 1):
        return never()
    if op == "notcontains" and many:
        return negated(leaf(trait, "has_all", keys)) if keys else always()
    if not keys:
        return always() if named == "noneof" else never()
    return leaf(trait, LISTED[named], keys)


def _exactly(trait: str, options: list[Option], keys: list[str]) -> Rule:
    rest = [one.key for one in options if one.key not in keys]
    parts = [leaf(trait, "has_all", keys)] if keys else [leaf(trait, "is_not_set")]
    return joined("all", [*parts, *([leaf(trait, "has_none", rest)] if rest else [])])


def _number(trait: str, op: str, value: object) -> Rule:
    bound = _as_number(value) if isinstance(value, str) else value
    if number(bound) is None or op not in NUMERIC:
        raise Untranslatable("a number is compared with something else")
    return leaf(trait, NUMERIC[op], plain(Decimal(str(bound))))


def _as_number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", value.strip()) else None


def _truth(trait: str, op: str, value: object, one: Asked) -> Rule:
    named = {
        "true": True,
        "1": True,
        "false": False,
        "0": False,
        loosely(one.source.get("valueTrue", True)): True,
        loosely(one.source.get("valueFalse", False)): False,
    }
    wanted = named.get(loosely(value))
    if wanted is None or op not in {"=", "<>"}:
        raise Untranslatable("yes or no is compared with something else")
    found = leaf(trait, "is_true" if wanted else "is_false")
    return negated(found) if op == "<>" else found


def _text(trait: str, op: str, value: object) -> Rule:
    if op not in OF_TEXTS or isinstance(value, bool | tuple):
        raise Untranslatable(f"a text is not compared by “{op}”")
    wanted = str(plain(Decimal(str(value)))) if isinstance(value, float) else str(value).strip()
    if not wanted:
        return leaf(trait, "is_set" if op in {"<>", "contains"} else "is_not_set")
    return leaf(trait, OF_TEXTS[op], wanted)


def _date(trait: str, op: str, value: object) -> Rule:
    day = str(value).strip()
    if not DAY.fullmatch(day) or op not in {*DATED, "<>"}:
        raise Untranslatable("a date is compared with something else")
    if op == "<>":
        return negated(leaf(trait, "on", day))
    return joined("any", [leaf(trait, one, day) for one in DATED[op]])
