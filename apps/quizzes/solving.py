"""What can be reached, proved without going through the ways: for quizzes that have too many.

A quiz becomes a formula: one truth for each case of each answer, one for each question asked,
and the points so far as a sum. What cannot be met is proved never to happen; what is met
happens. What takes too long, or reads a percentage or a mean, stays undecided.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any as AnyValue
from typing import assert_never

import z3

from apps.quizzes import overrides
from apps.quizzes.branching import End, Target, routes
from apps.quizzes.conditions import parse, readable
from apps.quizzes.definition import Definition, Question, Tier
from apps.quizzes.exploring import following
from apps.quizzes.offers import MILLION, Asked, Case, TooMany, cases, holds
from apps.quizzes.samples import hidden_samples
from apps.rules.facts import Facts
from apps.rules.keys import leaves
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)

EFFORT = 2_000_000  # steps of z3 for one question: the same on every machine
Formula = AnyValue
COMPARED = {
    "at_least": lambda sums, value: sums >= value,
    "more_than": lambda sums, value: sums > value,
    "at_most": lambda sums, value: sums <= value,
    "less_than": lambda sums, value: sums < value,
    "is": lambda sums, value: sums == value,
    "is_not": lambda sums, value: sums != value,
}


class Undecided(Exception):
    """This cannot be told here."""


class Paths:
    """All ways through a quiz as one formula. Raises Undecided for what has no form here."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._context = z3.Context()
        self._yes, self._no = (z3.BoolVal(val=one, ctx=self._context) for one in (True, False))
        self._rules = list(_all_rules(definition))
        self._leaves = [leaf for rule in self._rules for leaf in leaves(rule)]
        self._check()
        self._cases = self._all_cases()
        self._picks = [
            [self._truth(f"pick {place} {number}") for number in range(len(found))]
            for place, found in enumerate(self._cases)
        ]
        self._asked = [self._truth(f"asked {place}") for place in range(len(self._cases))]
        self._hidden = hidden_samples(self._read_hidden())
        self._came = [self._truth(f"came {number}") for number in range(len(self._hidden))]
        self._defined: list[Formula] = []
        self._sums = {scale.key: self._sums_of(scale.key) for scale in definition.scales}
        self.endings: dict[str | None, Formula] = {}
        self._formulas = list(self._ways())
        self.tiers = {tier.key: formula for tier, formula in self._tiers()}

    def asked(self, place: int) -> bool | None:
        return self.possible(self._asked[place])

    def possible(self, formula: Formula) -> bool | None:
        """Return whether some way meets the formula; None: undecided."""
        solver = z3.Solver(ctx=self._context)
        solver.set("rlimit", EFFORT)
        solver.add(*self._formulas, formula)
        found = solver.check()
        return None if found == z3.unknown else bool(found == z3.sat)

    def range(self, scale: str) -> tuple[Decimal, Decimal] | None:
        """Return the lowest and the highest sum of points; None: undecided."""
        ends = []
        for least in (True, False):
            optimum = z3.Optimize(ctx=self._context)
            optimum.set("rlimit", EFFORT)
            optimum.add(*self._formulas)
            total = self._sums[scale][-1]
            optimum.minimize(total) if least else optimum.maximize(total)
            if optimum.check() != z3.sat:
                return None
            value = optimum.model().eval(total, model_completion=True)
            ends.append(Decimal(value.as_long()) / MILLION)
        return ends[0], ends[1]

    def _check(self) -> None:
        """Raise Undecided where a rule or the tiers read what is no sum of points."""
        means = {scale.key for scale in self.definition.scales if scale.method != "sum"}
        read = {leaf.trait for leaf in self._leaves if isinstance(leaf, TraitCondition)}
        main = self.definition.scales[0].key
        if any(trait.partition(".")[0] == "percent" for trait in read):
            raise Undecided
        if self.definition.bands == "percent" or self.definition.scoring != "tiers":
            raise Undecided
        if main in means or any(f"score.{scale}" in read for scale in means):
            raise Undecided

    def _all_cases(self) -> list[list[Case]]:
        scales = [following(self.definition, scale.key) for scale in self.definition.scales]
        table = routes(self.definition)
        try:
            return [
                cases(
                    Asked(question, self._of(question), scales, apart=bool(table[place].by_choice))
                )
                for place, question in enumerate(self.definition.questions)
            ]
        except TooMany:
            raise Undecided from None

    def _of(self, question: Question) -> list[TraitCondition]:
        own = {spec.key for spec in readable(question)}
        return [
            leaf
            for leaf in dict.fromkeys(self._leaves)
            if isinstance(leaf, TraitCondition) and leaf.trait in own
        ]

    def _read_hidden(self) -> Mapping[str, Sequence[TraitCondition]]:
        found: dict[str, list[TraitCondition]] = {}
        for leaf in self._leaves:
            if isinstance(leaf, TraitCondition) and leaf.trait.startswith("hidden."):
                found.setdefault(leaf.trait, []).append(leaf)
        return found

    def _sums_of(self, scale: str) -> list[Formula]:
        """Return the points on a scale after each question; before the first there are none."""
        number = [one.key for one in self.definition.scales].index(scale)
        sums: list[Formula] = [z3.IntVal(0, ctx=self._context)]
        for place, found in enumerate(self._cases):
            worths = [
                z3.If(pick, case.worths[number][0], 0)
                for pick, case in zip(self._picks[place], found, strict=True)
                if case.worths[number][0]
            ]
            after = z3.Int(f"{scale} after {place}", ctx=self._context)
            sums.append(after)
            self._defined.append(after == z3.Sum([sums[place], *worths]))
        return sums

    def _ways(self) -> Iterator[Formula]:
        """Yield what is so of every way, question by question."""
        yield from self._defined
        yield self._just_one(self._came)
        arriving: list[list[Formula]] = [[] for _ in self._cases]
        if self._cases:
            arriving[0].append(self._yes)
        for place, route in enumerate(routes(self.definition)):
            here = self._or(arriving[place])
            question = self.definition.questions[place]
            visible = self._read_rule(question.visible, place)
            asked = self._asked[place]
            yield asked == z3.And(here, visible)
            yield z3.Implies(asked, self._just_one(self._picks[place]))
            yield z3.Implies(z3.Not(asked), z3.Not(self._or(self._picks[place])))
            self._lead(arriving, route.onward, z3.And(here, z3.Not(visible)))
            rest: Formula = asked
            for jump, (_, target) in zip(question.jumps, route.jumps, strict=True):
                met = self._read_rule(jump.rule, place + 1)
                self._lead(arriving, target, z3.And(rest, met))
                rest = z3.And(rest, z3.Not(met))
            for number, case in enumerate(self._cases[place]):
                key = case.value if isinstance(case.value, str) else ""
                target = route.by_choice.get(key, route.onward) if route.by_choice else route.onward
                self._lead(arriving, target, z3.And(rest, self._picks[place][number]))

    def _lead(self, arriving: list[list[Formula]], target: Target, formula: Formula) -> None:
        if isinstance(target, End):
            before = self.endings.get(target.ending, self._no)
            self.endings[target.ending] = z3.Or(before, formula)
        else:
            arriving[target].append(formula)

    def _tiers(self) -> Iterator[tuple[Tier, Formula]]:
        """Yield each tier with what leads to it: its override first of all, or its band."""
        end = len(self._cases)
        total = self._sums[self.definition.scales[0].key][end]
        taken = self._no
        by_rule: dict[str, Formula] = {}
        for tier in self.definition.tiers:
            if tier.override is not None:
                met = self._rule(overrides.read(tier, self.definition), end)
                by_rule[tier.key] = z3.And(met, z3.Not(taken))
                taken = z3.Or(taken, met)
        starts = sorted(one.starts_at for one in self.definition.tiers if one.starts_at is not None)
        for tier in self.definition.tiers:
            formula = by_rule.get(tier.key, self._no)
            if not tier.override_only:
                within = self._within(total, tier.starts_at, starts)
                formula = z3.Or(formula, z3.And(z3.Not(taken), within))
            yield tier, formula

    def _within(self, total: Formula, start: Decimal | None, starts: Sequence[Decimal]) -> Formula:
        end = next((one for one in starts if start is None or one > start), None)
        lower = [] if start is None else [total >= int(start * MILLION)]
        upper = [] if end is None else [total < int(end * MILLION)]
        return z3.And(self._yes, *lower, *upper)

    def _read_rule(self, source: object, place: int) -> Formula:
        if source is None:
            return self._yes
        return self._rule(parse(source, self.definition), place)

    def _rule(self, rule: Rule, place: int) -> Formula:
        """Return a rule as a formula, read before the question at `place`."""
        match rule:
            case All(parts):
                formulas = [self._rule(part, place) for part in parts]
                return z3.And(self._yes, *formulas)
            case Any(parts):
                return self._or([self._rule(part, place) for part in parts])
            case Not(part):
                return z3.Not(self._rule(part, place))
            case TraitCondition():
                return self._condition(rule, place)
            case EventCondition() | SegmentCondition():
                raise Undecided
            case _:
                assert_never(rule)

    def _condition(self, leaf: TraitCondition, place: int) -> Formula:
        what, _, scale = leaf.trait.partition(".")
        if what == "score":
            return self._compared(leaf, self._sums[scale or self.definition.scales[0].key][place])
        if what == "hidden":
            met = [holds(leaf, Facts(traits=given)) for given in self._hidden]
            return self._or([one for one, is_met in zip(self._came, met, strict=True) if is_met])
        missing = holds(leaf, Facts())
        for asked, question in enumerate(self.definition.questions[:place]):
            conditions = self._of(question)
            if leaf in conditions:
                number = conditions.index(leaf)
                pairs = zip(self._picks[asked], self._cases[asked], strict=True)
                met_by = [pick for pick, case in pairs if case.truths[number]]
                left_out = z3.Not(self._asked[asked]) if missing else self._no
                return z3.Or(self._or(met_by), left_out)
        return self._yes if missing else self._no

    def _compared(self, leaf: TraitCondition, sums: Formula) -> Formula:
        if leaf.op not in COMPARED or not isinstance(leaf.value, int | float):
            raise Undecided
        value = Decimal(str(leaf.value)) * MILLION
        if value != int(value):
            raise Undecided
        return COMPARED[leaf.op](sums, int(value))

    def _truth(self, name: str) -> Formula:
        return z3.Bool(name, ctx=self._context)

    def _or(self, formulas: Sequence[Formula]) -> Formula:
        return z3.Or(self._no, *formulas)

    def _just_one(self, formulas: Sequence[Formula]) -> Formula:
        return z3.PbEq([(formula, 1) for formula in formulas], 1)


def _all_rules(definition: Definition) -> Iterator[Rule]:
    for question in definition.questions:
        for source in (question.visible, *(jump.rule for jump in question.jumps)):
            if source is not None:
                yield parse(source, definition)
    for tier in definition.tiers:
        if tier.override is not None:
            yield overrides.read(tier, definition)
