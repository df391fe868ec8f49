"""The live segments as one compiled plan: rules read, ordered so that none sees a stale other.

The plan is kept in the process and read again when any segment was written.
"""

import graphlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from hashlib import blake2b

import structlog

from apps.contacts import traits
from apps.core import rows
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.compiling import Compiled
from apps.rules.edges import Edge, edges
from apps.rules.errors import RuleError
from apps.rules.keys import Keys, keys
from apps.rules.nodes import All, Any, Not, Rule, SegmentCondition
from apps.segments.models import Change, PlanStamp, Segment

log = structlog.get_logger(__name__)

NOBODY = Any(())


class CycleError(ValueError):
    """Segments that refer to each other in a circle; the message names it."""

    def __init__(self, slugs: Iterable[str]) -> None:
        self.slugs = tuple(slugs)
        super().__init__(f"These segments would refer to each other: {' > '.join(self.slugs)}.")


@dataclass(frozen=True, eq=False)  # by equals, its whole rule would be hashed a million times
class Planned:
    """One live segment of one plan, compiled. `rule` is None for a static segment."""

    pk: int
    slug: str
    name: str
    rule: Rule | None
    ladder_id: int | None = None
    higher: tuple[str, ...] = ()  # slugs of the rungs above it, the first rung first
    rungs: tuple[str, ...] = ()  # slugs of all rungs of its ladder, itself included
    is_default: bool = False  # its ladder's: whom no rung took

    @cached_property
    def keys(self) -> Keys:
        """What its rule reads."""
        return Keys() if self.rule is None else keys(self.rule)

    @cached_property
    def refers_to(self) -> frozenset[str]:
        """Slugs whose membership must be settled before this one's."""
        return self.keys.segments | frozenset(self.higher)

    @cached_property
    def unpinned(self) -> Rule:
        """Whom it takes where no pin decides: those of its rule that no higher rung took."""
        rule = NOBODY if self.rule is None else self.rule
        above = tuple(SegmentCondition(slug) for slug in self.higher)
        return All((Not(Any(above)), rule)) if above else rule

    @cached_property
    def reads(self) -> frozenset[str]:
        """The marks that touch this segment."""
        pins = {f"pin:{slug}" for slug in (self.slug, *self.rungs)}
        return (
            self.keys.as_marks()
            | pins
            | {f"segment:{slug}" for slug in self.higher}
            | {Change.EVERYTHING}
        )


@dataclass(frozen=True)
class Plan:
    """Every live segment in dependency order."""

    segments: tuple[Planned, ...]
    broken: Mapping[str, str] = field(default_factory=dict)  # slug: why its rule cannot be read
    _touched: dict[frozenset[str], tuple[Planned, ...]] = field(default_factory=dict, repr=False)
    _compiled: dict[tuple[str, ...], Compiled] = field(default_factory=dict, repr=False)

    @cached_property
    def by_slug(self) -> Mapping[str, Planned]:
        return {segment.slug: segment for segment in self.segments}

    @cached_property
    def edges(self) -> Mapping[Edge, frozenset[str]]:
        """Every distinct windowed leaf's edges, for the tick."""
        found: dict[Edge, set[str]] = {}
        for segment in self.segments:
            for edge in edges(segment.rule) if segment.rule is not None else ():
                found.setdefault(edge, set()).add(segment.slug)
        return {edge: frozenset(slugs) for edge, slugs in found.items()}

    def below(self, segments: Iterable[Planned]) -> tuple[Planned, ...]:
        """Return all that these refer to, directly or not, in the plan's order."""
        return self.all_below(slug for segment in segments for slug in segment.refers_to)

    def all_below(self, slugs: Iterable[str]) -> tuple[Planned, ...]:
        """Return the segments of these slugs and all that they refer to, in the plan's order."""
        needed, found = set(slugs), []
        for segment in reversed(self.segments):
            if segment.slug in needed:
                needed |= segment.refers_to
                found.append(segment)
        return tuple(reversed(found))

    def above(self, slugs: Collection[str]) -> tuple[Planned, ...]:
        """Return the segments of these slugs and all that refer to them, in the plan's order."""
        following = self.touched_by(frozenset(f"segment:{slug}" for slug in slugs))
        found = {planned.slug for planned in following}.union(slugs)
        return tuple(planned for planned in self.segments if planned.slug in found)

    def touched_by(self, marks: frozenset[str]) -> tuple[Planned, ...]:
        """Return the segments that read any of the marks, and all that refer to those."""
        found = self._touched.get(marks)
        if found is None:
            if len(self._touched) > 1000:
                self._touched.clear()
            found = self._touched[marks] = self._find_touched(marks)
        return found

    def compiled(self, segments: Iterable[Planned]) -> Compiled:
        """Return the rules of these segments, given in the plan's order, as one function."""
        chosen = tuple(segments)
        slugs = tuple([segment.slug for segment in chosen])
        found = self._compiled.get(slugs)
        if found is None:
            if len(self._compiled) > 100:
                self._compiled.clear()
            rules = ((segment.slug, segment.unpinned) for segment in chosen)
            found = self._compiled[slugs] = Compiled(rules)
        return found

    def _find_touched(self, marks: frozenset[str]) -> tuple[Planned, ...]:
        found: dict[str, Planned] = {}
        for segment in self.segments:
            if segment.reads & marks or segment.refers_to & found.keys():
                found[segment.slug] = segment
        return tuple(found.values())


