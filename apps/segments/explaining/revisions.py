"""What the segments were at moments gone by, as their revisions have it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import TopologicalSorter

from django.db.models import Q

from apps.contacts import traits
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.errors import RuleError
from apps.rules.keys import Keys, keys
from apps.rules.nodes import Rule
from apps.segments.models import Revision, Segment
from apps.segments.plan import Planned


class Unreadable(ValueError):
    """A rule of then that speaks of what is not there any more."""


def every_name() -> Catalogue:
    """Return what rules may ever have spoken of: segments that were archived since as well."""
    names: Mapping[str, str] = dict(Segment.objects.values_list("slug", "name"))
    return Catalogue(traits.catalogue().traits, names)


@dataclass(slots=True)
class Archive:
    """Segments by slug, each with its revisions; read as they are asked for.

    A ladder is as its rungs' revisions of then have it; those from before places were kept stand
    where they stand now.
    """

    known: Catalogue = field(default_factory=every_name)
    _segments: dict[str, Segment] = field(default_factory=dict)
    _revisions: dict[str, Sequence[Revision]] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)  # those whose ladders are read too
    _rules: dict[int, Rule] = field(default_factory=dict)  # by revision

    def live(self, slug: str, at: datetime) -> Planned | None:
        """Return the segment as it was live then, or None. Raises Unreadable."""
        self._read([slug])
        then = self._then(slug, at)
        if then is None:
            return None
        segment, ladder = self._segments[slug], self._place(slug, then)[0]
        rungs = self._rungs(ladder, at)
        higher = rungs[: rungs.index(slug)] if slug in rungs else ()
        rule = self._rule(then)
        return Planned(segment.pk, slug, segment.name, rule, ladder, tuple(higher), tuple(rungs))

    def below(self, segment: Planned, at: datetime) -> tuple[Planned, ...]:
        """Return what it referred to then, directly or not, each after those it refers to."""
        found: dict[str, Planned] = {}
        wanted = set(segment.refers_to)
        while wanted:
            self._read(wanted)
            fresh = [one for slug in sorted(wanted) if (one := self._readable(slug, at))]
            found |= {one.slug: one for one in fresh}
            wanted = {slug for one in fresh for slug in one.refers_to} - found.keys()
        graph = {slug: sorted(one.refers_to) for slug, one in found.items()}
        return tuple(
            found[slug] for slug in TopologicalSorter(graph).static_order() if slug in found
        )

    def reading(self, slug: str) -> Keys:
        """Return what any of its revisions read, and those of all that they ever referred to."""
        found, seen, wanted = Keys(), set[str](), {slug}
        while wanted:
            self._read(wanted)
            seen |= wanted
            for revision in (one for slug in wanted for one in self._revisions[slug]):
                found |= self._keys(revision)
            wanted = {*found.segments, *self._beside(wanted)} - seen
        return found

    def _beside(self, slugs: Iterable[str]) -> set[str]:
        """Return whoever ever stood on a ladder on which one of them ever stood."""
        ladders = {ladder for slug in slugs for ladder in self._ladders(slug)}
        return {slug for slug in self._segments if not ladders.isdisjoint(self._ladders(slug))}

    def _ladders(self, slug: str) -> set[int]:
        """Return the ladders it ever stood on."""
        places = (self._place(slug, one)[0] for one in self._revisions.get(slug, ()))
        return {ladder for ladder in places if ladder is not None}

    def _keys(self, revision: Revision) -> Keys:
        try:
            rule = self._rule(revision)
        except Unreadable:
            return Keys()
        return Keys() if rule is None else keys(rule)

    def _readable(self, slug: str, at: datetime) -> Planned | None:
        try:
            return self.live(slug, at)
        except Unreadable:
            return None

    def _then(self, slug: str, at: datetime) -> Revision | None:
        """Return the revision of that moment, where it was live."""
        past = [one for one in self._revisions.get(slug, ()) if one.at <= at]
        return past[-1] if past and past[-1].status == Segment.Status.LIVE else None

    def _place(self, slug: str, then: Revision) -> tuple[int | None, int]:
        """Return its ladder and rung by that revision."""
        row = then if then.name else self._segments[slug]
        return row.ladder_id, row.rung or 0

    def _rungs(self, ladder: int | None, at: datetime) -> list[str]:
        """Return those that stood on the ladder then, live, the first that is asked first."""
        if ladder is None:
            return []
        live = {slug: then for slug in self._segments if (then := self._then(slug, at))}
        places = {slug: self._place(slug, then) for slug, then in live.items()}
        rungs = [slug for slug, (on, _) in places.items() if on == ladder]
        return sorted(rungs, key=lambda slug: places[slug][1])

    def _rule(self, revision: Revision) -> Rule | None:
        if revision.rule is None:
            return None
        if revision.pk not in self._rules:
            try:
                self._rules[revision.pk] = codec.loads(revision.rule, self.known)
            except RuleError as error:
                raise Unreadable(str(error)) from None
        return self._rules[revision.pk]

    def _read(self, slugs: Iterable[str]) -> None:
        """Read those not read yet, with all who ever stood beside them. Two queries, or none."""
        missing = set(slugs) - self._asked
        if not missing:
            return
        self._asked |= missing
        placed = Revision.objects.exclude(ladder=None)
        here = Segment.objects.filter(slug__in=missing).exclude(ladder=None).values("ladder")
        once = placed.filter(segment__slug__in=missing).values("ladder")
        there = placed.filter(Q(ladder__in=here) | Q(ladder__in=once)).values("segment")
        rows = Segment.objects.filter(
            Q(slug__in=missing) | Q(ladder__in=here) | Q(ladder__in=once) | Q(pk__in=there)
        )
        fresh = {row.pk: row for row in rows if row.slug not in self._revisions}
        self._segments |= {row.slug: row for row in fresh.values()}
        grouped: dict[str, list[Revision]] = {slug: [] for slug in missing - self._revisions.keys()}
        for revision in Revision.objects.filter(segment__in=list(fresh)).order_by("number"):
            grouped.setdefault(fresh[revision.segment_id].slug, []).append(revision)
        self._revisions |= grouped
