"""What can be proved of rules: the reading that answers for every contact there can be.

A rule becomes a formula over its conditions; each trait and event adds how conditions on it
can hold together. That nobody can meet a formula is a proof, for every contact and moment.
That somebody can is shown by a contact, a witness, whom the verdict reading has judged. What
is neither proved nor shown in time is undecided.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

import z3

from apps.rules.clock import Calendar, Clock, moment
from apps.rules.facts import Facts
from apps.rules.nodes import Rule, SegmentCondition
from apps.rules.solver.parts import Part, Unknown, is_so, whole
from apps.rules.solver.telling import RuleOf, Telling, Told
from apps.rules.solver.terms import Formula
from apps.rules.verdict import holds

EFFORT = 200_000  # steps of z3 for one question: some 200 ms, but the same on every machine
LEANS = (0, 1, -1)


class No(Enum):
    """Why there is no witness."""

    PROVED = "there can be none"
    UNDECIDED = "none was found"


@dataclass(frozen=True, slots=True)
class Witness:
    """A contact at a moment."""

    facts: Facts
    now: datetime


Answer = Witness | No


class Solver:
    """Answers questions about rules at one installation. Pins are left aside."""

    def __init__(self, rule_of: RuleOf, *, calendar: Calendar, now: datetime) -> None:
        self.now = now
        self.calendar = calendar
        self._rule_of = rule_of
        self._telling = Telling(rule_of, calendar)
        self._z3 = z3.Solver(ctx=self._telling.terms.context)
        self._z3.set("rlimit", EFFORT)

    def tell(self, rule: Rule) -> Told:
        """Return the rule in the form that questions are asked about."""
        return self._telling.tell(rule)

    def none(self, *, met: Sequence[Told] = (), unmet: Sequence[Told] = ()) -> bool:
        """Return whether it is proved that there is no such contact: without looking for one."""
        return self.clash(met, unmet) or self._ever(met, unmet) is No.PROVED

    def exists(self, *, met: Sequence[Told] = (), unmet: Sequence[Told] = ()) -> Answer:
        """Return a contact who meets all of some rules and none of others, or why none."""
        if self.clash(met, unmet):
            return No.PROVED
        found = self._at(self.now, met, unmet)
        if found is not No.PROVED or not any(one.is_timed for one in (*met, *unmet)):
            return found
        then = self._ever(met, unmet)
        if isinstance(then, No):
            return then
        found = self._at(then, met, unmet)
        return found if isinstance(found, Witness) else No.UNDECIDED

    def core(self, rules: Sequence[Told]) -> list[Told]:
        """Return some of the rules that nobody can meet together; none where that is not proved."""
        terms = self._telling.terms
        chosen = [terms.truth("chosen") for _ in rules]
        pairs = list(zip(chosen, rules, strict=True))
        self._z3.push()
        try:
            self._z3.add(*(terms.implies(one, rule.formula) for one, rule in pairs))
            self._z3.add(*self._always(rules))
            if self._z3.check(*chosen) != z3.unsat:
                return []
            found = {one.get_id() for one in self._z3.unsat_core()}
            return [rule for one, rule in pairs if one.get_id() in found]
        finally:
            self._z3.pop()

    def clash(self, met: Sequence[Told], unmet: Sequence[Told]) -> bool:
        """Return whether some trait alone shows that there is no such contact."""
        outcomes = [one.if_met for one in met] + [one.if_unmet for one in unmet]
        return self._telling.clash(frozenset().union(*outcomes))

    def _ever(self, met: Sequence[Told], unmet: Sequence[Told]) -> datetime | No:
        """Return a moment at which there may be such a contact, or that there never can be."""
        model = self._model([*self._asked(met, unmet), *self._always((*met, *unmet))])
        if isinstance(model, No):
            return model
        return moment(whole(model, self._telling.moments.now))

    def _always(self, rules: Sequence[Told]) -> Iterator[Formula]:
        """Yield what is so of the conditions of these rules at every moment."""
        parts = list(self._telling.parts(rules, None))
        yield from (part.formula for part in parts)
        places = frozenset().union(*(part.places for part in parts))
        yield from self._telling.moments.always(places)

    def _at(self, now: datetime, met: Sequence[Told], unmet: Sequence[Told]) -> Answer:
        """Answer for one moment."""
        clock = Clock(now, self.calendar)
        parts = list(self._telling.parts((*met, *unmet), clock))
        places = frozenset().union(*(part.places for part in parts))
        told = [part.formula for part in parts]
        formulas = [*self._asked(met, unmet), *told, *self._telling.moments.at(now, places)]
        found = self._model(formulas, likely=[one for part in parts for one in part.likely])
        if isinstance(found, No):
            return found
        for facts in self._facts(found, parts, clock, (*met, *unmet)):
            if self.is_witness(facts, now, met=met, unmet=unmet):
                return Witness(facts, now)
        return No.UNDECIDED

    def is_witness(
        self, facts: Facts, now: datetime, *, met: Sequence[Told], unmet: Sequence[Told]
    ) -> bool:
        """Return what the verdict reading says of a contact."""
        wanted = [(one, True) for one in met] + [(one, False) for one in unmet]
        return all(
            holds(one.rule, facts, now=now, calendar=self.calendar) is expected
            for one, expected in wanted
        )

    def _asked(self, met: Sequence[Told], unmet: Sequence[Told]) -> Iterator[Formula]:
        yield from (one.formula for one in met)
        yield from (self._telling.terms.negation(one.formula) for one in unmet)

    def _model(
        self, formulas: Sequence[Formula], likely: Sequence[Formula] = ()
    ) -> z3.ModelRef | No:
        """Return what meets the formulas, and what is likely where something does both."""
        self._z3.push()
        try:
            self._z3.add(*formulas)
            found = self._z3.check()
            if found == z3.sat:
                model = self._z3.model()
                self._z3.add(*likely)
                return self._z3.model() if likely and self._z3.check() == z3.sat else model
            return No.PROVED if found == z3.unsat else No.UNDECIDED
        finally:
            self._z3.pop()

    def _facts(
        self, model: z3.ModelRef, parts: Sequence[Part], clock: Clock, told: Sequence[Told]
    ) -> Iterator[Facts]:
        """Yield contacts as a model has them: several where it leaves open when things were."""
        for lean in LEANS:
            try:
                pieces = [part.read(model, clock, lean) for part in parts]
            except Unknown:
                continue
            facts = Facts(
                traits={key: value for piece in pieces for key, value in piece.traits.items()},
                events={name: rows for piece in pieces for name, rows in piece.events.items()},
            )
            yield self._standing(facts, model, clock, told)

    def _standing(
        self, facts: Facts, model: z3.ModelRef, clock: Clock, told: Sequence[Told]
    ) -> Facts:
        """Return the contact with the segments it is in: those by rule, and those left open."""
        leaves = (leaf for one in told for found in one.subjects.values() for leaf in found)
        segments = {
            leaf.segment
            for leaf in leaves
            if isinstance(leaf, SegmentCondition) and is_so(model, self._telling.literal(leaf))
        }
        left_open = replace(facts, segments=frozenset(segments))
        return self.standing(left_open, told, now=clock.now)

    def standing(self, facts: Facts, told: Iterable[Told], *, now: datetime) -> Facts:
        """Return the contact with those segments too that these rules refer to, by their rules."""
        segments = set(facts.segments)
        for slug in dict.fromkeys(slug for one in told for slug in one.segments):
            rule = self._rule_of(slug)
            inside = replace(facts, segments=frozenset(segments))
            if rule is not None and holds(rule, inside, now=now, calendar=self.calendar):
                segments.add(slug)
        return replace(facts, segments=frozenset(segments))
