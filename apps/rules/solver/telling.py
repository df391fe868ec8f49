"""Rules as formulas over their conditions, and the parts that say how those hold together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from apps.rules.clock import Calendar, Clock
from apps.rules.keys import keys
from apps.rules.kinds import Kind
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Leaf,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.operators import operator
from apps.rules.solver.events import of_events
from apps.rules.solver.moments import Moments
from apps.rules.solver.parts import Part, by_cases, of_choices, of_dates
from apps.rules.solver.terms import Formula, Terms
from apps.rules.solver.texts import TooMany
from apps.rules.solver.values import trait_cases
from apps.rules.windows import Offset, Stretch

Subject = tuple[str, ...]  # what conditions are about: a trait, an event, a segment
Leaves = frozenset[Leaf]
Outcomes = frozenset[tuple[Leaf, bool]]
RuleOf = Callable[[str], Rule | None]


@dataclass(frozen=True, eq=False)
class Told:
    """A rule as a formula, with its conditions by what they are about.

    Conditions of the segments it refers to are among them.
    """

    rule: Rule
    formula: Formula
    subjects: Mapping[Subject, Leaves]
    segments: tuple[str, ...]  # whose rules stand in it, each after those it refers to
    is_timed: bool  # whether it matters when it is, not only how long ago things were
    if_met: Outcomes  # what surely holds, and what surely does not, of who meets it
    if_unmet: Outcomes


@dataclass(frozen=True, slots=True)
class _Literal:
    """A condition, the variable for whether it holds, and how many were told before it."""

    leaf: Leaf
    formula: Formula
    number: int


class Telling:
    """What one solver was told so far.

    `rule_of` gives the rule of a segment that rules refer to, or None where who is in it does
    not follow from a rule.
    """

    def __init__(self, rule_of: RuleOf, calendar: Calendar) -> None:
        self.terms = Terms()
        self.moments = Moments(self.terms, calendar)
        self._rule_of = rule_of
        self._literals: dict[Leaf, _Literal] = {}
        self._segments: dict[str, Told | None] = {}
        self._parts: dict[tuple[Leaves, datetime | None], Part] = {}
        self._clashes: dict[Outcomes, bool] = {}

    def tell(self, rule: Rule) -> Told:
        """Return a rule in the form that questions are asked about."""
        for slug in below(rule, self._rule_of):
            self._segment(slug)
        return self._tell(rule)

    def _tell(self, rule: Rule) -> Told:
        match rule:
            case All(rules):
                return self._joined(rule, rules, self.terms.every)
            case Any(rules):
                return self._joined(rule, rules, self.terms.some)
            case Not(part):
                return self._joined(rule, (part,), self._opposite)
            case SegmentCondition(segment):
                return self._segment(segment) or self._leaf(rule)
            case TraitCondition() | EventCondition():
                return self._leaf(rule)
            case _:
                assert_never(rule)

    def parts(self, told: Iterable[Told], clock: Clock | None) -> Iterator[Part]:
        """Yield what is so of all conditions at one moment; without one, at every moment."""
        subjects: dict[Subject, Leaves] = {}
        for one in told:
            for subject, leaves in one.subjects.items():
                subjects[subject] = subjects.get(subject, frozenset()) | leaves
        for leaves in _hanging_together(subjects):
            timed = clock is not None and any(map(_is_dated, leaves))
            key = leaves, clock.now if clock is not None and timed else None
            if key not in self._parts:
                ordered = sorted(leaves, key=self._order)
                self._parts[key] = self._part(ordered, clock)
            yield self._parts[key]

    def literal(self, leaf: Leaf) -> Formula:
        """Return the variable for whether a condition holds."""
        return self._literals[leaf].formula

    def _order(self, leaf: Leaf) -> int:
        return self._literals[leaf].number

    def clash(self, outcomes: Outcomes) -> bool:
        """Return whether some trait cannot be so at any moment: seen without z3."""
        if len(outcomes) < 2:
            return False
        subjects: dict[tuple[str, Kind], list[tuple[Leaf, bool]]] = {}
        for one in outcomes:
            leaf = one[0]
            if isinstance(leaf, TraitCondition) and leaf.kind is not Kind.CHOICES:
                subjects.setdefault((leaf.trait, leaf.kind), []).append(one)
        return any(self._clash(frozenset(found)) for found in subjects.values() if len(found) > 1)

    def _clash(self, outcomes: Outcomes) -> bool:
        if outcomes not in self._clashes:
            traits = [(leaf, so) for leaf, so in outcomes if isinstance(leaf, TraitCondition)]
            wanted = [so for _, so in traits]
            timed = any(_is_timed(leaf) for leaf, _ in traits)
            self._clashes[outcomes] = not timed and not any(
                all(seen in (None, so) for seen, so in zip(case.outcomes, wanted, strict=True))
                for case in trait_cases([leaf for leaf, _ in traits], self.moments.some_clock)
            )
        return self._clashes[outcomes]

    def _leaf(self, leaf: Leaf) -> Told:
        literal = self._literals.get(leaf)
        if literal is None:
            literal = _Literal(leaf, self.terms.truth("holds"), len(self._literals))
            self._literals[leaf] = literal
        known, formula = literal.leaf, literal.formula
        subjects = {_subject(known): frozenset([known])}
        met, unmet = frozenset([(known, True)]), frozenset([(known, False)])
        return Told(known, formula, subjects, (), _is_timed(known), met, unmet)

    def _joined(
        self, rule: Rule, rules: Sequence[Rule], join: Callable[[Iterable[Formula]], Formula]
    ) -> Told:
        parts = [self._tell(part) for part in rules]
        subjects: dict[Subject, Leaves] = {}
        for part in parts:
            for subject, leaves in part.subjects.items():
                subjects[subject] = subjects.get(subject, frozenset()) | leaves
        segments = dict.fromkeys(slug for part in parts for slug in part.segments)
        if_met, if_unmet = _surely(rule, parts)
        return Told(
            rule=rule,
            formula=join([part.formula for part in parts]),
            subjects=subjects,
            segments=tuple(segments),
            is_timed=any(part.is_timed for part in parts),
            if_met=if_met,
            if_unmet=if_unmet,
        )

    def _opposite(self, formulas: Iterable[Formula]) -> Formula:
        (formula,) = formulas
        return self.terms.negation(formula)

    def _segment(self, slug: str) -> Told | None:
        """Return the segment's rule in place of it; None where there is no rule, or a circle."""
        if slug not in self._segments:
            self._segments[slug] = None
            rule = self._rule_of(slug)
            if rule is not None:
                told = self._tell(rule)
                segments = *(one for one in told.segments if one != slug), slug
                self._segments[slug] = replace(told, rule=rule, segments=segments)
        return self._segments[slug]

    def _part(self, leaves: Sequence[Leaf], clock: Clock | None) -> Part:
        match leaves[0]:
            case TraitCondition():
                traits = [leaf for leaf in leaves if isinstance(leaf, TraitCondition)]
                return self._of_trait(traits, clock)
            case EventCondition():
                return self._of_events([one for one in leaves if isinstance(one, EventCondition)])
            case SegmentCondition():
                return Part(self.terms.yes)

    def _of_trait(self, leaves: Sequence[TraitCondition], clock: Clock | None) -> Part:
        if leaves[0].kind is Kind.CHOICES:
            return of_choices(leaves, self.literal, self.terms)
        if clock is None and any(map(_is_timed, leaves)):
            return of_dates(leaves, self.literal, self.moments)
        return by_cases(leaves, self.literal, self.terms, clock or self.moments.some_clock)

    def _of_events(self, leaves: Sequence[EventCondition]) -> Part:
        """Tell of events together; where that is too much, of those of each condition alone."""
        try:
            return of_events(leaves, self.literal, self.moments)
        except TooMany:
            return Part(self.terms.every(self._apart(leaves)))

    def _apart(self, leaves: Sequence[EventCondition]) -> Iterator[Formula]:
        streams: dict[object, list[EventCondition]] = {}
        for leaf in leaves:
            streams.setdefault((leaf.event, leaf.where, leaf.then), []).append(leaf)
        for alike in streams.values():
            try:
                yield of_events(alike, self.literal, self.moments).formula
            except TooMany:
                continue


