"""Who would move by an edit: the difference of a rebuild, into a table that is gone afterwards.

All that is asked about them is asked of that table (`models.Foreseen`), so everybody is
compared once, and nobody is held up meanwhile.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from apps.core import rows
from apps.rules.query import Sql
from apps.segments.difference import differences
from apps.segments.dry_run.edits import Edit
from apps.segments.models import Foreseen, Membership
from apps.segments.scope import roomy
from apps.segments.settling import effective_now

TABLE = Foreseen._meta.db_table


@contextmanager
def foreseen(edit: Edit, *, now: datetime) -> Iterator[None]:
    """Let `Foreseen` have a row for everybody who would enter or leave, while the block lasts.

    What an error leaves behind, the next one on this connection drops.
    """
    with _table():
        _compare(edit, now=effective_now(now))
        _index()
        yield


@contextmanager
def as_foreseen(moves: Iterable[tuple[int, int, bool]]) -> Iterator[None]:
    """Let `Foreseen` have these rows: contact, segment, whether it enters."""
    with _table():
        schema = _TEMPORARY[connection.vendor]
        rows.insert(Foreseen, ("contact_id", "segment_id", "due"), moves, schema=schema)
        _index()
        yield


@contextmanager
def _table() -> Iterator[None]:
    _run(f"DROP TABLE IF EXISTS {TABLE}")
    _run(f"CREATE TEMPORARY TABLE {TABLE} (contact_id bigint, segment_id bigint, due boolean)")
    yield
    _run(f"DROP TABLE {TABLE}")


def counted() -> dict[tuple[int, bool], int]:
    """Return how many enter (True) and leave each segment."""
    found = Foreseen.objects.values_list("segment_id", "due").annotate(number=Count("*"))
    return {(segment_id, bool(due)): number for segment_id, due, number in found}


def _compare(edit: Edit, *, now: datetime) -> None:
    with roomy(helpers=1):  # somebody waits for it
        for sql, params in _differences(edit, now=now):
            _run(f"INSERT INTO {_TEMPORARY[connection.vendor]}.{TABLE} {sql}", params)


_TEMPORARY = {"postgresql": "pg_temp", "sqlite": "temp"}


def _index() -> None:
    _run(f"CREATE INDEX foreseen_contact ON {TABLE} (contact_id)")
    if connection.vendor == "postgresql":
        _run(f"ANALYZE {TABLE}")


def _differences(edit: Edit, *, now: datetime) -> Iterator[Sql]:
    yield from differences(edit.changing, edit.after, now)
    if edit.is_taken_off_line:
        yield _ALL_LEAVE, (edit.pk,)


_ALL_LEAVE = f"""
SELECT contact_id, segment_id, FALSE FROM {rows.table(Membership)} WHERE segment_id = %s
"""  # noqa: S608


def _run(sql: str, params: tuple[Any, ...] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
