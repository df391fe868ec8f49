"""Every way to answer one question, as few cases as conditions and scores can tell apart.

A case stands for all answers that make the same conditions hold, lead on alike and count the
same on the scales that are followed; it says how many answers those are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import factorial
from typing import Any

from apps.quizzes.conditions import ANY_CLOCK, facts_of
from apps.quizzes.definition import (
    MANY,
    NUMBERS,
    ONE,
    TRUTHS,
    WEIGHED,
    Kind,
    Question,
    Row,
    plain,
)
from apps.quizzes.samples import samples
from apps.quizzes.worth import ZERO, bounds, cell, counts, grain, items, most, points, selections
from apps.rules.facts import Facts
from apps.rules.holding import found, suffices
from apps.rules.nodes import TraitCondition

Worth = tuple[int, int, int]  # points and the most there was, in millionths, with items between
Worths = tuple[Worth, ...]  # by followed scale
Truths = tuple[bool, ...]
Points = tuple[Decimal, ...]
Kept = tuple[tuple[str, str], ...]  # read rows with their columns
MILLION = 10**6
LIMIT = 20_000  # numbers that are tried one by one
NOTHING: Worth = (0, 0, 0)


class TooMany(Exception):
    """There are more cases than one lists."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A scale whose points are followed, with what else of it anything reads."""

    key: str
    items: bool = False
    most: bool = False

    def worth(self, value: Decimal, number: int, top: Decimal) -> Worth:
        return (
            in_millionths(value),
            number if self.items else 0,
            in_millionths(top) if self.most else 0,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """Answers that come to the same; `value` is one of them."""

    value: Any
    truths: Truths  # of the conditions that read this question
    worths: Worths
    ways: int
    lead: object = None  # the choice, where it leads somewhere of its own


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told apart in the answers to one question."""

    question: Question
    conditions: Sequence[TraitCondition]  # those that read it
    scales: Sequence[Followed]
    apart: bool = False  # whether each choice leads somewhere of its own


@dataclass(slots=True)
class _Cases:
    """Cases by what tells them apart."""

    asked: Asked
    found: dict[tuple[Truths, Worths, object], Case] = field(default_factory=dict)

    def add(self, value: Any, ways: int, worths: Worths | None = None) -> None:
        one = worths if worths is not None else worths_of(self.asked, value)
        truths = truths_of(self.asked, value)
        lead = value if self.asked.apart else None
        former = self.found.get((truths, one, lead))
        total = ways + (former.ways if former else 0)
        first = former.value if former else value
        self.found[truths, one, lead] = Case(first, truths, one, total, lead)


def cases(asked: Asked) -> list[Case]:
    """Return the cases of a question that is asked. Raises TooMany."""
    gathered = _Cases(asked)
    question = asked.question
    if question.kind in MANY:
        _add_selections(gathered)
    elif question.kind is Kind.MATRIX:
        _add_grid(gathered)
    else:
        for value, ways in _answers(asked):
            gathered.add(value, ways)
    if not question.required and _skip_tells(asked):
        gathered.add(None, 1)
    return list(gathered.found.values())


def truths_of(asked: Asked, value: Any) -> Truths:
    """Return which of the conditions on the question an answer meets."""
    if not asked.conditions:
        return ()
    facts = Facts(traits=facts_of(asked.question, value))
    return tuple(holds(leaf, facts) for leaf in asked.conditions)


def holds(leaf: TraitCondition, facts: Facts) -> bool:
    return suffices(leaf, found(leaf, facts, ANY_CLOCK), ANY_CLOCK)


def worths_of(asked: Asked, value: Any) -> Worths:
    question = asked.question
    return tuple(
        scale.worth(
            points(question, value, scale.key),
            items(question, value, scale.key),
            most(question, value, scale.key),
        )
        for scale in asked.scales
    )


def in_millionths(value: Decimal) -> int:
    """Return an exact number: weights have two decimals and values at most four."""
    return int((value * MILLION).to_integral_value())


def _skip_tells(asked: Asked) -> bool:
    """Return whether skipping is a way of its own: not where any text would do as well."""
    return bool(asked.conditions) or asked.question.kind in ONE | MANY | WEIGHED | {Kind.MATRIX}


def _answers(asked: Asked) -> Iterator[tuple[Any, int]]:
    question = asked.question
    kind = question.kind
    if kind in ONE:
        for choice in question.choices:
            yield choice.key, 1
    elif kind in TRUTHS:
        yield True, 1
        if not question.consent_required:
            yield False, 1
    elif kind in NUMBERS:
        yield from _numbers(asked)
    elif kind is Kind.RANKING:
        yield [choice.key for choice in question.choices], factorial(len(question.choices))
    else:
        for value in samples(question, asked.conditions):
            yield value, 1


def _numbers(asked: Asked) -> Iterator[tuple[Any, int]]:
    question = asked.question
    counted = any(counts(question, scale.key) for scale in asked.scales)
    closed = question.minimum is not None and question.maximum is not None
    if question.kind is Kind.NUMBER and not (closed and (counted or asked.conditions)):
        for value in samples(question, asked.conditions):
            yield value, 1
        return
    low, high = bounds(question)
    step = grain(question)
    number = int((high - low) / step) + 1
    if number > LIMIT:
        raise TooMany
    for place in range(number):
        yield plain(low + step * place), 1


def _add_selections(gathered: _Cases) -> None:
    """Add all permitted selections, choice by choice: named choices are kept, others summed."""
    asked = gathered.asked
    question = asked.question
    named = _named(asked)
    least, most_picked = selections(question)
    sums: dict[tuple[int, tuple[str, ...], Points], tuple[int, tuple[str, ...]]]
    sums = {(0, (), (ZERO,) * len(asked.scales)): (1, ())}
    for choice in question.choices:
        own = [choice.points.get(scale.key, ZERO) for scale in asked.scales]
        for (count, kept, total), (ways, picked) in list(sums.items()):
            if count < most_picked:
                more = tuple(a + b for a, b in zip(total, own, strict=True))
                key = (count + 1, (*kept, choice.key) if choice.key in named else kept, more)
                before = sums[key][0] if key in sums else 0
                sums[key] = (before + ways, (*picked, choice.key))
        if len(sums) > LIMIT:
            raise TooMany
    for (count, _, total), (ways, picked) in sums.items():
        if count >= least:
            gathered.add(list(picked), ways, _of_selection(asked, total))


def _of_selection(asked: Asked, total: Points) -> Worths:
    question = asked.question
    return tuple(
        scale.worth(value, int(counts(question, scale.key)), most(question, [], scale.key))
        for scale, value in zip(asked.scales, total, strict=True)
    )


def _named(asked: Asked) -> set[str]:
    """Return the choices that conditions name; whether any is picked at all tells no more."""
    names: set[str] = set()
    for leaf in asked.conditions:
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        names |= {str(value).casefold() for value in values}
    return {choice.key for choice in asked.question.choices if choice.key.casefold() in names}


def _add_grid(gathered: _Cases) -> None:
    """Add every filled-in matrix, row by row: read rows are kept, others summed."""
    asked = gathered.asked
    question = asked.question
    read = {leaf.trait.rpartition(".")[2] for leaf in asked.conditions}
    grids: dict[tuple[Kept, Worths], tuple[int, dict[str, str]]]
    grids = {((), (NOTHING,) * len(asked.scales)): (1, {})}
    for row in question.rows:
        longer: dict[tuple[Kept, Worths], tuple[int, dict[str, str]]] = {}
        for (kept, total), (ways, picked) in grids.items():
            for column, own in _columns(asked, row):
                told = (row.key, column) if row.key in read else ("", "said")
                named = kept if not column or told in kept else (*kept, told)
                said = {**picked, row.key: column} if column else picked
                key = (named, _added(total, own))
                longer[key] = (ways + longer.get(key, (0, {}))[0], said)
        grids = longer
        if len(grids) > LIMIT:
            raise TooMany
    for (kept, total), (ways, picked) in grids.items():
        if kept:  # else no row is answered: that is to skip it
            gathered.add(picked, ways, total)


def _columns(asked: Asked, row: Row) -> Iterator[tuple[str, Worths]]:
    """Yield each column of a row with what it counts; and nothing, where it may be left out."""
    question = asked.question
    nothing = (NOTHING,) * len(asked.scales)
    for choice in question.choices:
        yield choice.key, tuple(_cell(question, row, choice.key, one) for one in asked.scales)
    if not question.required:
        yield "", nothing


def _cell(question: Question, row: Row, column: str, scale: Followed) -> Worth:
    worths = [cell(question, row, choice.key, scale.key) for choice in question.choices]
    number = int(counts(question, scale.key))
    return scale.worth(cell(question, row, column, scale.key), number, max(worths))


def _added(one: Worths, other: Worths) -> Worths:
    return tuple((a[0] + b[0], a[1] + b[1], a[2] + b[2]) for a, b in zip(one, other, strict=True))
