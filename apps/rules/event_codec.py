"""Reading conditions on events from JSON data, and writing them back: the larger half of codec.py.

`count` is called with the place of each condition read, to bound how many a rule has.
"""

import re
from collections.abc import Callable, Mapping

from apps.rules.comparing import Operator
from apps.rules.durations import Duration
from apps.rules.errors import Code
from apps.rules.kinds import Kind, shown
from apps.rules.located import Data, a_list, a_text, an_object, fail, inside, needed, with_keys
from apps.rules.nodes import Compare, EventCondition, Measure, Operand, Then, Where
from apps.rules.operands import Shape, read, write
from apps.rules.operators import COUNTING, MEASURING, OPERATORS, PROPERTY_KINDS, SUMMING

EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,99}")
MAX_PROPERTY = 100  # characters
MEASURES = {"sum": SUMMING, "min": MEASURING, "max": MEASURING}
MOMENTS = ("first", "last")
ASKED = ("count", *MEASURES, *MOMENTS)
PARTS = ("where", "then", *ASKED, "within")

Count = Callable[[str], None]


def read_event(data: Data, at: str, *, count: Count) -> EventCondition:
    """Read a condition on events. Raises RuleError."""
    with_keys(data, ("event", *PARTS), at)
    asked = _asked(data)
    if len(asked) > 1:
        message = f"An event is asked for one of {', '.join(ASKED)}."
        fail(Code.WRONG_SHAPE, message, inside(at, asked[1]))
    if "within" in data and set(asked) & set(MOMENTS):
        message = "`within` goes with counting and measuring, not with the first or last time."
        fail(Code.WRONG_SHAPE, message, inside(at, "within"))
    return EventCondition(
        event=_name(data, at),
        where=_wheres(data, at, count=count),
        then=_then(data, at, count=count),
        count=_compare_at(data, "count", COUNTING, at),
        first=_compare_at(data, "first", OPERATORS[Kind.DATETIME], at),
        last=_compare_at(data, "last", OPERATORS[Kind.DATETIME], at),
        sum=_measure(data, "sum", at),
        min=_measure(data, "min", at),
        max=_measure(data, "max", at),
        within=_within(data, at),
    )


def write_event(rule: EventCondition) -> dict[str, object]:
    """Write it in its canonical form."""
    return {"event": rule.event, **_written_parts(rule)}


def read_compare(data: Data, operators: Mapping[str, Operator], kind: Kind, at: str) -> Compare:
    """Read an operator and its value. Raises RuleError."""
    name = a_text(needed(data, "op", at), inside(at, "op"))
    operator = operators.get(name)
    if operator is None:
        message = f"{shown(name)} is not an operator here; there are {', '.join(operators)}."
        fail(Code.UNKNOWN_OPERATOR, message, inside(at, "op"))
    if operator.shape is Shape.NONE:
        if "value" in data:
            fail(Code.UNKNOWN_KEY, f"`{name}` takes no value.", inside(at, "value"))
        return Compare(name, None)
    raw = needed(data, "value", at)
    return Compare(name, read(operator.shape, raw, kind=kind, at=inside(at, "value")))


def written(op: str, value: Operand) -> dict[str, object]:
    """Write an operator and its value."""
    return {"op": op} if value is None else {"op": op, "value": write(value)}


def _asked(data: Data) -> list[str]:
    return [name for name in ASKED if name in data]


def _name(data: Data, at: str) -> str:
    here = inside(at, "event")
    name = a_text(needed(data, "event", at), here)
    if not EVENT_NAME.fullmatch(name):
        message = "An event's name is 1 to 100 letters, digits, spaces or _ . : -"
        fail(Code.WRONG_SHAPE, message, here)
    return name


def _wheres(data: Data, at: str, *, count: Count) -> tuple[Where, ...]:
    here = inside(at, "where")
    return tuple(
        _where(part, f"{here}[{index}]", count=count)
        for index, part in enumerate(a_list(data.get("where", []), here))
    )


def _where(data: object, at: str, *, count: Count) -> Where:
    count(at)
    found = with_keys(an_object(data, at), ("property", "op", "value"), at)
    key = _property(found, at)
    kind = property_kind(found, at)
    compare = read_compare(found, OPERATORS[kind], kind, at)
    any_type = compare.op in ("is_set", "is_not_set")
    return Where(key, compare.op, compare.value, None if any_type else kind)


def _property(data: Data, at: str) -> str:
    here = inside(at, "property")
    key = a_text(needed(data, "property", at), here)
    if not 1 <= len(key) <= MAX_PROPERTY:
        fail(Code.WRONG_SHAPE, f"A property's name has 1 to {MAX_PROPERTY} characters.", here)
    return key


def _then(data: Data, at: str, *, count: Count) -> Then | None:
    if "then" not in data:
        return None
    here = inside(at, "then")
    count(here)
    found = with_keys(an_object(data["then"], here), ("event", "where", "within"), here)
    return Then(_name(found, here), _wheres(found, here, count=count), _within(found, here))


def _compare_at(
    data: Data, name: str, operators: Mapping[str, Operator], at: str
) -> Compare | None:
    if name not in data:
        return None
    here = inside(at, name)
    found = with_keys(an_object(data[name], here), ("op", "value"), here)
    return read_compare(found, operators, Kind.DATETIME, here)


def _measure(data: Data, name: str, at: str) -> Measure | None:
    if name not in data:
        return None
    here = inside(at, name)
    found = with_keys(an_object(data[name], here), ("property", "op", "value"), here)
    key = _property(found, here)
    compare = read_compare(found, MEASURES[name], Kind.NUMBER, here)
    return Measure(key, compare.op, compare.value)


def _within(data: Data, at: str) -> Duration | None:
    if "within" not in data:
        return None
    here = inside(at, "within")
    duration = read(Shape.DURATION, data["within"], kind=Kind.DATETIME, at=here)
    assert isinstance(duration, Duration)
    return duration


def property_kind(data: Data, at: str) -> Kind:
    """Return the kind a property is compared as: by the operator, else by the value's type."""
    name = data.get("op")
    kinds = [kind for kind in PROPERTY_KINDS if isinstance(name, str) and name in OPERATORS[kind]]
    if len(kinds) == 1:
        return kinds[0]
    value = data.get("value")
    first = value[0] if isinstance(value, list | tuple) and value else value
    if isinstance(first, int | float) and not isinstance(first, bool):
        return Kind.NUMBER
    if not kinds and isinstance(name, str):
        known = dict.fromkeys(name for kind in PROPERTY_KINDS for name in OPERATORS[kind])
        message = f"{shown(name)} is not an operator here; there are {', '.join(known)}."
        fail(Code.UNKNOWN_OPERATOR, message, inside(at, "op"))
    return Kind.TEXT


def _written_parts(rule: EventCondition | Then) -> dict[str, object]:
    parts: dict[str, object] = {}
    if rule.where:
        parts["where"] = [
            {"property": where.property, **written(where.op, where.value)} for where in rule.where
        ]
    if isinstance(rule, EventCondition):
        parts |= _written_asked(rule)
    if rule.within is not None:
        parts["within"] = str(rule.within)
    return parts


def _written_asked(rule: EventCondition) -> dict[str, object]:
    parts: dict[str, object] = {}
    if rule.then is not None:
        parts["then"] = {"event": rule.then.event, **_written_parts(rule.then)}
    for name in ASKED:
        asked: Compare | Measure | None = getattr(rule, name)
        if isinstance(asked, Measure):
            parts[name] = {"property": asked.property, **written(asked.op, asked.value)}
        elif asked is not None:
            parts[name] = written(asked.op, asked.value)
    return parts
