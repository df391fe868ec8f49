"""What was proved of each two rules, kept from one report to the next.

A proof stands as long as both rules say the same, those of the segments they refer to
included. So it is kept by what the rules say, and an edit costs the pairs of one segment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import combinations
from typing import Any

from apps.rules.clock import Calendar
from apps.rules.solver.relations import Relation
from apps.segments.plan import Plan, Planned

PROVING = 1  # another number: what the solver said before is asked again
CODES = {
    Relation.SAME: "s",
    Relation.INSIDE: "i",
    Relation.CONTAINS: "c",
    Relation.DISJOINT: "d",
    Relation.OVERLAP: "o",
    Relation.UNDECIDED: "u",
}
RELATIONS = {code: relation for relation, code in CODES.items()}
NOT_ASKED = "-"
TURNED = {Relation.INSIDE: Relation.CONTAINS, Relation.CONTAINS: Relation.INSIDE}

Pair = tuple[str, str]  # of digests
Contact = dict[str, Any]  # a witness, as data


@dataclass(slots=True)
class Proved:
    """Relations by two digests, in either order; of those inside, who is in the outer alone."""

    relations: dict[Pair, Relation] = field(default_factory=dict)
    witnesses: dict[Pair, Contact] = field(default_factory=dict)

    def relation(self, one: str, other: str) -> Relation | None:
        """Return how one relates to the other, where it is known."""
        if one == other:
            return Relation.SAME
        if one < other:
            return self.relations.get((one, other))
        found = self.relations.get((other, one))
        return None if found is None else TURNED.get(found, found)

    def add(self, one: str, other: str, relation: Relation) -> None:
        if one > other:
            one, other, relation = other, one, TURNED.get(relation, relation)
        self.relations[one, other] = relation

    def dump(self, digests: Iterable[str]) -> dict[str, Any]:
        """Return as data what is known of these."""
        names = sorted(set(digests))
        pairs = list(combinations(names, 2))
        codes = (CODES[self.relations[pair]] if pair in self.relations else NOT_ASKED
                 for pair in pairs)  # fmt: skip
        among = set(names)
        witnesses = [[*pair, contact] for pair, contact in self.witnesses.items()
                     if among.issuperset(pair)]  # fmt: skip
        return {"digests": names, "relations": "".join(codes), "witnesses": witnesses}


def load(data: Mapping[str, Any]) -> Proved:
    pairs = combinations(data.get("digests", ()), 2)
    known = zip(pairs, data.get("relations", ""), strict=True)
    return Proved(
        {pair: RELATIONS[code] for pair, code in known if code != NOT_ASKED},
        {(one, other): contact for one, other, contact in data.get("witnesses", ())},
    )


def digests(plan: Plan, calendar: Calendar) -> dict[str, str]:
    """Return for each segment that has a rule what tells it from all that say something else."""
    found: dict[str, str] = {}
    for planned in plan.segments:  # each after those it refers to
        if planned.rule is not None:
            found[planned.slug] = _digest(planned, found, calendar)
    return found


def _digest(planned: Planned, below: Mapping[str, str], calendar: Calendar) -> str:
    read = [(slug, below.get(slug)) for slug in sorted(planned.refers_to)]
    said = repr((PROVING, planned.unpinned, read, str(calendar.zone), calendar.week_starts))
    return blake2b(said.encode(), digest_size=8).hexdigest()
