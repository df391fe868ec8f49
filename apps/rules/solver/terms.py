"""The words of the solver: variables, numbers and formulas of one z3 context.

A context of its own for each solver: two threads may then use z3 at the same time. Formulas are
made by z3's own functions, because its Python operators take several times as long.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import count
from typing import Any, TypeAlias

import z3

Formula: TypeAlias = z3.BoolRef
Term: TypeAlias = z3.ArithRef

_COMPARED: dict[str, Callable[..., Any]] = {
    ">=": z3.Z3_mk_ge, ">": z3.Z3_mk_gt, "<=": z3.Z3_mk_le, "<": z3.Z3_mk_lt, "==": z3.Z3_mk_eq,
}  # fmt: skip


class Terms:
    """Makes variables and formulas; every variable is a new one."""

    def __init__(self) -> None:
        self.context = z3.Context()
        z3.Z3_enable_concurrent_dec_ref(self.context.ref())  # garbage may go in another thread
        self.yes, self.no = (z3.BoolVal(one, self.context) for one in (True, False))
        self._sorts = {make: make(self.context) for make in (z3.BoolSort, z3.IntSort, z3.RealSort)}
        self._numbers = count()
        self.integer = cache(self._integer)
        self.number = cache(self._number)

    def truth(self, name: str) -> Formula:
        return z3.BoolRef(self._variable(name, z3.BoolSort), self.context)

    def whole(self, name: str) -> Term:
        return z3.ArithRef(self._variable(name, z3.IntSort), self.context)

    def real(self, name: str) -> Term:
        return z3.ArithRef(self._variable(name, z3.RealSort), self.context)

    def negation(self, part: Formula) -> Formula:
        return z3.BoolRef(z3.Z3_mk_not(self.context.ref(), part.as_ast()), self.context)

    def every(self, parts: Iterable[Formula]) -> Formula:
        listed = [part for part in parts if part is not self.yes]
        return self._joined(z3.Z3_mk_and, z3.BoolRef, listed) if listed else self.yes

    def some(self, parts: Iterable[Formula]) -> Formula:
        listed = [part for part in parts if part is not self.no]
        return self._joined(z3.Z3_mk_or, z3.BoolRef, listed) if listed else self.no

    def implies(self, first: Formula, second: Formula) -> Formula:
        return self.some([self.negation(first), second])

    def same(self, first: Formula, second: Formula) -> Formula:
        made = z3.Z3_mk_eq(self.context.ref(), first.as_ast(), second.as_ast())
        return z3.BoolRef(made, self.context)

    def total(self, parts: Sequence[Term]) -> Term:
        """Add up terms of one sort; of none it is the whole number 0."""
        return self._joined(z3.Z3_mk_add, z3.ArithRef, parts) if parts else self.integer(0)

    def compare(self, left: Term, sign: str, right: Term) -> Formula:
        """Compare two terms of one sort."""
        made = _COMPARED[sign](self.context.ref(), left.as_ast(), right.as_ast())
        return z3.BoolRef(made, self.context)

    def as_real(self, term: Term) -> Term:
        return z3.ArithRef(z3.Z3_mk_int2real(self.context.ref(), term.as_ast()), self.context)

    def times(self, term: Term, factor: Term) -> Term:
        return self._joined(z3.Z3_mk_mul, z3.ArithRef, [term, factor])

    def within(self, term: Term, places: Iterable[int]) -> Formula:
        """Return that a whole number is one of these: as few stretches as there are."""
        stretches: list[list[int]] = []
        for place in sorted(places):
            if stretches and stretches[-1][1] == place - 1:
                stretches[-1][1] = place
            else:
                stretches.append([place, place])
        return self.some(self._lies(term, first, last) for first, last in stretches)

    def _lies(self, term: Term, first: int, last: int) -> Formula:
        if first == last:
            return self.compare(term, "==", self.integer(first))
        low = self.compare(term, ">=", self.integer(first))
        return self.every([low, self.compare(term, "<=", self.integer(last))])

    def _integer(self, value: int) -> Term:
        return z3.IntVal(value, self.context)

    def _number(self, value: float | Decimal) -> Term:
        """Return a number as the decimal it is written as."""
        exact = Fraction(str(value))
        return z3.RealVal(f"{exact.numerator}/{exact.denominator}", self.context)

    def _variable(self, name: str, sort: Callable[..., Any]) -> Any:
        reference = self.context.ref()
        symbol = z3.Z3_mk_string_symbol(reference, f"{name} {next(self._numbers)}")
        return z3.Z3_mk_const(reference, symbol, self._sorts[sort].ast)

    def _joined(self, make: Callable[..., Any], kind: Any, parts: Sequence[Any]) -> Any:
        if len(parts) == 1:
            return parts[0]
        listed = (z3.Ast * len(parts))(*(part.as_ast() for part in parts))
        return kind(make(self.context.ref(), len(parts), listed), self.context)


class Measured:
    """A number that is a term: a count of events, or the sum of a property, which is real."""

    def __init__(self, terms: Terms, term: Term, number: Callable[[Any], Term]) -> None:
        self._terms = terms
        self._term = term
        self._number = number
        self.is_there = terms.yes

    def _compare(self, sign: str, bound: float) -> Formula:
        return self._terms.compare(self._term, sign, self._number(bound))

    def __ge__(self, bound: float) -> Formula:
        return self._compare(">=", bound)

    def __gt__(self, bound: float) -> Formula:
        return self._compare(">", bound)

    def __le__(self, bound: float) -> Formula:
        return self._compare("<=", bound)

    def __lt__(self, bound: float) -> Formula:
        return self._compare("<", bound)

    def is_between(self, low: float, high: float) -> Formula:
        return self._terms.every([self >= low, self <= high])

    def is_among(self, numbers: Iterable[float]) -> Formula:
        return self._terms.some(self._compare("==", one) for one in numbers)
