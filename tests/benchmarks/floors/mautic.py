"""Mautic's rebuild of a segment, re-enacted: its statements, without its sleeps and its PHP.

What Mautic 5 does (ListModel::rebuildListLeads): count those to be added; then, 300 at a time,
SELECT them by a LEFT JOIN on the membership table; each is saved by a flush of its own, which
is one INSERT in one transaction. The same for removal: a SELECT of 300 orphans, and for each
one a SELECT of its row and a DELETE in one transaction. It writes no history of moves.
"""

from django.db import connection, transaction

from tests.benchmarks.floors.by_hand import ByHand, Json

LIMIT = 300


def rebuild(hand: ByHand, slug: str, rule: Json) -> int:
    """Bring a segment's memberships to its rule; return how many rows were written."""
    segment = hand.ids[slug]
    return _add(hand, segment, rule) + _remove(hand, segment, rule)


def _add(hand: ByHand, segment: int, rule: Json) -> int:
    missing = (
        f"FROM contacts_contact l LEFT JOIN segments_membership ll ON ll.contact_id = l.id"
        f" AND ll.segment_id = {segment} WHERE ll.contact_id IS NULL"
        f" AND l.id IN ({hand.members(rule)})"
    )
    [(waiting,)] = _fetch(f"SELECT count(*) {missing}")
    for _ in range(0, waiting, LIMIT):
        for (contact,) in _fetch(f"SELECT l.id {missing} ORDER BY l.id LIMIT {LIMIT}"):
            with transaction.atomic():
                _execute(
                    "INSERT INTO segments_membership (segment_id, contact_id, since)"
                    f" VALUES ({segment}, {contact}, {hand.stamp(hand.now)})"
                )
    return waiting


def _remove(hand: ByHand, segment: int, rule: Json) -> int:
    orphans = (
        f"FROM segments_membership o WHERE o.segment_id = {segment}"
        f" AND o.contact_id NOT IN ({hand.members(rule)})"
    )
    [(waiting,)] = _fetch(f"SELECT count(*) {orphans}")
    for _ in range(0, waiting, LIMIT):
        for (contact,) in _fetch(f"SELECT o.contact_id {orphans} LIMIT {LIMIT}"):
            row = (
                f"FROM segments_membership WHERE segment_id = {segment} AND contact_id = {contact}"
            )
            _fetch(f"SELECT * {row}")
            with transaction.atomic():
                _execute(f"DELETE {row}")
    return waiting


def _fetch(sql: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
