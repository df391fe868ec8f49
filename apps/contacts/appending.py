"""Appending events, and the time a contact was last seen, by one statement each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection

from apps.contacts.models import Contact, Event
from apps.core import rows

EVENT = ("contact_id", "name", "occurred_at", "received_at", "properties", "message_id")


def append(events: Iterable[Sequence[Any]]) -> dict[str, int]:
    """Insert the events, given as `EVENT` has it, whose message id is new; return their keys.

    Another transaction that is writing the same message id is waited for. Callers hold the
    contacts' locks and say what changed by `facts_written`.
    """
    ordered = sorted(events, key=itemgetter(-1))  # two who write the same ones never cross
    returning = ("message_id", "id")
    return dict(rows.insert(Event, EVENT, ordered, unless="message_id", returning=returning))


def see(contact_id: int, at: datetime) -> bool:
    """Lock a contact that no other took over and note when it was seen; False where none is.

    An event that comes late does not put the time back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {rows.table(Contact)} SET last_seen_at ="
            " CASE WHEN last_seen_at >= %s THEN last_seen_at ELSE %s END"
            " WHERE id = %s AND merged_into_id IS NULL",
            [rows.adapted(at), rows.adapted(at), contact_id],
        )
        return bool(cursor.rowcount)


def see_many(latest: Mapping[int, datetime]) -> None:
    """Note when contacts were seen, all at once. Callers hold their locks."""
    if not latest:
        return
    types = {"id": "bigint", "at": "timestamp with time zone"}
    seen, params = rows.values(types, list(latest.items()))
    rows.run(
        f"WITH seen (id, at) AS ({seen}) UPDATE {rows.table(Contact)} SET last_seen_at = seen.at"
        " FROM seen WHERE contacts_contact.id = seen.id"
        " AND (last_seen_at IS NULL OR last_seen_at < seen.at)",
        params,
        answers=False,
    )
