"""What the report says of the live segments: drawn from proofs, head-counts and uses."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.rules.catalogue import Catalogue
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.rules.solver.relations import Relation
from apps.rules.wording import quoted
from apps.segments.plan import Plan, Planned
from apps.segments.sprawl import colliding
from apps.segments.sprawl.analysing import Analysis, Report
from apps.segments.sprawl.heads import Heads
from apps.segments.sprawl.kinds import Finding, Kind
from apps.segments.sprawl.near import ALIKE, ENOUGH, OneApart, one_apart, percent
from apps.segments.sprawl.uses import Track, Use

UNUSED = "No sequence, export, view or other segment uses it."


@dataclass(frozen=True)
class Sprawl:
    """All that findings are drawn from: what is proved, who stands where, who reads what."""

    plan: Plan
    known: Catalogue
    report: Report
    heads: Heads  # of the plan's segments, in its order
    uses: Sequence[Use] = ()
    tracks: Sequence[Track] = ()
    places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        places = {one.slug: place for place, one in enumerate(self.plan.segments)}
        object.__setattr__(self, "places", places)

    def relation(self, a: Planned, b: Planned) -> Relation | None:
        """Return how two segments relate, in whatever order; of a static one it is not known."""
        relations = self.report.relations
        return relations.get((a.slug, b.slug)) or relations.get((b.slug, a.slug))


def find(sprawl: Sprawl, analysis: Analysis) -> list[Finding]:
    """Return all findings, the worst kinds first."""
    found = [
        *_proved(sprawl),
        *_colliding(sprawl, analysis),
        *_near_by_heads(sprawl),
        *_near_by_rule(sprawl),
        *_unused(sprawl),
    ]
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.segments[0][0].lower()))


def _named(*segments: Planned) -> tuple[tuple[str, int], ...]:
    return tuple((one.name, one.pk) for one in segments)


def _proved(sprawl: Sprawl) -> Iterator[Finding]:
    by_slug = sprawl.plan.by_slug
    for one in sprawl.report.findings:
        proof = one.warning
        about = [by_slug[slug] for slug in (one.slug, proof.other) if slug]
        kind = Kind(proof.code)
        example = proof.witness if isinstance(proof.witness, dict) else None
        yield Finding(kind, proof.message, _named(*about), at=proof.at, example=example)


def _colliding(sprawl: Sprawl, analysis: Analysis) -> Iterator[Finding]:
    """Yield the sequences that one contact can be in at once, with nothing to keep them apart."""
    by_pk = {one.pk: one for one in sprawl.plan.segments}
    running = [one for one in sprawl.tracks if one.segment_id in by_pk]
    for a, b in colliding.loose(running):
        one, other = by_pk[a.segment_id], by_pk[b.segment_id]
        if one is not other and sprawl.relation(one, other) is Relation.DISJOINT:
            continue
        example = analysis.in_both(one.slug, other.slug)
        if example is not None:
            message = colliding.words(one, other)
            about = _named(*dict.fromkeys((one, other)))
            sequences = ((a.name, a.url), (b.name, b.url))
            yield Finding(Kind.COLLIDING, message, about, sequences, example=example)


def _near_by_heads(sprawl: Sprawl) -> Iterator[Finding]:
    segments, sizes = sprawl.plan.segments, sprawl.heads.sizes
    for place, later, shared in sprawl.heads.shared():
        alike = percent(shared, sizes[place], sizes[later])
        one, other = segments[place], segments[later]
        if alike >= ALIKE and sprawl.relation(one, other) is not Relation.SAME:
            either = sizes[place] + sizes[later] - shared
            yield Finding(Kind.NEAR_DUPLICATE, _heads_say(other, shared, either, alike),
                          _named(one, other))  # fmt: skip


def _heads_say(other: Planned, shared: int, either: int, alike: int) -> str:
    if shared == either:
        return (
            f"All {shared:,} contacts in it are the same as in {quoted(other.name)} today,"
            " though the rules can part them."
        )
    return (
        f"Of the {either:,} contacts in it or in {quoted(other.name)}, {shared:,} are in both"
        f" today ({alike} %)."
    )


def _near_by_rule(sprawl: Sprawl) -> Iterator[Finding]:
    segments = sprawl.plan.segments
    rules = {place: one.rule for place, one in enumerate(segments) if one.rule is not None}
    shared = {(a, b): both for a, b, both in sprawl.heads.shared()}
    for apart in one_apart(rules):
        one, other = segments[apart.one], segments[apart.other]
        either = sprawl.heads.sizes[apart.one] + sprawl.heads.sizes[apart.other]
        few = either - shared.get((apart.one, apart.other), 0) < ENOUGH
        if few and sprawl.relation(one, other) in (Relation.OVERLAP, Relation.UNDECIDED):
            yield Finding(Kind.NEAR_DUPLICATE, _rules_say(apart, other, sprawl.known),
                          _named(one, other))  # fmt: skip


def _rules_say(apart: OneApart, other: Planned, known: Catalogue) -> str:
    here, there = (quoted(_sentence(leaf, known)) for leaf in (apart.here, apart.there))
    return f"Its rule is that of {quoted(other.name)} but for one condition: {here}, not {there}."


def _sentence(rule: Rule, known: Catalogue) -> str:
    return sentence(rule, known)


def _unused(sprawl: Sprawl) -> Iterator[Finding]:
    """Yield what nothing reads. A ladder stands or falls together: a rung reads those above."""
    segments = sprawl.plan.segments
    read = {use.segment_id for use in sprawl.uses}
    slugs = Counter(slug for one in segments for slug in one.keys.segments)
    used = [one for one in segments if one.pk in read or one.slug in slugs]
    ladders = {one.ladder_id for one in used if one.ladder_id}
    for one in segments:
        if one not in used and one.ladder_id not in ladders:
            yield Finding(Kind.UNUSED, UNUSED, _named(one))
