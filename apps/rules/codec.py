"""Reading rules from JSON and writing them back. Whatever the source, only RuleError comes.

Unknown keys, repeated keys and values of another type are refused: what a rule does not
say, it must not seem to say.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, assert_never

from apps.rules.catalogue import Catalogue
from apps.rules.comparing import Operator
from apps.rules.durations import Duration
from apps.rules.errors import Code, RuleError
from apps.rules.kinds import Kind, shown
from apps.rules.nodes import (
    All,
    Any,
    Compare,
    EventCondition,
    Not,
    Operand,
    Rule,
    SegmentCondition,
    TraitCondition,
    Where,
)
from apps.rules.operands import Shape, read, write
from apps.rules.operators import COUNTING, OPERATORS, PROPERTY_KINDS

MAX_SOURCE = 64 * 1024  # bytes of JSON text
MAX_NODES = 200  # conditions on properties count too
MAX_DEPTH = 8
EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,99}")
MAX_PROPERTY = 100  # characters
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
            return {"trait": trait, **_compared(op, value)}
        case EventCondition():
            return _event(rule)
        case SegmentCondition(segment):
            return {"segment": segment}
        case _:
            assert_never(rule)


def _event(rule: EventCondition) -> dict[str, object]:
    written: dict[str, object] = {"event": rule.event}
    if rule.where:
        written["where"] = [
            {"property": where.property, **_compared(where.op, where.value)} for where in rule.where
        ]
    for name, compare in (("count", rule.count), ("first", rule.first), ("last", rule.last)):
        if compare is not None:
            written[name] = _compared(compare.op, compare.value)
    if rule.within is not None:
        written["within"] = str(rule.within)
    return written


def _compared(op: str, value: Operand) -> dict[str, object]:
    return {"op": op} if value is None else {"op": op, "value": write(value)}


def _parsed(source: str | bytes | bytearray) -> object:
    try:
        raw = source.encode() if isinstance(source, str) else bytes(source)
        _check_size(raw)
        return json.loads(
            raw.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant
        )
    except RecursionError:
        _fail(Code.TOO_DEEP, "The JSON is nested too deeply.")
    except json.JSONDecodeError as error:
        _fail(Code.BAD_JSON, f"This is not JSON: {error.msg}, line {error.lineno}.")
    except ValueError:  # not UTF-8, or an integer of thousands of digits
        _fail(Code.BAD_JSON, "This is not JSON that can be read.")


def _check_size(text: bytes) -> None:
    """Refuse a rule too large as text; data that came parsed may be so too."""
    if len(text) > MAX_SOURCE:
        _fail(Code.TOO_LARGE, f"A rule has at most {MAX_SOURCE} bytes, this one {len(text)}.")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _fail(Code.DUPLICATE_KEY, "A key stands twice in one object.")
    return found


def _no_constant(name: str) -> NoReturn:
    _fail(Code.BAD_JSON, f"{name} is not a number in JSON.")


def _fail(code: Code, message: str, at: str = "") -> NoReturn:
    raise RuleError(code, message, at)


@dataclass(slots=True)
class _Reader:
    """Reads one rule, counting its nodes. `at` is the path of what is being read."""

    catalogue: Catalogue
    nodes: int = field(default=0)

    def rule(self, data: object, at: str, depth: int) -> Rule:
        self._count(at)
        if depth > MAX_DEPTH:
            _fail(Code.TOO_DEEP, f"A rule is at most {MAX_DEPTH} levels deep.", at)
        found = _object(data, at)
        match _node(found, at):
            case "all":
                return All(self._rules(_only(found, "all", at), _at(at, "all"), depth))
            case "any":
                return Any(self._rules(_only(found, "any", at), _at(at, "any"), depth))
            case "not":
                return Not(self.rule(_only(found, "not", at), _at(at, "not"), depth + 1))
            case "trait":
                return self._trait(found, at)
            case "segment":
                return self._segment(_only(found, "segment", at), _at(at, "segment"))
            case _:
                return self._event(found, at)

    def _count(self, at: str) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            _fail(Code.TOO_LARGE, f"A rule has at most {MAX_NODES} conditions and groups.", at)

    def _rules(self, data: object, at: str, depth: int) -> tuple[Rule, ...]:
        parts = _list(data, at)
        return tuple(
            self.rule(part, f"{at}[{index}]", depth + 1) for index, part in enumerate(parts)
        )

    def _trait(self, data: Mapping[object, object], at: str) -> TraitCondition:
        _keys(data, ("trait", "op", "value"), at)
        key = _text(data["trait"], _at(at, "trait"))
        spec = self.catalogue.traits.get(key)
        if spec is None:
            _fail(Code.UNKNOWN_TRAIT, f"There is no trait {shown(key)}.", _at(at, "trait"))
        compare = _compare(data, OPERATORS[spec.kind], spec.kind, at)
        return TraitCondition(key, compare.op, compare.value, spec.kind)

    def _segment(self, data: object, at: str) -> SegmentCondition:
        slug = _text(data, at)
        if slug not in self.catalogue.segments:
            _fail(Code.UNKNOWN_SEGMENT, f"There is no segment {shown(slug)}.", at)
        return SegmentCondition(slug)

    def _event(self, data: Mapping[object, object], at: str) -> EventCondition:
        _keys(data, ("event", "where", "count", "first", "last", "within"), at)
        name = _text(data["event"], _at(at, "event"))
        if not EVENT_NAME.fullmatch(name):
            message = "An event's name is 1 to 100 letters, digits, spaces or _ . : -"
            _fail(Code.WRONG_SHAPE, message, _at(at, "event"))
        where = _list(data.get("where", []), _at(at, "where"))
        asked = _asked(data, at)
        return EventCondition(
            event=name,
            where=tuple(
                self._where(part, f"{_at(at, 'where')}[{index}]")
                for index, part in enumerate(where)
            ),
            count=asked.get("count"),
            first=asked.get("first"),
            last=asked.get("last"),
            within=_within(data, at),
        )

    def _where(self, data: object, at: str) -> Where:
        self._count(at)
        found = _object(data, at)
        _keys(found, ("property", "op", "value"), at)
        key = _text(_needed(found, "property", at), _at(at, "property"))
        if not 1 <= len(key) <= MAX_PROPERTY:
            message = f"A property's name has 1 to {MAX_PROPERTY} characters."
            _fail(Code.WRONG_SHAPE, message, _at(at, "property"))
        kind = _property_kind(found, at)
        compare = _compare(found, OPERATORS[kind], kind, at)
        any_type = compare.op in ("is_set", "is_not_set")
        return Where(key, compare.op, compare.value, None if any_type else kind)


def _asked(data: Mapping[object, object], at: str) -> dict[str, Compare]:
    """Read what is asked of the matching events: their count, or when the first or last was."""
    given = [name for name in ("count", "first", "last") if name in data]
    if len(given) > 1:
        message = "An event is asked for its count, its first or its last: one of them."
        _fail(Code.WRONG_SHAPE, message, _at(at, given[1]))
    table = {"count": COUNTING}
    return {
        name: _compare(
            _keys(_object(data[name], _at(at, name)), ("op", "value"), _at(at, name)),
            table.get(name, OPERATORS[Kind.DATETIME]),
            Kind.DATETIME,
            _at(at, name),
        )
        for name in given
    }


def _within(data: Mapping[object, object], at: str) -> Duration | None:
    if "within" not in data:
        return None
    here = _at(at, "within")
    if "first" in data or "last" in data:
        _fail(Code.WRONG_SHAPE, "`within` goes with counting events only.", here)
    duration = read(Shape.DURATION, data["within"], kind=Kind.DATETIME, at=here)
    assert isinstance(duration, Duration)
    return duration


def _compare(
    data: Mapping[object, object], operators: Mapping[str, Operator], kind: Kind, at: str
) -> Compare:
    name = _text(_needed(data, "op", at), _at(at, "op"))
    operator = operators.get(name)
    if operator is None:
        message = f"{shown(name)} is not an operator here; there are {', '.join(operators)}."
        _fail(Code.UNKNOWN_OPERATOR, message, _at(at, "op"))
    if operator.shape is Shape.NONE:
        if "value" in data:
            _fail(Code.UNKNOWN_KEY, f"`{name}` takes no value.", _at(at, "value"))
        return Compare(name, None)
    raw = _needed(data, "value", at)
    return Compare(name, read(operator.shape, raw, kind=kind, at=_at(at, "value")))


def _property_kind(data: Mapping[object, object], at: str) -> Kind:
    """Return the kind a property is compared as: by the operator, else by the value's type."""
    name = data.get("op")
    kinds = [kind for kind in PROPERTY_KINDS if isinstance(name, str) and name in OPERATORS[kind]]
    if len(kinds) == 1:
        return kinds[0]
    value = data.get("value")
    first = value[0] if isinstance(value, list | tuple) and value else value
    if isinstance(first, int | float) and not isinstance(first, bool):
        return Kind.NUMBER
    if kinds or not isinstance(name, str):
        return Kind.TEXT
    known = dict.fromkeys(name for kind in PROPERTY_KINDS for name in OPERATORS[kind])
    message = f"{shown(name)} is not an operator here; there are {', '.join(known)}."
    _fail(Code.UNKNOWN_OPERATOR, message, _at(at, "op"))


