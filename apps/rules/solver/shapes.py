"""What the parts of a rule read, and need: enough to see of most rules that they imply no other.

Nothing is proved by it. It tells which questions need not be put to z3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.rules.clock import Calendar
from apps.rules.facts import Facts
from apps.rules.keys import keys
from apps.rules.nodes import All, Any, Not, Rule, SegmentCondition
from apps.rules.solver.telling import RuleOf, below
from apps.rules.verdict import holds

MOST_PARTS = 60  # of a segment that is seen through; of a larger one only what it reads
NOTHING_KNOWN = Facts()
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # of what is missing, any says the same
Marks = frozenset[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A condition or a group: all it reads, and what of that has to be there for some part.

    `needs` is so of a condition that does not hold where nothing is known. `every` says of a
    group whether all parts must be met, or any.
    """

    reads: Marks
    needed: Marks
    needs: bool = False
    parts: "tuple[Shape, ...] | None" = None
    every: bool = True
    size: int = 1


class Shapes:
    """The shapes of rules, and of the segments that they refer to."""

    def __init__(self, rule_of: RuleOf, calendar: Calendar) -> None:
        self._rule_of = rule_of
        self._calendar = calendar
        self._segments: dict[tuple[str, bool], Shape] = {}

    def of(self, rule: Rule) -> Shape:
        for slug in below(rule, self._rule_of):
            for negated in (False, True):
                self._segment(slug, negated=negated)
        return self._shape(rule, negated=False)

    def _shape(self, rule: Rule, *, negated: bool) -> Shape:
        match rule:
            case All(rules) | Any(rules):
                parts = [self._shape(part, negated=negated) for part in rules]
                return _group(parts, every=isinstance(rule, All) is not negated)
            case Not(part):
                return self._shape(part, negated=not negated)
            case SegmentCondition(segment) if self._rule_of(segment) is not None:
                return self._segment(segment, negated=negated)
            case _:
                return self._condition(rule, negated=negated)

    def _condition(self, leaf: Rule, *, negated: bool) -> Shape:
        reads = keys(leaf).as_marks()
        held = holds(leaf, NOTHING_KNOWN, now=ANY_MOMENT, calendar=self._calendar)
        needs = held is negated
        return Shape(reads, reads if needs else frozenset(), needs)

    def _segment(self, slug: str, *, negated: bool) -> Shape:
        found = self._segments.get((slug, negated))
        if found is None:
            rule = self._rule_of(slug)
            found = self._shape(SegmentCondition(slug) if rule is None else rule, negated=negated)
            if found.size > MOST_PARTS:
                found = Shape(found.reads, found.needed)
            self._segments[slug, negated] = found
        return found


def may_imply(one: Shape, other: Shape) -> bool:
    """Return whether who meets one might have to meet the other.

    Each part that must be met has to read something that the one reads too; if it needs
    something to be there, so has the one. Parts that everybody meets are left aside.
    """
    if other.parts is None:
        return not other.reads.isdisjoint(one.needed if other.needs else one.reads)
    parts = (may_imply(one, part) for part in other.parts)
    return all(parts) if other.every else any(parts)


def _group(parts: Iterable[Shape], *, every: bool) -> Shape:
    listed = tuple(parts)
    nothing: Marks = frozenset()
    return Shape(
        reads=nothing.union(*(part.reads for part in listed)),
        needed=nothing.union(*(part.needed for part in listed)),
        parts=listed,
        every=every,
        size=1 + sum(part.size for part in listed),
    )
