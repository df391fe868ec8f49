"""Appending events, and the time a contact was last seen, by one statement each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from apps.contacts.models import Contact, Event
from apps.core import rows

EVENT = ("contact_id", "name", "occurred_at", "received_at", "properties", "message_id")


def append(events: Iterable[Event]) -> list[Event]:
    """Insert the events whose message id is new; return those, now with their key.

    Another transaction that is writing the same message id is waited for. Callers hold the
    contacts' locks and say what changed by `facts_written`.
    """
    by_message = {event.message_id: event for event in events}
    values = (
        [getattr(by_message[message_id], name) for name in EVENT]
        for message_id in sorted(by_message)  # two who write the same ones never cross
    )
    found = rows.insert(Event, EVENT, values, unless="message_id", returning=("id", "message_id"))
    for pk, message_id in found:
        by_message[message_id].pk = pk
    return [by_message[message_id] for _, message_id in found]


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
    cast = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    seen = ", ".join([f"(%s, {cast})"] * len(latest))
    params: list[Any] = [part for pair in latest.items() for part in pair]
    rows.run(
        f"WITH seen (id, at) AS (VALUES {seen}) UPDATE {rows.table(Contact)} SET last_seen_at ="
        " seen.at FROM seen WHERE contacts_contact.id = seen.id AND"
        " (last_seen_at IS NULL OR last_seen_at < seen.at)",
        params,
        answers=False,
    )