def _node(data: Mapping[object, object], at: str) -> str:
    found = [name for name in NODES if name in data]
    if len(found) != 1:
        message = f"Expected an object with one of {', '.join(NODES)}."
        _fail(Code.WRONG_SHAPE, message, at)
    return found[0]


def _object(data: object, at: str) -> Mapping[object, object]:
    if not isinstance(data, dict):
        _fail(Code.WRONG_SHAPE, f"Expected an object, got {shown(data)}.", at)
    return data


def _list(data: object, at: str) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        _fail(Code.WRONG_SHAPE, f"Expected a list, got {shown(data)}.", at)
    return data


def _keys(data: Mapping[object, object], known: Sequence[str], at: str) -> Mapping[object, object]:
    for key in data:
        if key not in known:
            message = f"{shown(key)} is not known here; there are {', '.join(known)}."
            _fail(Code.UNKNOWN_KEY, message, at)
    return data


def _only(data: Mapping[object, object], key: str, at: str) -> object:
    return _keys(data, (key,), at)[key]


def _needed(data: Mapping[object, object], key: str, at: str) -> object:
    if key not in data:
        _fail(Code.WRONG_SHAPE, f"`{key}` is missing.", at)
    return data[key]


def _text(data: object, at: str) -> str:
    if not isinstance(data, str):
        _fail(Code.WRONG_TYPE, f"Expected a text, got {shown(data)}.", at)
    if "\x00" in data or any("\ud800" <= character <= "\udfff" for character in data):
        _fail(Code.WRONG_TYPE, "A text cannot hold a NUL character or half a surrogate pair.", at)
    return data


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
