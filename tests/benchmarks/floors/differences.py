"""Rebuilding, verifying and counting by hand: set-based statements, one rule at a time."""

from django.db import connection, transaction

from tests.benchmarks.floors.by_hand import ByHand, Json

# Sets of contacts are hashed, and in memory. Where the planner thinks that a rule holds for one
# contact, it goes through a grouped table once for each of a hundred thousand: for minutes.
SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off"


def execute(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


def number(hand: ByHand, sql: str) -> int:
    """Return the one number a query answers with."""
    with transaction.atomic(), connection.cursor() as cursor:
        if hand.postgres:
            cursor.execute(SETTINGS)
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def count(hand: ByHand, rule: Json) -> int:
    return number(hand, f"SELECT count(*) FROM ({hand.members(rule)}) AS due")


def rebuild(hand: ByHand, slug: str, rule: Json) -> None:
    """Bring a segment's memberships to its rule, with a transition for each move."""
    with transaction.atomic():
        (_rebuild_postgres if hand.postgres else _rebuild_sqlite)(hand, hand.ids[slug], rule)


def _rebuild_postgres(hand: ByHand, segment: int, rule: Json) -> None:
    now = hand.stamp(hand.now)
    execute(SETTINGS)
    execute(
        f"WITH due AS MATERIALIZED ({hand.members(rule)}),"
        f" gone AS (DELETE FROM segments_membership m WHERE m.segment_id = {segment}"
        "  AND NOT EXISTS (SELECT 1 FROM due WHERE due.id = m.contact_id) RETURNING m.contact_id),"
        " come AS (INSERT INTO segments_membership (segment_id, contact_id, since)"
        f"  SELECT {segment}, due.id, {now} FROM due WHERE NOT EXISTS (SELECT 1 FROM"
        f"  segments_membership m WHERE m.segment_id = {segment} AND m.contact_id = due.id)"
        "  RETURNING contact_id)"
        " INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause)"
        f" SELECT {segment}, contact_id, 'left', {now}, 'by hand' FROM gone UNION ALL"
        f" SELECT {segment}, contact_id, 'entered', {now}, 'by hand' FROM come"
    )


def _rebuild_sqlite(hand: ByHand, segment: int, rule: Json) -> None:
    now, there = (
        hand.stamp(hand.now),
        f"SELECT contact_id FROM segments_membership WHERE segment_id = {segment}",
    )
    execute(f"CREATE TEMPORARY TABLE due AS {hand.members(rule)}")
    for kind, moved in (
        ("left", f"{there} EXCEPT SELECT id FROM due"),
        ("entered", f"SELECT id FROM due EXCEPT {there}"),
    ):
        execute(
            "INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause)"
            f" SELECT {segment}, moved.*, '{kind}', {now}, 'by hand' FROM ({moved}) AS moved"
        )
    execute(
        f"DELETE FROM segments_membership WHERE segment_id = {segment}"
        " AND contact_id NOT IN (SELECT id FROM due)"
    )
    execute(
        "INSERT INTO segments_membership (segment_id, contact_id, since)"
        f" SELECT {segment}, id, {now} FROM due WHERE id NOT IN ({there})"
    )
    execute("DROP TABLE due")


def rebuild_all(hand: ByHand) -> None:
    for slug, rule in hand.rules.items():
        rebuild(hand, slug, rule)


def drift(hand: ByHand) -> int:
    """Return how many memberships are stored and not due, or due and not stored."""
    found = 0
    for slug, rule in hand.rules.items():
        there = f"SELECT contact_id FROM segments_membership WHERE segment_id = {hand.ids[slug]}"
        due = hand.members(rule)
        if hand.postgres:
            found += number(
                hand,
                f"SELECT count(*) FROM ({due}) AS due FULL JOIN ({there}) AS there"
                " ON there.contact_id = due.id WHERE due.id IS NULL OR there.contact_id IS NULL",
            )
        else:
            found += number(
                hand,
                f"WITH due AS MATERIALIZED ({due}), there AS MATERIALIZED ({there})"
                " SELECT (SELECT count(*) FROM (SELECT * FROM due EXCEPT SELECT * FROM there))"
                " + (SELECT count(*) FROM (SELECT * FROM there EXCEPT SELECT * FROM due))",
            )
    return found
