"""Which contacts a statement looks at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Model, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from apps.rules.expressions import Sql

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts to look at: these, those between two ids with both ends, or all."""

    ids: tuple[int, ...] | None = None
    first: int | None = None
    last: int | None = None

    def of(self, rows: QuerySet[Row], column: str) -> QuerySet[Row]:
        """Return the rows of these contacts."""
        if self.ids is not None:
            return rows.filter(_Among(F(column), self.ids))
        if self.first is not None:
            rows = rows.filter(**{f"{column}__gte": self.first})
        if self.last is not None:
            rows = rows.filter(**{f"{column}__lte": self.last})
        return rows


EVERYBODY = Scope()


class _Among(Func):
    """Whether a key is among these, which go in as one parameter however many they are."""

    def __init__(self, key: Combinable, keys: tuple[int, ...]) -> None:
        super().__init__(key, output_field=BooleanField())
        self.keys = ", ".join(map(str, keys))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"({sql} IN (SELECT value FROM JSON_EACH(%s)))", (*params, f"[{self.keys}]")

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"({sql} = ANY (%s::bigint[]))", (*params, f"{{{self.keys}}}")


_ROOMY = """
SELECT set_config('work_mem', '128MB', true), set_config('enable_nestloop', 'off', true),
    set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', %s, true)
"""


@contextmanager
def roomy(*, helpers: int = 0) -> Iterator[None]:
    """Let PostgreSQL work on a whole population: in memory, by hashes, as it stands.

    It cannot know how many a rule will hold for; where it thinks of few, it would go through
    a grouped table once for each of many. Each of several workers may group the same table
    anew, so more than one `helper` is slower than one, and none leaves most to other people.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ROOMY, [str(helpers)])
        yield
