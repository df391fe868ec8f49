"""Writing who moves straight from the statement that finds them, however many they are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.timezone import localdate

from apps.contacts.models import Contact
from apps.core.crashpoints import reached
from apps.rules.query import Sql
from apps.segments.models import Change, Membership, SizeNote, Transition
from apps.segments.signals import memberships_changed

Kind = Transition.Kind
Found = tuple[int, int, int]  # contact, segment, 1 where it belongs there
Dated = tuple[Sql, datetime]  # what finds who moves, and the moment at which they do


@dataclass(frozen=True, slots=True)
class Moved:
    entered: int
    departed: int


def move(found: Sequence[Dated], *, cause: str, now: datetime, quiet: bool) -> Moved:
    """Write what these statements find as memberships and transitions, and tell whoever listens.

    All at once, so that listeners lock whom they must in one order.

    The caller holds the contacts' buckets alone. Listeners get the transitions unread: most
    segments have no sequence, and nobody reads those rows.
    """
    _find(found)
    newest = Transition.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    moved = Moved(
        entered=_write_transitions(Kind.ENTERED, "due", cause),
        departed=_write_transitions(Kind.LEFT, "NOT due", cause),
    )
    if moved == Moved(0, 0):
        return moved
    _write_memberships()
    _note_sizes(now)
    reached("settle.before_signal")
    told = Transition.objects.filter(
        pk__gt=newest, cause=cause, contact__in=RawSQL("SELECT contact_id FROM moving", ())
    )
    memberships_changed.send(
        Membership,
        entered=told.filter(kind=Kind.ENTERED),
        left=told.filter(kind=Kind.LEFT),
        now=now,
        quiet=quiet,
    )
    return moved


def given(found: Sequence[Found]) -> Sql:
    """Return what finds just these, but for whoever was erased, or stands as found by now."""
    if connection.vendor == "postgresql":
        listed = (
            "unnest(%s::bigint[], %s::bigint[], %s::boolean[]) AS given (contact, segment, due)"
        )
        params = [f"{{{','.join(map(str, column))}}}" for column in zip(*found, strict=True)]
    else:
        columns = "value ->> 0 AS contact, value ->> 1 AS segment, value ->> 2 AS due"
        listed = f"(SELECT {columns} FROM json_each(%s)) AS given"
        params = [json.dumps(found)]
    return (
        f"SELECT contact AS contact_id, segment AS segment_id, due FROM {listed}"
        f" WHERE EXISTS (SELECT 1 FROM {_table(Contact)} AS there WHERE there.id = contact)"
        f" AND due <> EXISTS (SELECT 1 FROM {_table(Membership)} AS stored"
        " WHERE stored.segment_id = segment AND stored.contact_id = contact)"
    ), tuple(params)


def mark_moved(key: str, *, quiet: bool) -> None:
    """Mark everybody whom the last `move` of this transaction moved."""
    keys = "%s::jsonb" if connection.vendor == "postgresql" else "%s"
    _run(
        f"INSERT INTO {_table(Change)} (contact_id, keys, quiet, created_at)"
        f" SELECT contact_id, {keys}, %s, {_MOMENT[connection.vendor]}"
        " FROM (SELECT DISTINCT contact_id FROM moving) AS moved ORDER BY contact_id",
        f'["{key}"]',
        quiet,
        timezone.now(),
    )


def _find(found: Sequence[Dated]) -> None:
    """Keep who differs, and since when, for the statements that write it."""
    dropped = " ON COMMIT DROP" if connection.vendor == "postgresql" else ""
    _run("DROP TABLE IF EXISTS moving")
    into = f"CREATE TEMPORARY TABLE moving{dropped} AS"
    for (sql, params), at in found:
        dated = f"SELECT found.*, {_MOMENT[connection.vendor]} AS at FROM ({sql}) AS found"
        _run(f"{into} {dated}", at, *params)
        into = "INSERT INTO moving"


def _write_transitions(kind: Kind, who: str, cause: str) -> int:
    return _run(
        f"INSERT INTO {_table(Transition)} (segment_id, contact_id, kind, at, cause)"
        " SELECT segment_id, contact_id, %s, at, %s FROM moving"
        f" WHERE {who} ORDER BY contact_id, segment_id",
        kind.value,
        cause,
    )


def _write_memberships() -> None:
    table = _table(Membership)
    _run(
        f"DELETE FROM {table} WHERE id IN (SELECT stored.id FROM {table} AS stored JOIN moving"
        " ON moving.contact_id = stored.contact_id AND moving.segment_id = stored.segment_id"
        " WHERE NOT moving.due)"
    )
    _run(
        f"INSERT INTO {table} (segment_id, contact_id, since)"
        " SELECT segment_id, contact_id, at FROM moving WHERE due ORDER BY contact_id, segment_id"
    )


def _note_sizes(now: datetime) -> None:
    day = "%s::date" if connection.vendor == "postgresql" else "%s"
    _run(
        f"INSERT INTO {_table(SizeNote)} (segment_id, day, entered, departed, gone)"
        f" SELECT segment_id, {day}, SUM(CASE WHEN due THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN due THEN 0 ELSE 1 END), 0 FROM moving GROUP BY segment_id",
        localdate(now).isoformat(),
    )


_MOMENT = {"postgresql": "%s::timestamptz", "sqlite": "%s"}


def _run(sql: str, *params: Any) -> int:
    adapted = [
        connection.ops.adapt_datetimefield_value(param) if isinstance(param, datetime) else param
        for param in params
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, adapted)
        return int(cursor.rowcount)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
