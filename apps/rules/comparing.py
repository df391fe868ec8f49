"""What an operator is, and how the one row of it is read in memory and as SQL."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import DateTimeField, Expression, TextField
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable

from apps.rules.clock import Clock
from apps.rules.expressions import JsonMembers, between, never_null
from apps.rules.fold import folds
from apps.rules.inlining import Inline
from apps.rules.kinds import Kind
from apps.rules.lines import Days, Instants, Span
from apps.rules.operands import Shape

Test = Callable[[Any, Any], bool]  # (stored value, operand): does the condition hold
Sql = Callable[[Any, Any], Expression]  # (subject, operand): the same, as a condition
Line = Days | Instants
InSpan = Callable[[Line, Any], Span]  # (line, operand): the interval of points that hold


@dataclass(frozen=True, slots=True)
class Twin:
    name: str
    label: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator on values of some kinds.

    `phrase` follows the name of what is compared; {is} is its verb, {value} the operand.
    A date operator gives `span` instead of `test` and `sql`; `offsets` says at which
    distances from now time alone carries a value across an end of the span. `inline` is
    the test again as `compiling` writes it; without it a condition is tested as it is here.
    """

    name: str
    kinds: tuple[Kind, ...]
    shape: Shape
    label: str
    phrase: str
    test: Test | None = None
    inline: Inline | None = None
    sql: Sql | None = None
    span: InSpan | None = None
    offsets: Callable[[Any], tuple[timedelta, ...]] = lambda _: ()
    twin: Twin | None = None
    negated: bool = False

    def complement(self) -> "Operator":
        """Return the twin. Only a row that has one is asked."""
        assert self.twin is not None
        mine = Twin(self.name, self.label, self.phrase)
        name, label, phrase = self.twin.name, self.twin.label, self.twin.phrase
        return replace(
            self, name=name, label=label, phrase=phrase, twin=mine, negated=not self.negated
        )

    def holds(self, value: object, operand: object, *, kind: Kind, clock: Clock) -> bool:
        """Return whether it holds for a stored value as `kinds.stored` gives it."""
        if value is None:
            return self.negated
        if self.span is None:
            return self.holds_of(value, operand)
        first, last = self.ends(operand, kind=kind, clock=clock)
        return (first <= str(value) <= last) is not self.negated

    def is_span(self, operand: object) -> bool:
        """Return whether those that hold, the twin's aside, are all that lie between two ends."""
        return self.span is not None

    def ends(self, operand: object, *, kind: Kind, clock: Clock) -> tuple[str, str]:
        """Return the first and last stored value that hold, of an operator that is a span."""
        assert self.span is not None
        return _ends(self.span, kind, operand, clock)

    def moments(self, operand: object, *, clock: Clock) -> tuple[datetime, datetime]:
        """Return the first and last time that hold, of an operator that is a span."""
        assert self.span is not None
        line = Instants(clock)
        return line.moments(self.span(line, operand))

    def holds_of(self, value: object, operand: object) -> bool:
        """Return whether it holds, of an operator that reads no clock."""
        assert self.test is not None
        return self.negated if value is None else self.test(value, operand) is not self.negated

    def condition(
        self, subject: "Combinable | Members", operand: object, *, kind: Kind, clock: Clock
    ) -> Expression:
        """Return the same as a condition that is never NULL on a subject that may be."""
        if self.sql is not None:
            test = self.sql(subject, operand)
        else:
            assert self.span is not None
            test = _within(subject, self.span, kind, operand, clock)
        return never_null(test, negated=self.negated)


@dataclass(frozen=True, slots=True)
class Members:
    """The subject of an operator on lists: a key of a JSON column."""

    column: Combinable
    key: str

    def count(self, among: Iterable[str] | None = None) -> Expression:
        texts = None if among is None else tuple(sorted(folds(among)))
        return JsonMembers(self.column, key=self.key, among=texts)


@lru_cache(maxsize=2048)
def _ends(span: InSpan, kind: Kind, operand: object, clock: Clock) -> tuple[str, str]:
    line = Days(clock) if kind is Kind.DATE else Instants(clock)
    return line.texts(span(line, operand))


def _within(subject: Any, span: InSpan, kind: Kind, operand: object, clock: Clock) -> Expression:
    if isinstance(subject.output_field, DateTimeField):
        line = Instants(clock)
        moments = line.moments(span(line, operand))
        first, last = (Literal(moment, output_field=DateTimeField()) for moment in moments)
    else:
        first, last = map(text_literal, _ends(span, kind, operand, clock))
    return between(subject, first, last)


def text_literal(value: str) -> Literal:
    return Literal(value, output_field=TextField())
