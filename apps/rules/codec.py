"""Reading rules from JSON and writing them back. Whatever the source, only RuleError comes.

Unknown keys, repeated keys and values of another type are refused: what a rule does not
say, it must not seem to say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, assert_never

from apps.rules.catalogue import Catalogue
from apps.rules.errors import Code, RuleError
from apps.rules.event_codec import read_compare, read_event, write_event, written
from apps.rules.kinds import shown
from apps.rules.located import a_list, a_text, alone, an_object, fail, inside, named, with_keys
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.operators import OPERATORS

__all__ = ["NODES", "RuleError", "dumps", "loads"]

MAX_SOURCE = 64 * 1024  # bytes of JSON text
MAX_NODES = 200  # conditions on properties count too
MAX_DEPTH = 8
NODES = ("all", "any", "not", "trait", "event", "segment")


def loads(source: object, catalogue: Catalogue) -> Rule:
    """Read a rule from JSON text or from data already parsed. Raises RuleError."""
    data = _parsed(source) if isinstance(source, str | bytes | bytearray) else source
    rule = _Reader(catalogue).rule(data, "", 1)
    _check_size(json.dumps(dumps(rule), ensure_ascii=False).encode())
    return rule


def dumps(rule: Rule) -> dict[str, object]:
    """Write a rule in its canonical form, as `loads` reads it."""
    match rule:
        case All(rules):
            return {"all": [dumps(part) for part in rules]}
        case Any(rules):
            return {"any": [dumps(part) for part in rules]}
        case Not(part):
            return {"not": dumps(part)}
        case TraitCondition(trait, op, value):
            return {"trait": trait, **written(op, value)}
        case EventCondition():
            return write_event(rule)
        case SegmentCondition(segment):
            return {"segment": segment}
        case _:
            assert_never(rule)


def _parsed(source: str | bytes | bytearray) -> object:
    try:
        raw = source.encode() if isinstance(source, str) else bytes(source)
        _check_size(raw)
        return json.loads(
            raw.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant
        )
    except RecursionError:
        fail(Code.TOO_DEEP, "The JSON is nested too deeply.")
    except json.JSONDecodeError as error:
        fail(Code.BAD_JSON, f"This is not JSON: {error.msg}, line {error.lineno}.")
    except ValueError:  # not UTF-8, or an integer of thousands of digits
        fail(Code.BAD_JSON, "This is not JSON that can be read.")


def _check_size(text: bytes) -> None:
    """Refuse a rule too large as text; data that came parsed may be so too."""
    if len(text) > MAX_SOURCE:
        fail(Code.TOO_LARGE, f"A rule has at most {MAX_SOURCE} bytes, this one {len(text)}.")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        fail(Code.DUPLICATE_KEY, "A key stands twice in one object.")
    return found


def _no_constant(name: str) -> NoReturn:
    fail(Code.BAD_JSON, f"{name} is not a number in JSON.")


@dataclass(slots=True)
class _Reader:
    """Reads one rule, counting its nodes. `at` is the path of what is being read."""

    catalogue: Catalogue
    nodes: int = field(default=0)

    def rule(self, data: object, at: str, depth: int) -> Rule:
        self._count(at)
        if depth > MAX_DEPTH:
            fail(Code.TOO_DEEP, f"A rule is at most {MAX_DEPTH} levels deep.", at)
        found = an_object(data, at)
        match _node(found, at):
            case "all":
                return All(self._rules(alone(found, "all", at), inside(at, "all"), depth))
            case "any":
                return Any(self._rules(alone(found, "any", at), inside(at, "any"), depth))
            case "not":
                return Not(self.rule(alone(found, "not", at), inside(at, "not"), depth + 1))
            case "trait":
                return self._trait(found, at)
            case "segment":
                return self._segment(alone(found, "segment", at), inside(at, "segment"))
            case _:
                return read_event(found, at, count=self._count)

    def _count(self, at: str) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            fail(Code.TOO_LARGE, f"A rule has at most {MAX_NODES} conditions and groups.", at)

    def _rules(self, data: object, at: str, depth: int) -> tuple[Rule, ...]:
        parts = a_list(data, at)
        return tuple(
            self.rule(part, f"{at}[{index}]", depth + 1) for index, part in enumerate(parts)
        )

    def _trait(self, data: Mapping[object, object], at: str) -> TraitCondition:
        with_keys(data, ("trait", "op", "value"), at)
        key = a_text(data["trait"], inside(at, "trait"))
        spec = self.catalogue.traits.get(key)
        if spec is None:
            fail(Code.UNKNOWN_TRAIT, f"There is no trait {shown(key)}.", inside(at, "trait"))
        compare = read_compare(data, OPERATORS[spec.kind], spec.kind, at)
        return TraitCondition(key, compare.op, compare.value, spec.kind)

    def _segment(self, data: object, at: str) -> SegmentCondition:
        slug = a_text(data, at)
        if slug not in self.catalogue.segments:
            fail(Code.UNKNOWN_SEGMENT, f"There is no segment {shown(slug)}.", at)
        return SegmentCondition(slug)


def _node(data: Mapping[object, object], at: str) -> str:
    found = [name for name in NODES if name in data]
    if len(found) != 1:
        expected = f"Expected an object with one of {', '.join(NODES)}."
        if data and not found:
            key = next(iter(data))
            message = f"{shown(key)} is not known here. {expected}"
            fail(Code.UNKNOWN_KEY, message, inside(at, named(key)))
        fail(Code.WRONG_SHAPE, expected, at)
    return found[0]