def below(rule: Rule, rule_of: RuleOf) -> list[str]:
    """Return the segments that a rule refers to, and those that they do: mostly the lowest first.

    A chain of them may be longer than Python calls go deep, so each is worked out before the
    one above it.
    """
    found: dict[str, None] = {}
    waiting = sorted(keys(rule).segments)
    while waiting:
        slug = waiting.pop()
        inner = None if slug in found else rule_of(slug)
        found.setdefault(slug)
        waiting += sorted(keys(inner).segments) if inner is not None else []
    return list(reversed(found))


def _surely(rule: Rule, parts: Sequence[Told]) -> tuple[Outcomes, Outcomes]:
    """Return what surely holds of who meets a group, and of who does not."""
    met, unmet = [part.if_met for part in parts], [part.if_unmet for part in parts]
    nothing: Outcomes = frozenset()
    match rule:
        case All():
            return nothing.union(*met), unmet[0] if len(parts) == 1 else nothing
        case Any():
            return met[0] if len(parts) == 1 else nothing, nothing.union(*unmet)
        case _:
            return unmet[0], met[0]


def _subject(leaf: Leaf) -> Subject:
    match leaf:
        case TraitCondition(trait=trait, kind=kind):
            return "trait", trait, kind
        case EventCondition(event):
            return "event", event
        case SegmentCondition(segment):
            return "segment", segment
        case _:
            assert_never(leaf)


def _hanging_together(subjects: Mapping[Subject, Leaves]) -> Iterator[Leaves]:
    """Yield the conditions that bear on each other: on one trait, on events that follow others."""
    events = {subject[1]: leaves for subject, leaves in subjects.items() if subject[0] == "event"}
    yield from (leaves for subject, leaves in subjects.items() if subject[0] != "event")
    groups: list[tuple[set[str], Leaves]] = []
    for name, leaves in events.items():
        names = {name, *(leaf.then.event for leaf in leaves
                         if isinstance(leaf, EventCondition) and leaf.then)}  # fmt: skip
        near = [group for group in groups if group[0] & names]
        groups = [group for group in groups if group not in near]
        groups.append((names.union(*(group[0] for group in near)),
                       leaves.union(*(group[1] for group in near))))  # fmt: skip
    yield from (leaves for _, leaves in groups)


def _is_dated(leaf: Leaf) -> bool:
    return isinstance(leaf, TraitCondition) and leaf.kind in (Kind.DATE, Kind.DATETIME)


def _is_timed(leaf: Leaf) -> bool:
    """Return whether it matters when it is: a calendar, or a date that the rule names."""
    match leaf:
        case TraitCondition(op=op, kind=kind):
            return operator(op, kind).window is not None
        case EventCondition():
            when = leaf.first or leaf.last
            window = None if when is None else operator(when.op, Kind.DATETIME).window
            return when is not None and window is not None and not _slides(window(when.value))
        case SegmentCondition():
            return False
        case _:
            assert_never(leaf)


def _slides(window: object) -> bool:
    if not isinstance(window, Stretch):
        return False
    return all(end is None or isinstance(end, Offset) for end in (window.low, window.high))
