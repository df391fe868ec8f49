"""Writing rows by one statement, where making a model of each would cost more than the write."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection
from django.db.models import Model

BATCH = 500  # rows a statement: SQLite takes 32,766 parameters at most


def insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unless: str = "",
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert rows of plain values and return what is asked for of those inserted.

    Rows that meet another with the same value of the unique column `unless` are left out.
    No signal is sent.
    """
    listed = list(rows)
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(listed), BATCH):
        some = listed[start : start + BATCH]
        marks = f"({', '.join(['%s'] * len(columns))})"
        sql = f"INSERT INTO {table(model)} ({_listed(columns)})"
        sql += f" VALUES {', '.join([marks] * len(some))}"
        if unless:
            sql += f" ON CONFLICT ({_quoted(unless)}) DO NOTHING"
        if returning:
            sql += f" RETURNING {_listed(returning)}"
        found += run(sql, [value for row in some for value in row], answers=bool(returning))
    return found


def store(objects: Sequence[Model], columns: Sequence[str]) -> None:
    """Insert these objects of one model, and give them their keys."""
    if not objects:
        return
    values = ([getattr(one, name) for name in columns] for one in objects)
    found = insert(type(objects[0]), columns, values, returning=("id",))
    for one, (pk,) in zip(objects, found, strict=True):
        one.pk = pk


def run(sql: str, params: Iterable[Any] = (), *, answers: bool = True) -> list[tuple[Any, ...]]:
    """Execute a statement of ours with plain values; return the rows it answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapted(value) for value in params])
        return cursor.fetchall() if answers else []


def adapted(value: Any) -> Any:
    """Return a plain value as the database's driver takes it; a dict or a list is JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dict | list):
        return connection.ops.adapt_json_value(value, None)
    return value


def table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
