"""What a condition looks like in generated Python: see `compiling`.

The code here is fixed text. A value of a rule or a fact never becomes part of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.rules.fold import fold, folds
from apps.rules.kinds import MAX_NUMBER, Kind, stored


def _itself(operand: Any) -> tuple[Any, ...]:
    return (operand,)


@dataclass(frozen=True, slots=True)
class Inline:
    """An operator's memory test as an expression that gives a bool.

    {x} is the value as `READINGS` has it, read first and once, {again} the same once more;
    {0} and {1} are the constants made of the operand, which is never empty.
    """

    code: str
    constants: Callable[[Any], tuple[Any, ...]] = _itself


@dataclass(frozen=True, slots=True)
class Reading:
    """How values of a kind are read, in the form the operators of the kind compare.

    A missing value reads as something for which every `Inline` gives False, so that it needs
    no test of its own: no text, no choices, a number that compares with none.
    """

    load: str  # of the raw value {raw}, by way of a local x
    known: str  # whether {x} is there


KNOWN = Inline("{known}")

_FOLDED = Reading('fold(x) if isinstance(x := {raw}, str) else ""', '{x} != ""')

READINGS: Mapping[Kind, Reading] = {
    Kind.TEXT: _FOLDED,
    Kind.CHOICE: _FOLDED,
    Kind.NUMBER: Reading(
        "x if (type(x := {raw}) is int or type(x) is float) and LEAST <= x <= MOST else number(x)",
        "{x} == {again}",
    ),
    Kind.BOOLEAN: Reading("{raw}", "isinstance({x}, bool)"),
    Kind.DATE: Reading("date({raw})", '{x} != ""'),
    Kind.DATETIME: Reading("datetime({raw})", '{x} != ""'),
    Kind.CHOICES: Reading("choices({raw})", "len({x}) > 0"),
}


def _number(raw: object) -> object:
    value = stored(Kind.NUMBER, raw)
    return float("nan") if value is None else value


def _choices(raw: object) -> frozenset[str]:
    values = stored(Kind.CHOICES, raw)
    return folds(values) if isinstance(values, tuple) else frozenset()


NAMES: Mapping[str, object] = {  # what the text of READINGS names
    "fold": fold,
    "number": _number,
    "date": lambda raw: stored(Kind.DATE, raw) or "",
    "datetime": lambda raw: stored(Kind.DATETIME, raw) or "",
    "choices": _choices,
    "LEAST": -MAX_NUMBER,
    "MOST": MAX_NUMBER,
}
