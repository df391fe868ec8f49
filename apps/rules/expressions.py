"""The SQL under the operators: comparisons, numbers, times and folded texts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, runtime_checkable

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    F,
    FloatField,
    Func,
    TextField,
)
from django.db.models import Value as Literal
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.sql.compiler import SQLCompiler

from apps.rules.exact import LATER, sortable
from apps.rules.fold import FUNCTION, folds, spellings

Sql = tuple[str, tuple[str | int, ...]]
Values = dict[str, Expression | F]

MOST_SPELLINGS = 64  # that a text is compared with, rather than folded


class OneOf(Func):
    """Whether the first is among the rest. The list is no expression of its own: Django would
    group by it.
    """

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        subject, *values = (compiler.compile(part) for part in self.source_expressions)
        listed = ", ".join(sql for sql, _ in values)
        params = [param for _, given in (subject, *values) for param in given]
        return f"({subject[0]} IN ({listed}))", tuple(params)


class Number(Func):
    """A number as a double, read by the database's own parser as the stored ones are.

    SQLite's parser may be off by one in the last place; so both sides are, alike. A decimal
    is what an exact sum is compared with.
    """

    def __init__(self, number: int | float | Decimal) -> None:
        exact = isinstance(number, Decimal)
        super().__init__(output_field=TextField() if exact else FloatField())
        self.number = number

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        if isinstance(self.number, Decimal):
            return "%s", (sortable(self.number),)
        return "CAST(%s AS REAL)", (repr(self.number),)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        if isinstance(self.number, Decimal):
            return "%s::numeric", (f"{self.number:f}",)
        if isinstance(self.number, int):
            return "%s::bigint", (self.number,)  # compared with a count, without a cast of each
        return "%s::float8", (repr(self.number),)

    def get_group_by_cols(self) -> list[BaseExpression]:
        return []  # a constant


class Later(Func):
    """The time that is so much later than another."""

    def __init__(self, moment: Combinable, delta: timedelta) -> None:
        super().__init__(moment, output_field=DateTimeField())
        self.delta = delta

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{LATER}({sql}, %s)", (*params, self.delta // timedelta(microseconds=1))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        length = f"{self.delta // timedelta(microseconds=1)} microseconds"  # never days or months
        return f"({sql} + %s::interval)", (*params, length)


class Column(Expression):
    """A value that an inner query works out once, by its name there.

    `used` collects the values that are asked for: the columns the inner query must have.
    """

    def __init__(
        self, name: str, value: Expression | F | None = None, used: Values | None = None
    ) -> None:
        super().__init__(output_field=value.output_field if isinstance(value, Expression) else None)
        self.name = name
        self.value = value
        self.used = used

    def folded(self) -> "Column":
        assert self.value is not None
        return Column(f"{self.name}_folded", folded(self.value), self.used)

    def lowered(self) -> "Column":
        assert self.value is not None
        return Column(f"{self.name}_lowered", lowered(self.value), self.used)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        if self.used is not None and self.value is not None:
            self.used[self.name] = self.value
        return f'"{self.name}"', ()


class Folded(Func):
    """A text as `fold` has it. Of a plain column ASCII is folded without a call."""

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        sql, params = self.as_sql(compiler, connection)
        if params:  # it is looked for in a document: worth doing once
            return sql, tuple(params)
        text, _none = compiler.compile(self.source_expressions[0])
        is_ascii = f"OCTET_LENGTH({text}) = CHAR_LENGTH({text})"
        return f'CASE WHEN {is_ascii} THEN LOWER({text} COLLATE "C") ELSE {sql} END', ()


def folded(text: Combinable) -> Expression:
    if isinstance(text, Column):
        return text.folded()
    return Folded(text, function=FUNCTION, output_field=TextField())


class Lowered(Func):
    """A text with the capitals of ASCII in lower case, and nothing else."""

    function = "LOWER"

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f'LOWER({sql} COLLATE "C")', tuple(params)


@runtime_checkable
class Lowering(Protocol):
    """What knows best how it is brought to lower case."""

    def lowered(self) -> Expression: ...


def lowered(text: Combinable) -> Expression:
    if isinstance(text, Lowering):
        return text.lowered()
    return Lowered(text, output_field=TextField())


def is_among(text: Combinable, wanted: Iterable[str]) -> Expression:
    """Test whether a text is one of these, but for case by full Unicode."""
    texts = folds(wanted)
    spelled = spellings(texts, most=MOST_SPELLINGS)
    if spelled is None:
        return one_of(folded(text), [*map(text_literal, sorted(texts))])
    return one_of(lowered(text), [*map(text_literal, sorted(spelled))])


def text_literal(value: str) -> Literal:
    return Literal(value, output_field=TextField())


def filled(column: Combinable) -> Expression:
    """Return a text column with the empty text as NULL."""
    return Func(
        column,
        function="NULLIF",
        template="%(function)s(%(expressions)s, '')",
        output_field=CharField(),
    )


def compared(left: Combinable, symbol: str, right: Combinable) -> Expression:
    return Func(left, right, template="(%(expressions)s)", arg_joiner=f" {symbol} ",
                output_field=BooleanField())  # fmt: skip


def between(subject: Combinable, low: Combinable, high: Combinable) -> Expression:
    """Test against two ends, both included."""
    start = Func(
        subject,
        low,
        template="%(expressions)s",
        arg_joiner=" BETWEEN ",
        output_field=BooleanField(),
    )
    return compared(start, "AND", high)


def one_of(subject: Combinable, values: Sequence[Combinable]) -> Expression:
    return OneOf(subject, *values, output_field=BooleanField())


def like(subject: Combinable, pattern: str) -> Expression:
    r"""Match a LIKE pattern whose special characters are escaped by `\`."""
    return Func(subject, Literal(pattern), template=r"(%(expressions)s ESCAPE '\')",
                arg_joiner=" LIKE ", output_field=BooleanField())  # fmt: skip


def present(subject: Combinable) -> Expression:
    return Func(subject, template="(%(expressions)s IS NOT NULL)", output_field=BooleanField())


def never_null(condition: Combinable, *, negated: bool) -> Expression:
    """Return the condition, or its exact complement, with unknown taken as false.

    Not by COALESCE: the planner would no longer see how many rows the condition selects.
    """
    template = f"((%(expressions)s) IS {'NOT ' if negated else ''}TRUE)"
    return Func(condition, template=template, output_field=BooleanField())
