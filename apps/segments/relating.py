"""How two rules relate, for every contact there can be: proved, or shown by contacts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.rules.nodes import Rule
from apps.segments.plan import live_plan


@dataclass(frozen=True, slots=True)
class Relation:
    """`witness` holds a contact for each that can be: in both, in a alone, in b alone.

    There is none where two are the same, or nothing is decided.
    """

    relation: str
    witness: dict[str, dict[str, Any]] | None


def relate(a: Rule, b: Rule, *, now: datetime) -> Relation:
    """Return what is proved: same, inside, contains or disjoint; what is shown: overlap."""
    from apps.rules.solver.relations import Relation as Which  # noqa: PLC0415  loads z3
    from apps.segments import proving  # noqa: PLC0415  loads z3

    found, witness = proving.relation(a, b, plan=live_plan(), now=now)
    told = found not in (Which.SAME, Which.UNDECIDED)
    return Relation(found.value, witness if told else None)
