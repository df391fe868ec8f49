"""How two rules relate, as far as it can be told without a doubt.

Two rules written alike are the same. Otherwise the stored contacts are witnesses: some in
both, some only in one and some only in the other prove an overlap. That nobody is found
proves nothing, so nothing is said then.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from apps.rules.codec import dumps
from apps.rules.nodes import All, Not, Rule
from apps.segments.plan import live_plan
from apps.segments.population import holding
from apps.segments.scope import roomy


@dataclass(frozen=True, slots=True)
class Relation:
    """`witness` holds one contact id for each of both, a (alone) and b (alone)."""

    relation: str
    witness: dict[str, int] | None


def relate(a: Rule, b: Rule, *, now: datetime) -> Relation:
    """Return what is proved: same, overlap or undecided."""
    if dumps(a) == dumps(b):
        return Relation("same", None)
    with roomy():
        both, only_a, only_b = (
            holding(rule, plan=live_plan(), now=now).aggregate(first=Min("pk"))["first"]
            for rule in (All((a, b)), All((a, Not(b))), All((b, Not(a))))
        )
    if None in (both, only_a, only_b):
        return Relation("undecided", None)
    return Relation("overlap", {"both": both, "a": only_a, "b": only_b})
