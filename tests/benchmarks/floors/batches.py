"""Many events, and many contacts that time has moved, in batches of 500 by hand.

One transaction a batch: the contacts locked in id order, their events written, and one
statement that works out every condition from one row of features for each contact and writes
the difference.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connection, transaction

from tests.benchmarks.floors.by_hand import ByHand

BATCH = 500
T = TypeVar("T")
# contact, name, occurred at, properties, message id
Row = tuple[int, str, datetime, dict[str, object], str]


def batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def execute(sql: str, params: Sequence[object] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@dataclass
class Settler:
    """Brings some segments of some contacts to what is due, with a transition for each move."""

    hand: ByHand
    slugs: Sequence[str]

    def __post_init__(self) -> None:
        self._due = self.hand.settled(self.slugs)
        self._segments = ", ".join(str(self.hand.ids[slug]) for slug in self.slugs)

    def settle(self, ids: Iterable[int]) -> None:
        these = ", ".join(map(str, ids))
        due = self._due.replace("THESE", these)
        now = self.hand.stamp(self.hand.now)
        stored = f"m.contact_id IN ({these}) AND m.segment_id IN ({self._segments})"
        if self.hand.postgres:
            execute("SET LOCAL jit = off")
            execute(self._as_one(due, stored, now))
        else:
            self._as_several(due, stored, now)

    def _as_one(self, due: str, stored: str, now: str) -> str:
        pair = "(m.segment_id, m.contact_id)"
        return (
            f"WITH due AS MATERIALIZED ({due}), there AS MATERIALIZED (SELECT m.segment_id,"
            f" m.contact_id FROM segments_membership m WHERE {stored}), gone AS (DELETE FROM"
            f" segments_membership m USING (SELECT * FROM there EXCEPT SELECT * FROM due) AS left_now"
            f" WHERE {pair} = (left_now.segment_id, left_now.contact_id)"
            " RETURNING m.segment_id, m.contact_id), come AS (INSERT INTO segments_membership"
            f" (segment_id, contact_id, since) SELECT segment_id, contact_id, {now} FROM"
            " (SELECT * FROM due EXCEPT SELECT * FROM there) AS new RETURNING segment_id, contact_id)"
            " INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause)"
            f" SELECT segment_id, contact_id, 'left', {now}, 'by hand' FROM gone UNION ALL"
            f" SELECT segment_id, contact_id, 'entered', {now}, 'by hand' FROM come"
        )

    def _as_several(self, due: str, stored: str, now: str) -> None:
        execute(f"CREATE TEMPORARY TABLE due AS {due}")
        execute(
            "CREATE TEMPORARY TABLE there AS SELECT m.segment_id, m.contact_id"
            f" FROM segments_membership m WHERE {stored}"
        )
        for kind, one, other in (("left", "there", "due"), ("entered", "due", "there")):
            execute(
                "INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause)"
                f" SELECT moved.*, '{kind}', {now}, 'by hand' FROM"
                f" (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) AS moved"
            )
        execute(
            "DELETE FROM segments_membership WHERE (segment_id, contact_id) IN"
            " (SELECT * FROM there EXCEPT SELECT * FROM due)"
        )
        execute(
            "INSERT INTO segments_membership (segment_id, contact_id, since)"
            f" SELECT moved.*, {now} FROM (SELECT * FROM due EXCEPT SELECT * FROM there) AS moved"
        )
        execute("DROP TABLE due")
        execute("DROP TABLE there")


def intake(hand: ByHand, rows: Sequence[Row]) -> None:
    """Write events and settle whom they concern; a replayed message changes nothing."""
    known = {name for row in rows for name in [row[1]]}
    slugs = [slug for slug in hand.rules if hand.names_read(slug) & known]
    settler = Settler(hand, slugs)
    for batch in batches(sorted(rows, key=lambda row: row[0])):
        with transaction.atomic():
            ids = sorted({row[0] for row in batch})
            _lock(hand, ids)
            (_write_postgres if hand.postgres else _write_sqlite)(batch, hand.now)
            settler.settle(ids)


def settle_moved(hand: ByHand, *, since: datetime) -> int:
    """Settle everybody whom the time since then may have moved; return how many those are."""
    ids = sorted(_slid(hand, since))
    settler = Settler(hand, list(hand.rules))
    for batch in batches(ids):
        with transaction.atomic():
            _lock(hand, batch)
            settler.settle(batch)
    return len(ids)


def _slid(hand: ByHand, since: datetime) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(sorted(set(hand.slivers(since)))))
        return {pk for (pk,) in cursor.fetchall()}


def _lock(hand: ByHand, ids: Sequence[int]) -> None:
    if hand.postgres:
        execute(
            "SELECT id FROM contacts_contact WHERE id = ANY (%s) ORDER BY id FOR UPDATE",
            [list(ids)],
        )


def _write_postgres(batch: Sequence[Row], now: datetime) -> None:
    contacts, names, times, properties, messages = zip(*batch, strict=True)
    bodies = [json.dumps(body) for body in properties]
    execute(
        "WITH new AS (INSERT INTO contacts_event (contact_id, name, occurred_at, received_at,"
        " properties, message_id) SELECT c, n, t, %s, p, m FROM unnest(%s::bigint[], %s::text[],"
        " %s::timestamptz[], %s::jsonb[], %s::text[]) AS rows (c, n, t, p, m)"
        " ON CONFLICT (message_id) DO NOTHING RETURNING contact_id, occurred_at)"
        " UPDATE contacts_contact SET last_seen_at = GREATEST(last_seen_at, latest) FROM"
        " (SELECT contact_id, max(occurred_at) AS latest FROM new GROUP BY contact_id) AS seen"
        " WHERE id = seen.contact_id",
        [now, list(contacts), list(names), list(times), bodies, list(messages)],
    )


def _write_sqlite(batch: Sequence[Row], now: datetime) -> None:
    rows = [
        (contact, name, _text(at), _text(now), json.dumps(body), message)
        for contact, name, at, body, message in batch
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT OR IGNORE INTO contacts_event (contact_id, name, occurred_at, received_at,"
            " properties, message_id) VALUES (%s, %s, %s, %s, %s, %s)",
            rows,
        )
    ids = ", ".join(str(row[0]) for row in rows)
    execute(
        "UPDATE contacts_contact SET last_seen_at = (SELECT max(occurred_at) FROM contacts_event"
        f" WHERE contact_id = contacts_contact.id) WHERE id IN ({ids})"
    )


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")
