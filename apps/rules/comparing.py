"""What an operator is, and how the one row of it is read in memory and as SQL."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import DateTimeField, Expression
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable

from apps.rules.boxes import InstantText, boxes, in_boxes
from apps.rules.clock import Clock
from apps.rules.expressions import between, compared, never_null, text_literal
from apps.rules.inlining import Inline
from apps.rules.json_values import JsonValue
from apps.rules.kinds import Kind
from apps.rules.lines import Instants, Line, line_of
from apps.rules.operands import Shape
from apps.rules.windows import Window

Test = Callable[[Any, Any], bool]  # (stored value, operand): does the condition hold
Sql = Callable[[Any, Any], Expression]  # (subject, operand): the same, as a condition
Proof = Callable[[Any, Any], Any]  # (subject of the solver, operand): the same, as a formula


@dataclass(frozen=True, slots=True)
class Twin:
    name: str
    label: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator on values of some kinds.

    `phrase` follows the name of what is compared; {is} is its verb, {value} the operand.
    A date operator gives the `window` of those that hold instead of `test`, `sql` and `proof`.
    `inline` is the test again as `compiling` writes it; without it a condition is tested as it
    is here. `proof` is the formula of what holds, on the subjects of the solver.
    """

    name: str
    kinds: tuple[Kind, ...]
    shape: Shape
    label: str
    phrase: str
    test: Test | None = None
    inline: Inline | None = None
    sql: Sql | None = None
    proof: Proof | None = None
    window: Callable[[Any], Window] | None = None
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
        if self.window is None:
            return self.holds_of(value, operand)
        return _inside(str(value), self.window(operand), kind, clock) is not self.negated

    def is_span(self, operand: object) -> bool:
        """Return whether those that hold, the twin's aside, are all that lie between two ends."""
        return self.window is not None and not self.window(operand).recurs

    def ends(self, operand: object, *, kind: Kind, clock: Clock) -> tuple[str, str]:
        """Return the first and last stored value that hold, of an operator that is a span."""
        assert self.window is not None
        (ends,) = _ends(self.window(operand), kind, clock, None)
        return ends

    def moments(self, operand: object, *, clock: Clock) -> tuple[datetime, datetime]:
        """Return the first and last time that hold, of an operator that is a span."""
        assert self.window is not None
        line = Instants(clock)
        (span,) = self.window(operand).spans(line)
        return line.moments(span)

    def holds_of(self, value: object, operand: object) -> bool:
        """Return whether it holds, of an operator that reads no clock."""
        assert self.test is not None
        return self.negated if value is None else self.test(value, operand) is not self.negated

    def condition(
        self, subject: Combinable, operand: object, *, kind: Kind, clock: Clock
    ) -> Expression:
        """Return the same as a condition that is never NULL on a subject that may be."""
        parts = subject.apart() if isinstance(subject, JsonValue) else None
        text, check = parts or (subject, None)
        if self.sql is not None:
            test = self.sql(text, operand)
        else:
            assert self.window is not None
            test = _within(text, self.window(operand), line_of(kind, clock))
        if check is not None:
            test = compared(test, "AND", check)
        return never_null(test, negated=self.negated)


def _inside(text: str, window: Window, kind: Kind, clock: Clock) -> bool:
    year = int(text[:4]) if window.recurs else None
    return any(first <= text <= last for first, last in _ends(window, kind, clock, year))


@lru_cache(maxsize=2048)
def _ends(
    window: Window, kind: Kind, clock: Clock, year: int | None
) -> tuple[tuple[str, str], ...]:
    line = line_of(kind, clock)
    return tuple(map(line.texts, window.spans(line, year=year)))


def _within(subject: Any, window: Window, line: Line) -> Expression:
    of_column = isinstance(subject.output_field, DateTimeField)
    if window.recurs:
        text = InstantText(subject) if of_column else subject
        return in_boxes(text, boxes(map(line.texts, window.spans(line))))
    (span,) = window.spans(line)
    ends: Iterable[Expression]
    if of_column:
        ends = (Literal(end, output_field=DateTimeField()) for end in line.moments(span))
    else:
        ends = map(text_literal, line.texts(span))
    return between(subject, *ends)
