"""What the solver is told of one trait: how the conditions on it can hold together.

A part is true of every contact there can be. Read from a model, it gives a value that holds
the conditions that hold in the model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import z3

from apps.rules.clock import Clock
from apps.rules.comparing import Operator
from apps.rules.facts import Occurrence
from apps.rules.fold import fold
from apps.rules.kinds import Kind
from apps.rules.nodes import Leaf, TraitCondition
from apps.rules.operators import operator
from apps.rules.solver.moments import Moments, Place
from apps.rules.solver.terms import Formula, Terms
from apps.rules.solver.values import UNNAMED, trait_cases
from apps.rules.windows import Anniversaries, Stretch

Literal = Callable[[Leaf], Formula]


class Unknown(Exception):
    """A model says nothing of which a contact can be made."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some facts of a contact."""

    traits: Mapping[str, object]
    events: Mapping[str, Sequence[Occurrence]]


NOTHING = Piece({}, {})
Read = Callable[[z3.ModelRef, Clock, int], Piece]


def read_nothing(model: z3.ModelRef, clock: Clock, lean: int) -> Piece:
    return NOTHING


def read_unknown(model: z3.ModelRef, clock: Clock, lean: int) -> Piece:
    raise Unknown


@dataclass(frozen=True, slots=True)
class Part:
    """A formula, how facts are read of a model of it, and the moving ends it speaks of.

    `likely` is so of contacts that look like people; it is asked for where there is a choice.
    """

    formula: Formula
    read: Read = read_nothing
    places: frozenset[Place] = frozenset()
    likely: tuple[Formula, ...] = ()


def by_cases(
    leaves: Sequence[TraitCondition], literal: Literal, terms: Terms, clock: Clock
) -> Part:
    """Tell of a trait by the cases of its values at one moment."""
    cases = trait_cases(leaves, clock)
    chosen = terms.whole(leaves[0].trait)
    parts = [terms.within(chosen, range(len(cases)))]
    for at, leaf in enumerate(leaves):
        outcomes = [case.outcomes[at] for case in cases]
        parts.append(terms.same(literal(leaf), _as_in(chosen, outcomes, terms)))
    key, kind = leaves[0].trait, leaves[0].kind

    def read(model: z3.ModelRef, clock: Clock, lean: int) -> Piece:
        value = cases[whole(model, chosen)].value
        if value is UNNAMED:
            raise Unknown
        if kind is Kind.DATETIME and key.startswith("contact."):
            value = None if value is None else datetime.fromisoformat(str(value))
        return Piece({} if value is None else {key: value}, {})

    return Part(terms.every(parts), read)


def _as_in(chosen: z3.ArithRef, outcomes: Sequence[bool | None], terms: Terms) -> Formula:
    held = terms.within(chosen, (at for at, outcome in enumerate(outcomes) if outcome))
    if None not in outcomes:
        return held
    either = terms.within(chosen, (at for at, outcome in enumerate(outcomes) if outcome is None))
    return terms.some([held, terms.every([either, terms.truth("either")])])


class Chosen:
    """A list of options: which of those that conditions name are in it."""

    def __init__(self, terms: Terms, key: str) -> None:
        self.terms = terms
        self.is_there = terms.truth(key)
        self.options: dict[str, tuple[str, Formula]] = {}

    def _has(self, option: str) -> Formula:
        folded = fold(option)
        if folded not in self.options:
            self.options[folded] = option, self.terms.truth("option")
        return self.options[folded][1]

    def has_any(self, options: Iterable[str]) -> Formula:
        return self.terms.some(self._has(option) for option in options)

    def has_all(self, options: Iterable[str]) -> Formula:
        return self.terms.every(self._has(option) for option in options)


def of_choices(leaves: Sequence[TraitCondition], literal: Literal, terms: Terms) -> Part:
    """Tell of a trait of several options. It may have others than those named."""
    key = leaves[0].trait
    chosen = Chosen(terms, key)
    rows = (operator(leaf.op, leaf.kind) for leaf in leaves)
    parts = [
        terms.same(literal(leaf), held(row, chosen, leaf.value, terms))
        for leaf, row in zip(leaves, rows, strict=True)
    ]
    parts += [terms.implies(has, chosen.is_there) for _, has in chosen.options.values()]

    def read(model: z3.ModelRef, clock: Clock, lean: int) -> Piece:
        if not is_so(model, chosen.is_there):
            return NOTHING
        names = [name for name, has in chosen.options.values() if is_so(model, has)]
        return Piece({key: names or [_another(chosen.options)]}, {})

    return Part(terms.every(parts), read)


def held(row: Operator, subject: Any, operand: object, terms: Terms) -> Formula:
    """Return that an operator without a window holds of a subject that may be missing."""
    assert row.proof is not None
    return signed(row, terms.every([subject.is_there, row.proof(subject, operand)]), terms)


def signed(row: Operator, test: Formula, terms: Terms) -> Formula:
    return terms.negation(test) if row.negated else test


def of_dates(leaves: Sequence[TraitCondition], literal: Literal, moments: Moments) -> Part:
    """Tell of a date or time what is so at every moment. No facts are read of it."""
    terms, kind = moments.terms, leaves[0].kind
    is_there, low, high = terms.truth("known"), terms.whole("from"), terms.whole("to")
    parts, places = [low <= high, high <= low + 1], frozenset[Place]()
    yearly: dict[Anniversaries, Formula] = {}
    for leaf in leaves:
        row = operator(leaf.op, kind)
        window = None if row.window is None else row.window(leaf.value)
        test = terms.yes
        if isinstance(window, Stretch):
            test, used = moments.inside(window, kind, low, high)
            places |= used
        elif isinstance(window, Anniversaries):
            test = yearly.setdefault(window, terms.truth("anniversary"))
        test = signed(row, terms.every([is_there, test]), terms)
        parts.append(terms.same(literal(leaf), test))
    return Part(terms.every([*parts, *_widening(yearly, terms)]), read_unknown, places)


def _widening(yearly: Mapping[Anniversaries, Formula], terms: Terms) -> list[Formula]:
    """Return that an anniversary in the next days is one in the next weeks."""
    ordered = sorted(yearly, key=lambda window: window.length)
    return [terms.implies(yearly[shorter], yearly[longer]) for shorter, longer in pairwise(ordered)]


def whole(model: z3.ModelRef, term: z3.ArithRef) -> int:
    found = model.eval(term, model_completion=True)
    assert isinstance(found, z3.IntNumRef)
    return int(found.as_long())


def is_so(model: z3.ModelRef, formula: Formula) -> bool:
    return bool(z3.is_true(model.eval(formula, model_completion=True)))


def _another(options: Iterable[str]) -> str:
    taken = set(options)
    names = ("another", *(f"another {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
