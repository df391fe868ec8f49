"""Sequences that one contact could walk at once, with no lane to keep them apart."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations

from django.db.models import Q

from apps.rules.nodes import Rule, SegmentCondition
from apps.rules.solver.asking import Solver, Witness
from apps.rules.wording import quoted
from apps.segments import proving
from apps.segments.models import Segment
from apps.segments.plan import CycleError, Plan, Planned, compile_plan, with_rule
from apps.segments.sprawl.uses import Track, tracks

MOST = 3  # warned of beside a rule; the report has them all


def loose(running: Iterable[Track]) -> Iterator[tuple[Track, Track]]:
    """Yield each two that no lane keeps apart."""
    for a, b in combinations(running, 2):
        if not a.lane or a.lane != b.lane:
            yield a, b


def words(one: Planned, other: Planned) -> str:
    both = "Both can run for one contact"
    if one is other:
        return f"{both}: each begins on entering {quoted(one.name)}."
    return f"{both}: who is in {quoted(one.name)} can be in {quoted(other.name)} too."


def warnings(rule: Rule, segment: Segment, *, now: datetime) -> Iterator[proving.Warning]:
    """Yield, of a segment as if it had the rule, what its sequences could run together with."""
    pairs = [pair for pair in loose(tracks()) if segment.pk in {one.segment_id for one in pair}]
    plan = _with(rule, segment) if pairs else Plan(())
    own, by_pk = plan.by_slug.get(segment.slug), {one.pk: one for one in plan.segments}
    if own is None:
        return
    solver, found = proving.survey(plan, now=now).solver, 0
    for pair in pairs:
        mine, theirs = pair if pair[0].segment_id == segment.pk else reversed(pair)
        other = by_pk.get(theirs.segment_id)
        witness = _in_both(solver, own, other) if other else None
        if other and witness:
            yield _warning(mine, theirs, own, other, witness)
            found += 1
        if found == MOST:
            return


def _with(rule: Rule, segment: Segment) -> Plan:
    """Return the live segments and this one, which has the rule."""
    live_or_it = Q(status=Segment.Status.LIVE) | Q(pk=segment.pk)
    rows = Segment.objects.filter(live_or_it).order_by("ladder_id", "rung", "pk")
    try:
        return with_rule(compile_plan(rows), segment.slug, rule)
    except CycleError:  # not to be saved either
        return Plan(())


def _in_both(solver: Solver, one: Planned, other: Planned) -> Witness | None:
    met = [solver.tell(SegmentCondition(slug)) for slug in dict.fromkeys((one.slug, other.slug))]
    found = solver.exists(met=met)
    return found if isinstance(found, Witness) else None


def _warning(
    mine: Track, theirs: Track, own: Planned, other: Planned, witness: Witness
) -> proving.Warning:
    where = "begins here too" if own is other else f"begins in {quoted(other.name)}"
    example = proving.witness_data(witness)
    example["segments"] = [slug for slug in example["segments"] if slug != own.slug]
    return proving.Warning(
        "colliding",
        f"{quoted(mine.name)} could run together with {quoted(theirs.name)}, which {where}:"
        " no lane keeps them apart.",
        witness=example,
        other=other.slug,
    )
