"""All live segments at once: how each two relate, and what is wrong with any.

What is found follows from the plan alone, so it stands as long as the plan does. It takes
seconds: work for a background job.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.rules.catalogue import Catalogue
from apps.rules.solver_prose import inside, same_as
from apps.rules.solver_relations import Relation
from apps.rules.solver_survey import Known, Survey
from apps.segments.plan import Plan, Planned
from apps.segments.proving import Warning as Proved
from apps.segments.proving import of_rule, shown, survey

Progress = Callable[[int, int], None]  # pairs done, of how many


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is so of a segment for certain; `warning.other` names a second one."""

    slug: str
    warning: Proved


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
    seen = survey(plan, now=now)
    planned = [one for one in plan.segments if one.rule is not None]
    rules = [seen.know(one.unpinned) for one in planned]
    relations, findings = {}, list(_of_each(planned, rules, seen, known))
    pairs = len(rules) * (len(rules) - 1) // 2
    for done, (at, after, relation) in enumerate(seen.relations(rules), start=1):
        relations[planned[at].slug, planned[after].slug] = relation
        one, other = (planned[at], rules[at]), (planned[after], rules[after])
        findings += _of_pair(one, other, relation, seen)
        if done % len(rules) == 0:
            progress(done, pairs)
    return Report(tuple(one.slug for one in planned), relations, tuple(findings))


def _of_each(
    planned: list[Planned], rules: list[Known], seen: Survey, known: Catalogue
) -> Iterator[Finding]:
    for one, rule in zip(planned, rules, strict=True):
        assert one.rule is not None
        yield from (Finding(one.slug, found) for found in of_rule(one.rule, rule, seen, known))


def _of_pair(
    a: tuple[Planned, Known], b: tuple[Planned, Known], relation: Relation, seen: Survey
) -> Iterator[Finding]:
    """Yield that two are the same, that one is inside the other, or that it is not decided."""
    if any(rule.never or rule.always for _, rule in (a, b)):
        return
    if relation is Relation.CONTAINS:
        a, b = b, a
    (one, inner), (other, outer) = a, b
    match relation:
        case Relation.SAME:
            yield Finding(one.slug, Proved("same_as", same_as(other.name), other=other.slug))
        case Relation.INSIDE | Relation.CONTAINS:
            witness = shown(seen.solver.exists(met=[outer.told], unmet=[inner.told]))
            yield Finding(one.slug, Proved("inside", inside(other.name), "", witness, other.slug))
        case Relation.UNDECIDED:
            message = f"How this relates to '{other.name}' could not be decided."
            yield Finding(one.slug, Proved("undecided", message, other=other.slug))
        case _:
            return
