"""The SQL under the operators: reading a key of a JSON column by type, on both databases.

A stored value of another JSON type than asked for reads as NULL, before any cast, so no row
can make a query fail. Keys are parameters and always mean the key of an object: "0" is no
array index, and quotes, dots, backslashes and `$` have no meaning.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    F,
    Field,
    FloatField,
    Func,
    JSONField,
    Q,
    TextField,
)
from django.db.models import Value as Literal
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.sql.compiler import SQLCompiler

from apps.rules.exact import LATER, SUM, sortable
from apps.rules.fold import FUNCTION
from apps.rules.kinds import MAX_NUMBER, Kind

Sql = tuple[str, tuple[str | int, ...]]
Values = dict[str, Expression | F]

# SQLite cannot address every key by a path: it ends a quoted name at the first quote and
# compares what is inside with the escaped text. All other keys are looked for by json_each.
_PATH_KEY = re.compile(r"[ !#-\[\]-~]+")

_DIGITS = "[0-9]"
_DAY_GLOB = f"{_DIGITS * 4}-{_DIGITS * 2}-{_DIGITS * 2}"
_TIME_GLOB = f"{_DAY_GLOB}T{_DIGITS * 2}:{_DIGITS * 2}:{_DIGITS * 2}.{_DIGITS * 6}Z"
_DAY_REGEX = "^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_TIME_REGEX = f"{_DAY_REGEX}T[0-9]{{{{2}}}}:[0-9]{{{{2}}}}:[0-9]{{{{2}}}}[.][0-9]{{{{6}}}}Z$"

_SQLITE_TEXT = "CASE WHEN {type} = 'text' THEN NULLIF({value}, '') END"
_SQLITE: dict[Kind | None, str] = {
    Kind.TEXT: _SQLITE_TEXT,
    Kind.CHOICE: _SQLITE_TEXT,
    Kind.NUMBER: (
        "CASE WHEN {type} IN ('integer', 'real')"
        f" AND {{value}} BETWEEN -{MAX_NUMBER} AND {MAX_NUMBER}"
        " THEN CAST({value} AS REAL) END"
    ),
    Kind.BOOLEAN: "CASE {type} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    Kind.DATE: f"CASE WHEN {{type}} = 'text' AND {{value}} GLOB '{_DAY_GLOB}' THEN {{value}} END",
    Kind.DATETIME: (
        f"CASE WHEN {{type}} = 'text' AND {{value}} GLOB '{_TIME_GLOB}' THEN {{value}} END"
    ),
    None: (
        "CASE WHEN {type} = 'null' OR ({type} = 'text' AND {value} = '')"
        " OR ({type} = 'array' AND {value} = '[]') THEN NULL ELSE {type} END"
    ),
}

_POSTGRES_TEXT = "CASE WHEN jsonb_typeof({node}) = 'string' THEN NULLIF({text}, '') END"
_POSTGRES: dict[Kind | None, str] = {
    Kind.TEXT: _POSTGRES_TEXT,
    Kind.CHOICE: _POSTGRES_TEXT,
    # The smallest number a float holds stands before the cast: below it PostgreSQL fails.
    Kind.NUMBER: (
        "CASE WHEN jsonb_typeof({node}) <> 'number' THEN NULL"
        f" WHEN abs({{text}}::numeric) > {MAX_NUMBER} THEN NULL"
        " WHEN abs({text}::numeric) < 2.4703282292062328e-324 THEN 0"
        " ELSE {text}::float8 END"
    ),
    Kind.BOOLEAN: "CASE WHEN jsonb_typeof({node}) = 'boolean' THEN {text}::boolean END",
    Kind.DATE: (
        "(CASE WHEN jsonb_typeof({node}) = 'string'"
        f' AND {{text}} COLLATE "C" ~ \'{_DAY_REGEX}$\' THEN {{text}} END) COLLATE "C"'
    ),
    Kind.DATETIME: (
        "(CASE WHEN jsonb_typeof({node}) = 'string'"
        f' AND {{text}} COLLATE "C" ~ \'{_TIME_REGEX}\' THEN {{text}} END) COLLATE "C"'
    ),
    None: "NULLIF(NULLIF(NULLIF({node}, 'null'), '\"\"'), '[]')",
}

# By way of a double where there are more digits than one holds for sure: Python read it so.
_POSTGRES_EXACT = (
    "CASE WHEN jsonb_typeof({node}) <> 'number' THEN NULL"
    f" WHEN abs({{node}}::numeric) > {MAX_NUMBER} THEN NULL"
    " WHEN length({text}) <= 16 THEN {node}::numeric"
    " WHEN abs({node}::numeric) < 2.4703282292062328e-324 THEN 0"
    " ELSE {text}::float8::text::numeric END"
)

_SQLITE_TEXTS = (
    "(SELECT JSON_GROUP_ARRAY(tidemark_fold(value))"
    " FROM JSON_EACH(CASE WHEN {type} = 'array' THEN {value} ELSE '[]' END)"
    " WHERE type = 'text' AND value <> '')"
)
_POSTGRES_TEXTS = (
    "ARRAY(SELECT tidemark_fold(item.value #>> '{{}}')"
    " FROM jsonb_array_elements(CASE WHEN jsonb_typeof({node}) = 'array' THEN {node}"
    " ELSE '[]'::jsonb END) AS item WHERE jsonb_typeof(item.value) = 'string'"
    " AND item.value <> '\"\"'::jsonb)"
)

_FIELDS: dict[Kind | None, type[Field[object, object]]] = {
    Kind.NUMBER: FloatField,
    Kind.BOOLEAN: BooleanField,
    None: JSONField,
}


class JsonValue(Func):
    """The value at a key of a JSON object, or NULL where it is missing or of another type.

    The twin of `kinds.stored`. Dates and times come as their canonical text; kind None gives
    something that is not NULL where there is a value of any type.
    """

    def __init__(self, column: Combinable, *, key: str, kind: Kind | None) -> None:
        super().__init__(column, output_field=_FIELDS.get(kind, TextField)())
        self.key = key
        self.kind = kind

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_SQLITE[self.kind], **_sqlite_pieces(column, self.key))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_POSTGRES[self.kind], **_postgres_pieces(column, self.key))


class JsonTexts(Func):
    """The folded texts of a JSON list, never NULL: a text[], on SQLite a list as JSON."""

    def __init__(self, column: Combinable, *, key: str) -> None:
        super().__init__(column, output_field=TextField())
        self.key = key

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_SQLITE_TEXTS, **_sqlite_pieces(column, self.key))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_POSTGRES_TEXTS, **_postgres_pieces(column, self.key))


class HasTexts(Func):
    """Whether folded texts (`JsonTexts`) have any of these, all of them, or are some at all."""

    def __init__(
        self, texts: Combinable, *, among: Sequence[str] | None, whole: bool = False
    ) -> None:
        super().__init__(texts, output_field=BooleanField())
        self.among = among
        self.whole = whole

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        texts = compiler.compile(self.source_expressions[0])
        if self.among is None:
            return _fill("(JSON_ARRAY_LENGTH({texts}) > 0)", texts=texts)
        listed = ", ".join(["%s"] * len(self.among)), tuple(self.among)
        enough = f"= {len(self.among)}" if self.whole else "> 0"
        counted = "(SELECT COUNT(DISTINCT value) FROM JSON_EACH({texts}) WHERE value IN ({listed}))"
        return _fill(f"({counted} {enough})", texts=texts, listed=listed)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        texts = compiler.compile(self.source_expressions[0])
        if self.among is None:
            return _fill("(CARDINALITY({texts}) > 0)", texts=texts)
        listed = f"ARRAY[{', '.join(['%s'] * len(self.among))}]::text[]", tuple(self.among)
        return _fill(f"({{texts}} {'@>' if self.whole else '&&'} {{listed}})", texts=texts,
                     listed=listed)  # fmt: skip


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
        return "%s::float8", (repr(self.number),)

    def get_group_by_cols(self) -> list[BaseExpression]:
        return []  # a constant


class Addends(Func):
    """What an exact sum adds up, on SQLite as the two arguments of its function."""

    def __init__(self, column: Combinable, *, key: str) -> None:
        super().__init__(column, output_field=TextField())
        self.key = key

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql}, %s", (*params, self.key)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_POSTGRES_EXACT, **_postgres_pieces(column, self.key))


class ExactSum(Aggregate):
    """The sum of the numbers at a key of a JSON object, exactly; to compare with `Number`.

    The twin of `exact.total`. What it returns is a matter of each database.
    """

    function = "SUM"

    def __init__(self, column: Combinable, *, key: str, of: Q | None = None) -> None:
        super().__init__(Addends(column, key=key), filter=of, output_field=TextField())

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function=SUM)


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

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        if self.used is not None and self.value is not None:
            self.used[self.name] = self.value
        return f'"{self.name}"', ()


def folded(text: Combinable) -> Expression:
    if isinstance(text, Column):
        return text.folded()
    return Func(text, function=FUNCTION, output_field=TextField())


def filled(column: Combinable) -> Expression:
    """Return a text column with the empty text as NULL."""
    return Func(column, Literal(""), function="NULLIF", output_field=CharField())


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


def _sqlite_pieces(column: Sql, key: str) -> dict[str, Sql]:
    sql, params = column
    if _PATH_KEY.fullmatch(key):
        at = (*params, f'$."{key}"')
        return {"type": (f"JSON_TYPE({sql}, %s)", at), "value": (f"JSON_EXTRACT({sql}, %s)", at)}
    entry = (f"FROM JSON_EACH({sql}) WHERE key = %s", (*params, key))
    return {
        "type": _fill("(SELECT type {entry})", entry=entry),
        "value": _fill("(SELECT value {entry})", entry=entry),
    }


def _postgres_pieces(column: Sql, key: str) -> dict[str, Sql]:
    sql, params = column
    at = (*params, key)
    return {"node": (f"({sql} -> %s::text)", at), "text": (f"({sql} ->> %s::text)", at)}


def _fill(template: str, **pieces: Sql) -> Sql:
    """Put pieces of SQL in their places, and their parameters in the same order."""
    sql: list[str] = []
    params: list[str | int] = []
    for text, name, _, _ in Formatter().parse(template):
        sql.append(text)
        if name is not None:
            sql.append(pieces[name][0])
            params.extend(pieces[name][1])
    return "".join(sql), tuple(params)
