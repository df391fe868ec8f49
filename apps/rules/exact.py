"""Adding up numbers exactly, in any order: 0.1 and 0.2 is 0.3.

A number means the decimal it is written as, not the binary fraction next to it. PostgreSQL
adds up its `numeric`. SQLite, which has no decimals, adds up hundredths as whole numbers, and
calls the functions registered here for what is no hundredth, or a very large one: such addends
are texts, as are its sums, whose order is the order of the numbers, so that they can be compared.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import reduce
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from apps.rules.clock import LAST
from apps.rules.kinds import stored_number
from apps.rules.nodes import Operand, Scalar

ADDEND = "tidemark_addend"
SUM = "tidemark_sum"
TOTAL = "tidemark_total"
LATER = "tidemark_later"
Exact = int | Decimal

# Digits enough for 10^24 numbers of up to 10^15, the least of them 5e-324.
_EXACTLY = Context(prec=400)
_LIFT = 5 * 10**40  # lifted by it, all sums are positive and of one width


def exact(number: float) -> Decimal:
    """Return the decimal a number is written as."""
    return Decimal(repr(number))


def exactly(operand: Operand) -> Operand | Decimal | tuple[Scalar | Decimal, ...]:
    """Return the numbers of an operand as decimals."""
    if isinstance(operand, tuple):
        return tuple(exact(item) if isinstance(item, int | float) else item for item in operand)
    return exact(operand) if isinstance(operand, int | float) else operand


def total(numbers: Iterable[int | float]) -> Exact:
    """Add up exactly; the sum of none is 0."""
    listed = list(numbers)
    if all(isinstance(number, int) for number in listed):
        return int(sum(listed))
    return reduce(_EXACTLY.add, map(exact, listed), Decimal(0))


def plain(number: Exact) -> int | float:
    """Return a sum as a number to show: whole, or the nearest that a double can hold."""
    return int(number) if number == int(number) else float(number)


def sortable(number: Exact) -> str:
    """Return a text; of two numbers the greater one has the greater text."""
    if isinstance(number, int):
        return f"{_LIFT + number}."
    whole, _, fraction = f"{_EXACTLY.add(Decimal(_LIFT), number):f}".partition(".")
    return f"{whole}.{fraction}".rstrip("0")


def register(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new SQLite connection the functions (a receiver of connection_created)."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(ADDEND, 2, _addend, deterministic=True)
        connection.connection.create_aggregate(SUM, 1, _Sum)
        connection.connection.create_function(TOTAL, 2, _total, deterministic=True)
        connection.connection.create_function(LATER, 2, _later, deterministic=True)


class _Sum:
    """The sum of numbers written out, written out itself."""

    def __init__(self) -> None:
        self.sum = Decimal(0)

    def step(self, number: str) -> None:
        self.sum = _EXACTLY.add(self.sum, Decimal(number))

    def finalize(self) -> str:
        return str(self.sum)


def _total(hundredths: int | None, others: str | None) -> str | None:
    """Return the sum of both, sortable, or NULL where there is neither."""
    if others is not None:
        whole = _EXACTLY.scaleb(Decimal(hundredths or 0), -2)
        return sortable(_EXACTLY.add(whole, Decimal(others)))
    if hundredths is None:
        return None
    number, rest = divmod(hundredths, 100)  # as `sortable` writes it, without a Decimal: often
    return f"{_LIFT + number}.{rest:02d}".rstrip("0")


def _addend(properties: str | None, key: str) -> str | None:
    """Return the number that properties hold at a key, written out."""
    found = json.loads(properties) if properties else None
    number = stored_number(found.get(key)) if isinstance(found, dict) else None
    return None if number is None else repr(number)


def _later(text: str, microseconds: int) -> str:
    """Return the time so much later, in the form that SQLite's columns hold."""
    try:
        later = datetime.fromisoformat(text) + timedelta(microseconds=microseconds)
    except OverflowError:
        later = LAST.replace(tzinfo=None)
    return str(later)
