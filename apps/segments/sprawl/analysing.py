"""All live segments at once: how each two relate, and what is wrong with any.

What is found follows from the plan alone, so it stands as long as the plan does. It takes
seconds: work for a background job, which may stop and go on from what is proved already.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from apps.rules.catalogue import Catalogue
from apps.rules.nodes import SegmentCondition
from apps.rules.solver.asking import Witness
from apps.rules.solver.prose import inside, same_as
from apps.rules.solver.relations import Relation
from apps.rules.solver.survey import Known
from apps.segments.calendar import installed
from apps.segments.plan import Plan, Planned
from apps.segments.proving import Warning as Proof
from apps.segments.proving import of_rule, survey, witness_data
from apps.segments.sprawl.proved import Contact, Proved, digests

MANY = 10  # pairs to prove for each rule: from there on a crowd is worth putting together
Progress = Callable[[int, int], None]  # pairs done, of how many


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is so of a segment for certain; `warning.other` names a second one."""

    slug: str
    warning: Proof


@dataclass(frozen=True, slots=True)
class Report:
    """`relations` has each two segments once: how the first, by `slugs`, relates to the second."""

    slugs: tuple[str, ...]
    relations: Mapping[tuple[str, str], Relation]
    findings: tuple[Finding, ...]


def analyse(
    plan: Plan, *, known: Catalogue, now: datetime, progress: Progress = lambda _done, _of: None
) -> Report:
    """Return what is proved of the segments that have a rule; pins are left aside."""
    analysis = Analysis(plan, known=known, now=now, proved=Proved())
    for done in analysis.prove():
        if done % len(analysis.planned) == 0:
            progress(done, analysis.pairs)
    return analysis.report()


class Analysis:
    """The segments of one plan, and what is proved of them so far."""

    def __init__(self, plan: Plan, *, known: Catalogue, now: datetime, proved: Proved) -> None:
        self.proved = proved
        self.digests = digests(plan, installed())
        self.planned = [one for one in plan.segments if one.rule is not None]
        self._known = known
        self._seen = survey(plan, now=now)
        self._rules = [self._seen.know(one.unpinned) for one in self.planned]

    @property
    def pairs(self) -> int:
        return len(self.planned) * (len(self.planned) - 1) // 2

    def prove(self) -> Iterator[int]:
        """Relate the pairs that are not known yet; yield how many are done after each."""
        known = [(self.digests[one.slug], rule)
                 for one, rule in zip(self.planned, self._rules, strict=True)]  # fmt: skip
        pairs = enumerate(combinations(known, 2), start=1)
        asked = [(done, one, other) for done, (one, other) in pairs
                 if self.proved.relation(one[0], other[0]) is None]  # fmt: skip
        if len(asked) > MANY * len(known):
            self._seen.gather(self._rules)
        for done, one, other in asked:
            relation = self._seen.relation(one[1], other[1])
            self.proved.add(one[0], other[0], relation)
            self._keep_witness(one, other, relation)
            yield done

    def report(self) -> Report:
        """Return what comes of it once all is proved."""
        relations = {(a.slug, b.slug): self.relation(a, b)
                     for a, b in combinations(self.planned, 2)}  # fmt: skip
        findings = (*self._of_each(), *self._of_pairs(relations))
        return Report(tuple(one.slug for one in self.planned), relations, findings)

    def relation(self, a: Planned, b: Planned) -> Relation:
        found = self.proved.relation(self.digests[a.slug], self.digests[b.slug])
        assert found is not None, "not proved yet"
        return found

    def in_both(self, a: str, b: str) -> Contact | None:
        """Return a contact who stands in two segments at once, if one can be shown."""
        solver = self._seen.solver
        met = [solver.tell(SegmentCondition(slug)) for slug in dict.fromkeys((a, b))]
        found = solver.exists(met=met)
        return witness_data(found) if isinstance(found, Witness) else None

    def _keep_witness(
        self, one: tuple[str, Known], other: tuple[str, Known], relation: Relation
    ) -> None:
        """Keep, where one is inside the other, who is in the outer one alone."""
        if relation not in (Relation.INSIDE, Relation.CONTAINS):
            return
        if relation is Relation.CONTAINS:
            one, other = other, one
        (inner, within), (outer, around) = one, other
        found = self._seen.only(around, within)
        if isinstance(found, Witness):
            self.proved.witnesses[inner, outer] = witness_data(found)

    def _of_each(self) -> Iterator[Finding]:
        for one, rule in zip(self.planned, self._rules, strict=True):
            assert one.rule is not None
            found = of_rule(one.rule, rule, self._seen, self._known)
            yield from (Finding(one.slug, proof) for proof in found)

    def _of_pairs(self, relations: Mapping[tuple[str, str], Relation]) -> Iterator[Finding]:
        by_slug = {one.slug: one for one in self.planned}
        said = {one.slug for one, rule in zip(self.planned, self._rules, strict=True)
                if rule.never or rule.always}  # fmt: skip
        for (a, b), relation in relations.items():
            if not said & {a, b}:
                yield from self._of_pair(by_slug[a], by_slug[b], relation)

    def _of_pair(self, one: Planned, other: Planned, relation: Relation) -> Iterator[Finding]:
        """Yield that two are the same, that one is inside the other, or that it is not decided."""
        if relation is Relation.CONTAINS:
            one, other = other, one
        match relation:
            case Relation.SAME:
                yield Finding(one.slug, Proof("same_as", same_as(other.name), other=other.slug))
            case Relation.INSIDE | Relation.CONTAINS:
                pair = self.digests[one.slug], self.digests[other.slug]
                witness = self.proved.witnesses.get(pair)
                proof = Proof("inside", inside(other.name), "", witness, other.slug)
                yield Finding(one.slug, proof)
            case Relation.UNDECIDED:
                message = f"How this relates to '{other.name}' could not be decided."
                yield Finding(one.slug, Proof("undecided", message, other=other.slug))
            case _:
                return
