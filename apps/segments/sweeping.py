"""Whom time may have moved: the slivers of all edges, looked up and marked by one statement.

The slivers go in as one JSON value, so the statement's text is always the same. On PostgreSQL
each is looked up by itself (LATERAL, and OFFSET 0 so that it stays so): joined freely, the
planner would rather read the whole table of events once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db import connection

from apps.contacts.models import Contact, DatedTrait, Event
from apps.rules.clock import Calendar
from apps.rules.edges import DateEdge, Edge, EventEdge
from apps.rules.edges import slivers as edge_slivers
from apps.rules.windows import NOW
from apps.segments.models import Change

COLUMNS = {f"contact.{name}": name for name in ("created_at", "last_seen_at")}
EVENTS, TRAITS, CONTACTS = (model._meta.db_table for model in (Event, DatedTrait, Contact))
Sliver = dict[str, str]  # mark, key, first, last


@dataclass(frozen=True, slots=True)
class Slivers:
    """What slid across the edges between two moments, by where it is looked up."""

    events: list[Sliver] = field(default_factory=list)
    traits: list[Sliver] = field(default_factory=list)
    created_at: list[Sliver] = field(default_factory=list)
    last_seen_at: list[Sliver] = field(default_factory=list)
    due: list[str] = field(default_factory=list)  # names of events


def slivers(
    edges: Iterable[Edge], *, since: datetime, until: datetime, calendar: Calendar
) -> Slivers:
    """Collect what each edge passed. An edge that passed nothing adds nothing.

    An event that had happened when it came was settled when it came: for the edge that is
    now only those dated in the future count.
    """
    found = Slivers()
    moving = []
    for edge in edges:
        if isinstance(edge, EventEdge) and edge.end == NOW:
            found.due.append(edge.event)
        else:
            moving.append(edge)
    for edge, passed in edge_slivers(moving, prev=since, now=until, calendar=calendar):
        key, place = _place(edge, found)
        for first, last in passed:
            place.append({"mark": edge.mark, "key": key, "first": _at(first), "last": _at(last)})
    return found


def mark_swept(
    found: Slivers, *, since: datetime, until: datetime, after: int, limit: int
) -> list[int]:
    """Mark whom the slivers hold, at most so many contacts beyond an id; return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(*statement(found, since=since, until=until, after=after, limit=limit))
        return [contact_id for (contact_id,) in cursor.fetchall()]


def statement(
    found: Slivers, *, since: datetime, until: datetime, after: int, limit: int
) -> tuple[str, list[str | int | bool]]:
    """Return the one statement that looks up and marks, and its parameters."""
    lists = (found.events, found.traits, found.created_at, found.last_seen_at, found.due)
    return _STATEMENT[connection.vendor], [
        *map(json.dumps, lists), _at(since), _at(until), after, limit, False, _at(until)
    ]  # fmt: skip


def _place(edge: Edge, found: Slivers) -> tuple[str, list[Sliver]]:
    match edge:
        case EventEdge(event):
            return event, found.events
        case DateEdge(trait) if trait in COLUMNS:
            return trait, found.created_at if trait == "contact.created_at" else found.last_seen_at
        case DateEdge(trait):
            return trait, found.traits


@lru_cache(maxsize=4096)
def _at(moment: datetime) -> str:
    """Return a moment in the text that the database compares its columns with."""
    return str(connection.ops.adapt_datetimefield_value(moment))


def _postgres(table: str, at: str, *, contact: str = "contact_id", key: str = "") -> str:
    same = f"{key} = s.key AND " if key else ""
    return f"""
    SELECT f.id, s.mark
    FROM jsonb_to_recordset(%s::jsonb)
        AS s(mark text, key text, first timestamptz, last timestamptz)
    CROSS JOIN LATERAL (
        SELECT {contact} AS id FROM {table}
        WHERE {same}{at} >= s.first AND {at} <= s.last OFFSET 0
    ) AS f"""  # noqa: S608  names of tables and columns


def _sqlite(table: str, at: str, *, contact: str = "contact_id", key: str = "") -> str:
    same = f"f.{key} = s.value ->> 'key' AND " if key else ""
    return f"""
    SELECT f.{contact} AS id, s.value ->> 'mark' AS mark
    FROM json_each(%s) AS s CROSS JOIN {table} AS f
    WHERE {same}f.{at} >= s.value ->> 'first' AND f.{at} <= s.value ->> 'last'"""  # noqa: S608


_LOOKUP = {"postgresql": _postgres, "sqlite": _sqlite}
_NAMES = {
    "postgresql": "SELECT jsonb_array_elements_text(%s::jsonb)",
    "sqlite": "SELECT value FROM json_each(%s)",
}
_KEYS = {"postgresql": "jsonb_agg(DISTINCT mark)", "sqlite": "json_group_array(DISTINCT mark)"}


def _statement(vendor: str) -> str:
    """Write the statement. The name of what is due is no column, lest an index on it is taken."""
    lookup = _LOOKUP[vendor]
    parts = [
        lookup(EVENTS, "occurred_at", key="name"),
        lookup(TRAITS, "at", key="key"),
        lookup(CONTACTS, "created_at", contact="id"),
        lookup(CONTACTS, "last_seen_at", contact="id"),
        f"""
    SELECT contact_id AS id, 'event:' || name AS mark FROM {EVENTS}
    WHERE occurred_at > received_at AND (name || '') IN ({_NAMES[vendor]})
        AND occurred_at > %s AND occurred_at <= %s""",  # noqa: S608
    ]
    union = "\n    UNION ALL".join(parts)
    return f"""
WITH swept AS (
    SELECT id, {_KEYS[vendor]} AS keys
    FROM ({union}
    ) AS passed
    WHERE id > %s GROUP BY id ORDER BY id LIMIT %s
)
INSERT INTO {Change._meta.db_table} (contact_id, keys, quiet, created_at)
SELECT id, keys, %s, %s FROM swept ORDER BY id
RETURNING contact_id"""  # noqa: S608


_STATEMENT = {vendor: _statement(vendor) for vendor in _LOOKUP}
