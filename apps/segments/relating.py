"""How two rules relate, as far as it can be told without a doubt.

Two rules written alike are the same. Otherwise the stored contacts are witnesses: some in
both, some only in one and some only in the other prove an overlap. That nobody is found
proves nothing, so nothing is said then.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.rules.codec import dumps
from apps.rules.nodes import All, Not, Rule
from apps.segments.difference import Standings, roomy
from apps.segments.plan import live_plan


@dataclass(frozen=True, slots=True)
class Relation:
    """`witness` holds one contact id for each of both, a (alone) and b (alone)."""

    relation: str
    witness: dict[str, int] | None


def relate(a: Rule, b: Rule, *, now: datetime) -> Relation:
    """Return what is proved: same, overlap or undecided."""
    if dumps(a) == dumps(b):
        return Relation("same", None)
    before, params = Standings.of_rules(
        All((a, b)), All((a, Not(b))), All((b, Not(a))), plan=live_plan(), now=now
    ).table()
    firsts = ", ".join(f"MIN(id) FILTER (WHERE s{number})" for number in range(3))
    with roomy(), connection.cursor() as cursor:
        cursor.execute(f"{before} SELECT {firsts} FROM standings", params)
        both, only_a, only_b = cursor.fetchone()
    if None in (both, only_a, only_b):
        return Relation("undecided", None)
    return Relation("overlap", {"both": both, "a": only_a, "b": only_b})
