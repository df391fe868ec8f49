"""The shapes an operator's value may have: reading them from JSON and writing them back."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from apps.rules import durations, periods
from apps.rules.errors import Code, RuleError
from apps.rules.kinds import MAX_TEXT, MAX_VALUES, Kind, KindError, canonical, datetime_text, shown
from apps.rules.nodes import Operand, Scalar

MAX_COUNT = 10**9


class Shape(StrEnum):
    NONE = "no value"
    ONE = "one value"
    LIST = "a list of values"
    PAIR = "a pair of values"
    TEXT = "a piece of text"
    DAY = "a date"
    DURATION = "a duration"
    PERIOD = "a period"
    WHOLE = "a whole number"
    WHOLES = "a pair of whole numbers"


def read(shape: Shape, raw: object, *, kind: Kind, at: str) -> Operand:
    """Return the canonical operand. Raises RuleError."""
    match shape:
        case Shape.NONE:
            return None
        case Shape.ONE:
            return _one(raw, kind, at)
        case Shape.LIST:
            return _list(raw, kind, at)
        case Shape.PAIR | Shape.WHOLES:
            return _pair(raw, kind if shape is Shape.PAIR else None, at)
        case Shape.TEXT:
            return _text(raw, at)
        case Shape.DAY:
            return _one(raw, Kind.DATE, at)
        case Shape.DURATION:
            return _duration(raw, at)
        case Shape.PERIOD:
            return _period(raw, at)
        case Shape.WHOLE:
            return _whole(raw, at)


def write(operand: Operand) -> object:
    """Return the operand as JSON holds it."""
    match operand:
        case tuple():
            return [_written(item) for item in operand]
        case None:
            return None
        case _:
            return _written(operand)


def _written(scalar: Scalar) -> object:
    match scalar:
        case datetime():
            return datetime_text(scalar)
        case date():
            return scalar.isoformat()
        case durations.Duration() | periods.Period():
            return str(scalar)
        case _:
            return scalar


def _one(raw: object, kind: Kind, at: str) -> Scalar:
    """Read one value of the kind; of the kind datetime also a date, which is the whole day."""
    if kind is Kind.CHOICES:
        kind = Kind.CHOICE
    if kind is Kind.DATETIME and isinstance(raw, str) and len(raw.strip()) == 10:
        kind = Kind.DATE
    try:
        value = canonical(kind, raw)
    except KindError as error:
        raise RuleError(Code.WRONG_TYPE, str(error), at) from None
    match value:
        case None | list():
            raise RuleError(Code.WRONG_TYPE, "A value is needed here; is_set tests for none.", at)
        case str() if kind is Kind.DATE:
            return date.fromisoformat(value)
        case str() if kind is Kind.DATETIME:
            return datetime.fromisoformat(value)
        case _:
            return value


def _list(raw: object, kind: Kind, at: str) -> tuple[Scalar, ...]:
    items = _sequence(raw, at)
    if not items:
        raise RuleError(Code.WRONG_SHAPE, "A list needs at least one value.", at)
    if len(items) > MAX_VALUES:
        raise RuleError(Code.TOO_LARGE, f"A list has at most {MAX_VALUES} values.", at)
    return tuple(
        dict.fromkeys(_one(item, kind, f"{at}[{index}]") for index, item in enumerate(items))
    )


def _pair(raw: object, kind: Kind | None, at: str) -> tuple[Scalar, Scalar]:
    """Read two ends, both included; kind None reads whole numbers."""
    items = _sequence(raw, at)
    if len(items) != 2:
        raise RuleError(Code.WRONG_SHAPE, "Expected a list of two values, low and high.", at)
    low, high = (
        _one(item, kind, f"{at}[{index}]") if kind else _whole(item, f"{at}[{index}]")
        for index, item in enumerate(items)
    )
    if _is_after(low, high):
        raise RuleError(Code.WRONG_SHAPE, "The first value must not exceed the second.", at)
    return low, high


def _is_after(low: Scalar, high: Scalar) -> bool:
    """Compare two ends. A date and a time are not compared: that depends on the zone."""
    match low, high:
        case (int() | float(), int() | float()):
            return low > high
        case (datetime(), datetime()):
            return low > high
        case (datetime(), _) | (_, datetime()):
            return False
        case (date(), date()):
            return low > high
        case _:
            return False


def _sequence(raw: object, at: str) -> Sequence[object]:
    if not isinstance(raw, list | tuple):
        raise RuleError(Code.WRONG_SHAPE, f"Expected a list, got {shown(raw)}.", at)
    return raw


def _text(raw: object, at: str) -> str:
    """Read a piece of text as it stands: its outer spaces are part of what is looked for."""
    try:
        canonical(Kind.TEXT, raw)
    except KindError as error:
        raise RuleError(Code.WRONG_TYPE, str(error), at) from None
    if not isinstance(raw, str) or not raw:
        raise RuleError(Code.WRONG_TYPE, "A text is needed here.", at)
    if len(raw) > MAX_TEXT:
        raise RuleError(Code.TOO_LARGE, f"A text has at most {MAX_TEXT} characters.", at)
    return raw


def _duration(raw: object, at: str) -> durations.Duration:
    if not isinstance(raw, str):
        raise RuleError(Code.WRONG_TYPE, durations.EXPECTED, at)
    try:
        return durations.parse(raw)
    except durations.DurationError as error:
        raise RuleError(Code.WRONG_TYPE, str(error), at) from None


def _period(raw: object, at: str) -> periods.Period:
    if not isinstance(raw, str):
        raise RuleError(Code.WRONG_TYPE, periods.EXPECTED, at)
    try:
        return periods.parse(raw)
    except periods.PeriodError as error:
        raise RuleError(Code.WRONG_TYPE, str(error), at) from None


def _whole(raw: object, at: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MAX_COUNT:
        raise RuleError(
            Code.WRONG_TYPE, f"Expected a whole number, at least 0, got {shown(raw)}.", at
        )
    return raw