_cached: tuple[str | None, Plan] = (None, Plan(()))


def live_plan() -> Plan:
    """Return the plan of the live segments as committed now: one row read when unchanged."""
    global _cached  # noqa: PLW0603  one plan a process, replaced whole
    stamp = _stamp()
    known, plan = _cached
    if known != stamp:
        plan = compile_live()
        _cached = (stamp, plan)
    return plan


def _stamp() -> str | None:
    """Return what tells the segments as they are now from all they were before."""
    table = rows.table(PlanStamp)
    found = rows.run(f"SELECT value FROM {table} WHERE id = %s", [PlanStamp.ONLY])
    return str(found[0][0]) if found else None


def fingerprint() -> str:
    """Return what tells the live segments as they are now from all they were before."""
    stamps = Segment.objects.live().order_by("pk").values_list("stamp", flat=True)
    return blake2b(" ".join(stamps).encode(), digest_size=16).hexdigest()


def compile_live() -> Plan:
    """Compile the live segments as this transaction sees them."""
    return compile_plan(Segment.objects.live().order_by("ladder_id", "rung", "pk"))


def changed(before: Plan, after: Plan) -> frozenset[str]:
    """Return the slugs of the segments that may take others by one plan than by the other."""
    slugs = before.by_slug.keys() | after.by_slug.keys()
    return frozenset(
        slug
        for slug in slugs
        if _taking(before.by_slug.get(slug)) != _taking(after.by_slug.get(slug))
    )


def _taking(planned: Planned | None) -> tuple[object, ...] | None:
    return None if planned is None else (planned.rule, planned.higher, planned.rungs)


def catalogue() -> Catalogue:
    """Return what a rule may speak of: every trait, and every segment that is not archived."""
    named = Segment.objects.exclude(status=Segment.Status.ARCHIVED)
    return Catalogue(traits.catalogue().traits, dict(named.values_list("slug", "name")))


def compile_plan(rows: Iterable[Segment]) -> Plan:
    """Compile the given segments. Raises CycleError; a rule that cannot be read is left out."""
    known = catalogue()
    ladders: dict[int, list[str]] = {}
    compiled, broken = [], {}
    for row in rows:
        try:
            rule = None if row.rule is None else codec.loads(row.rule, known)
        except RuleError as error:
            log.error("segment.broken", segment=row.slug, problem=str(error))
            broken[row.slug] = str(error)
            continue
        above = ladders.setdefault(row.ladder_id, []) if row.ladder_id else []
        compiled.append(
            Planned(
                row.pk,
                row.slug,
                row.name,
                rule,
                row.ladder_id,
                tuple(above),
                is_default=row.is_default,
            )
        )
        above.append(row.slug)
    return Plan(
        _ordered(
            replace(segment, rungs=tuple(ladders.get(segment.ladder_id or 0, ())))
            for segment in compiled
        ),
        broken,
    )


def with_rule(plan: Plan, slug: str, rule: Rule) -> Plan:
    """Return the plan as if that segment had the rule. Raises CycleError."""
    segments = (replace(one, rule=rule) if one.slug == slug else one for one in plan.segments)
    return Plan(_ordered(segments), plan.broken)


def _ordered(segments: Iterable[Planned]) -> tuple[Planned, ...]:
    """Sort so that every segment comes after those it refers to."""
    by_slug = {segment.slug: segment for segment in segments}
    graph = {slug: sorted(segment.refers_to) for slug, segment in by_slug.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise CycleError(reversed(error.args[1])) from None
    return tuple(by_slug[slug] for slug in order if slug in by_slug)
