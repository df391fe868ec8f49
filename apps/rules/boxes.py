"""Spans that come again every year, as a few conditions on the text of a value.

A date's or time's canonical text is its year and the rest. Cut at the turn of the years, spans
of different years have the same rest, but for summer time and the 29th of February: a box is
such a rest with all its years.
"""

from collections.abc import Iterable, Mapping
from functools import reduce

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, CharField, Expression, Func, TextField
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from apps.rules.expressions import Sql, between, compared, one_of

Rest = tuple[str, str]  # the first and the last, both included
FIRST, LAST = "", "~"  # before and after whatever may follow a year


class InstantText(Func):
    """A column of times as the canonical text of the kind datetime."""

    def __init__(self, column: Combinable) -> None:
        super().__init__(column, output_field=TextField())

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        return f"(SUBSTR(REPLACE({column}, ' ', 'T') || '.000000', 1, 26) || 'Z')", tuple(params)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        form = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
        return f"(TO_CHAR({column} AT TIME ZONE 'UTC', '{form}') COLLATE \"C\")", tuple(params)


def boxes(spans: Iterable[tuple[str, str]]) -> Mapping[Rest, list[str]]:
    """Return the years of each rest in which the spans, from text to text, hold."""
    found: dict[Rest, list[str]] = {}
    for first, last in spans:
        start, end = int(first[:4]), int(last[:4])
        for year in range(start, end + 1):
            low = first[5:] if year == start else FIRST
            high = last[5:] if year == end else LAST
            found.setdefault((low, high), []).append(f"{year:04}")
    return found


def in_boxes(text: Combinable, found: Mapping[Rest, list[str]]) -> Expression:
    """Return the condition that a text lies in one of the spans."""
    year = _part(text, 1, 4)
    rest = _part(text, 6, 32)
    parts = [
        # The rest first: it is what most values fail, and then the year is not looked at.
        compared(_lies(rest, low, high), "AND", one_of(year, [*map(_literal, sorted(set(years)))]))
        for (low, high), years in found.items()
    ]
    nothing: Expression = Literal(False, output_field=BooleanField())  # noqa: FBT003
    return reduce(lambda left, right: compared(left, "OR", right), parts, nothing)


def _lies(rest: Expression, low: str, high: str) -> Expression:
    return between(rest, _literal(low), _literal(high))


def _part(text: Combinable, start: int, length: int) -> Expression:
    return Func(text, Literal(start), Literal(length), function="SUBSTR", output_field=CharField())


def _literal(text: str) -> Literal:
    return Literal(text, output_field=CharField())
