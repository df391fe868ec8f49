"""Rows by statements of ours, where the ORM would take longer than the database does."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import CharField, Model
from django.db.models.expressions import Col

Row = TypeVar("Row", bound=Model)
Converter = Callable[..., Any]
BATCH = 500  # rows a statement: SQLite takes 32,766 parameters at most
FEW = 10  # rows that PostgreSQL plans sooner as values


def insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unless: str = "",
    returning: Sequence[str] = (),
    schema: str = "",
) -> list[tuple[Any, ...]]:
    """Insert rows of plain values and return what is asked for of those inserted.

    Rows that meet another with the same value of the unique column `unless` are left out.
    No signal is sent.
    """
    types = _types(model, columns)
    listed = list(rows)
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(listed), BATCH):
        given, params = values(types, listed[start : start + BATCH])
        sql = f"INSERT INTO {schema and f'{schema}.'}{table(model)} ({_columns(columns)}) {given}"
        if unless:
            sql += f" ON CONFLICT ({_quoted(unless)}) DO NOTHING"
        if returning:
            sql += f" RETURNING {_columns(returning)}"
        found += run(sql, params, answers=bool(returning))
    return found


def values(types: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Return rows as a table of these columns, in the order given, and its parameters.

    To PostgreSQL many go as one document: its driver takes ten times as long over as many
    parameters as there are values.
    """
    if connection.vendor == "postgresql" and len(rows) > FEW:
        document = [dict(zip(types, row, strict=True)) for row in rows]
        defined = ", ".join(f"{_quoted(name)} {type_}" for name, type_ in types.items())
        sql = f"SELECT {_columns(types)} FROM jsonb_to_recordset(%s::jsonb) AS given ({defined})"
        return sql, [json.dumps(document, default=_written)]
    one = f"({', '.join(f'CAST(%s AS {type_})' for type_ in types.values())})"
    if connection.vendor == "sqlite":  # takes values as they are; a cast to datetime is to a number
        one = f"({', '.join(['%s'] * len(types))})"
    sql = f"VALUES {', '.join([one] * len(rows))}"
    return sql, [adapted(value) for row in rows for value in row]


def store(objects: Sequence[Model], columns: Sequence[str]) -> None:
    """Insert these objects of one model, and give them their keys."""
    if not objects:
        return
    given = ([getattr(one, name) for name in columns] for one in objects)
    found = insert(type(objects[0]), columns, given, returning=("id",))
    for one, (pk,) in zip(objects, found, strict=True):
        one.pk = pk


def run(sql: str, params: Iterable[Any] = (), *, answers: bool = True) -> list[tuple[Any, ...]]:
    """Execute a statement of ours with plain values; return the rows it answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapted(value) for value in params])
        return cursor.fetchall() if answers else []


def made(model: type[Row], names: tuple[str, ...], values: Sequence[Any]) -> Row:
    """Return the object of a row; `names` are those of its fields, in their order, not all."""
    read = list(values)
    for place, column, converters in _converters(model, names, connection.vendor):
        for converter in converters:
            read[place] = converter(read[place], column, connection)
    return model.from_db(connection.alias, names, read)


@lru_cache
def _converters(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> list[tuple[int, Col, list[Converter]]]:
    """Return what makes Python's values of a database's, by place, where anything does."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    columns = [fields[name].get_col(model._meta.db_table) for name in names]
    found = [
        (
            place,
            column,
            [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)],
        )
        for place, column in enumerate(columns)
    ]
    return [one for one in found if one[2]]


def moment(value: Any) -> datetime:
    """Return a time as a model would have it, of one that the driver gave."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)  # as SQLite keeps it


def listed(keys: Iterable[int]) -> str:
    """Write keys of ours as SQL."""
    return ", ".join([str(int(key)) for key in keys])


def adapted(value: Any) -> Any:
    """Return a plain value as the database's driver takes it; a dict or a list is JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dict | list):
        return connection.ops.adapt_json_value(value, None)
    return value


def _types(model: type[Model], columns: Iterable[str]) -> dict[str, str]:
    """Return the type of each column; of a text without its length, to which a cast would cut."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    return {
        name: "text"
        if isinstance(fields[name], CharField)
        else fields[name].db_type(connection) or "text"
        for name in columns
    }


def _written(value: object) -> str:
    """Return what JSON has no form for."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no plain value")


def table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _columns(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
