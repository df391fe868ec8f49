"""How two rules relate, as far as it can be told without a doubt.

Two rules written alike are the same. Otherwise the stored contacts are witnesses: some in
both, some only in one and some only in the other prove an overlap. That nobody is found
proves nothing, so nothing is said then.
"""

from dataclasses import dataclass
from datetime import datetime

from apps.rules.codec import dumps
from apps.rules.nodes import All, Not, Rule
from apps.segments.plan import live_plan
from apps.segments.population import Population


@dataclass(frozen=True, slots=True)
class Relation:
    """`witness` holds one contact id for each of both, a (alone) and b (alone)."""

    relation: str
    witness: dict[str, int] | None


def relate(a: Rule, b: Rule, *, now: datetime) -> Relation:
    """Return what is proved: same, overlap or undecided."""
    if dumps(a) == dumps(b):
        return Relation("same", None)
    population = Population(live_plan(), now)
    cases = {"both": All((a, b)), "a": All((a, Not(b))), "b": All((b, Not(a)))}
    witness: dict[str, int] = {}
    for name, rule in cases.items():
        someone = population.rule(rule).order_by("pk").values_list("pk", flat=True).first()
        if someone is None:
            return Relation("undecided", None)
        witness[name] = someone
    return Relation("overlap", witness)
