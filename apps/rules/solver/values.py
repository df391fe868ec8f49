"""The values of a trait or property in a few cases that conditions cannot tell apart.

Between two numbers that conditions name, one number is like another; so are two texts that are
none of those named and match the same patterns. Each case has an example, so whether a
condition holds in it is asked of the operator itself.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.rules.clock import NO_TIME, Clock
from apps.rules.comparing import Operator
from apps.rules.kinds import MAX_NUMBER, Kind
from apps.rules.lines import Line, Span, line_of
from apps.rules.nodes import TraitCondition, Where
from apps.rules.occurring import property_holds
from apps.rules.operators import operator
from apps.rules.periods import civil
from apps.rules.solver.texts import ANOTHER, Pattern, Region, TooMany, named, regions

GROWN_UP = 30  # years
UNNAMED = object()  # the value of a case of which no example is known
Number = int | float


@dataclass(slots=True)
class Noted:
    """Stands in for a value, and notes what operators compare it with."""

    numbers: set[Number] = field(default_factory=set)
    texts: dict[str, None] = field(default_factory=dict)
    patterns: dict[Pattern, None] = field(default_factory=dict)
    is_there: bool = True
    is_yes: bool = True
    is_no: bool = True

    def note(self, row: Operator, operand: object) -> None:
        if row.proof is not None:
            row.proof(self, operand)

    def is_among(self, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, str):
                self.texts[value] = None
            else:
                self.numbers.add(value)

    def is_between(self, low: Number, high: Number) -> None:
        self.numbers |= {low, high}

    def matches(self, pattern: Pattern) -> None:
        self.patterns[pattern] = None

    def _compare(self, bound: Number) -> None:
        self.numbers.add(bound)

    __ge__ = __gt__ = __le__ = __lt__ = _compare


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers between two others, both excluded, or just one where both are the same."""

    example: Number
    low: Number
    high: Number


def ranges(numbers: Iterable[Number]) -> list[Range]:
    """Return the numbers given and what lies between them, in order, as far as values go."""
    points = sorted({one for one in numbers if -MAX_NUMBER <= one <= MAX_NUMBER})
    found = []
    for low, high in zip([-MAX_NUMBER - 1, *points], [*points, MAX_NUMBER + 1], strict=True):
        between = _between(low, high)
        if between is not None:
            found.append(Range(between, low, high))
        if high <= MAX_NUMBER:
            found.append(Range(high, high, high))
    return found


def _between(low: Number, high: Number) -> Number | None:
    """Return a number between two others, a plain one where there is one."""
    near = math.floor(low) + 1 if low >= -MAX_NUMBER else min(0, math.ceil(high) - 1)
    for one in (near, (low + high) / 2, math.nextafter(low, math.inf)):
        if low < one < high:
            return one
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """Values that hold the same conditions: an example, and which they hold."""

    value: object
    outcomes: tuple[bool | None, ...]  # None: some of the values do, some do not


def trait_cases(leaves: Sequence[TraitCondition], clock: Clock) -> list[Case]:
    """Return every way in which conditions on one trait can hold together at this moment.

    For all kinds but choices.
    """
    missing = Case(None, tuple(operator(leaf.op, leaf.kind).negated for leaf in leaves))
    found = {missing.outcomes: missing}
    for case in _cases(leaves, leaves[0].kind, clock):
        before = found.get(case.outcomes)
        if before is None or before.value is UNNAMED:
            found[case.outcomes] = case
    return list(found.values())


def _cases(leaves: Sequence[TraitCondition], kind: Kind, clock: Clock) -> Iterator[Case]:
    match kind:
        case Kind.TEXT | Kind.CHOICE:
            yield from _texts(leaves)
        case Kind.NUMBER:
            noted = _noted((operator(leaf.op, kind), leaf.value) for leaf in leaves)
            for one in ranges(noted.numbers):
                yield _case(one.example, leaves, clock)
        case Kind.BOOLEAN:
            yield _case(True, leaves, clock)  # noqa: FBT003  a value
            yield _case(False, leaves, clock)  # noqa: FBT003  a value
        case Kind.DATE | Kind.DATETIME:
            for text in _dates(leaves, line_of(kind, clock)):
                yield _case(text, leaves, clock)
        case Kind.CHOICES:
            raise TypeError(kind)


def _texts(leaves: Sequence[TraitCondition]) -> Iterator[Case]:
    noted = _noted((operator(leaf.op, leaf.kind), leaf.value) for leaf in leaves)
    try:
        found, told = regions(noted.texts, noted.patterns), True
    except TooMany:
        found, told = named(noted.texts, noted.patterns), False
    for region in found:
        value = UNNAMED if region.text is None else region.text
        yield Case(value, tuple(_proved(leaf, region) for leaf in leaves))
    if not told:
        yield Case(UNNAMED, tuple(None if _has_pattern(leaf) else _proved(leaf, ANOTHER)
                                  for leaf in leaves))  # fmt: skip


def _has_pattern(leaf: TraitCondition) -> bool:
    return bool(_noted([(operator(leaf.op, leaf.kind), leaf.value)]).patterns)


def _case(value: object, leaves: Sequence[TraitCondition], clock: Clock) -> Case:
    return Case(
        value,
        tuple(
            operator(leaf.op, leaf.kind).holds(value, leaf.value, kind=leaf.kind, clock=clock)
            for leaf in leaves
        ),
    )


def _proved(leaf: TraitCondition, region: Region) -> bool:
    row = operator(leaf.op, leaf.kind)
    assert row.proof is not None
    return row.proof(region, leaf.value) is not row.negated


def _noted(compared: Iterable[tuple[Operator, object]]) -> Noted:
    noted = Noted()
    for row, operand in compared:
        noted.note(row, operand)
    return noted


def _dates(leaves: Sequence[TraitCondition], line: Line) -> Iterator[str]:
    """Yield a date or time from each stretch in which no condition turns over.

    Of anniversaries not all years are tried: those of grown-ups, and those of other conditions.
    """
    begins = sorted(_turns(leaves, line)) or [line.at(NO_TIME)]
    yield line.texts((begins[0] - 1, begins[0] - 1))[0]
    for begin, end in zip(begins, [*begins[1:], begins[-1] + 2], strict=True):
        middle = (begin + end - 1) // 2
        yield line.texts((middle, middle))[0]


def _turns(leaves: Sequence[TraitCondition], line: Line) -> set[int]:
    """Return the points from which on one of the conditions may be another than before."""
    windows = [
        row.window(leaf.value)
        for leaf in leaves
        if (row := operator(leaf.op, leaf.kind)).window is not None
    ]
    found = {
        end for one in windows if not one.recurs for span in one.spans(line) for end in _ends(span)
    }
    found = {end for end in found if line.first < end <= line.last}
    years = {civil(line.day_of(end))[0] for end in found}
    years.add(civil(line.clock.today)[0] - GROWN_UP)
    yearly = [one for one in windows if one.recurs]
    spans = {span for one in yearly for year in years for span in one.spans(line, year=year)}
    return found | {end for span in spans for end in _ends(span)}


def _ends(span: Span) -> tuple[int, int]:
    first, last = span
    return first, last + 1


@dataclass(frozen=True, slots=True)
class Property:
    """Values of a property that the same conditions hold for.

    `met` has a bit for each list of conditions of which it fails none.
    """

    value: object  # None where it is missing
    met: int
    range: Range | None = None  # of its number, where it is one and is measured


def property_cases(
    key: str, wheres: Sequence[Sequence[Where]], *, measured: bool, numbers: Iterable[Number]
) -> list[Property]:
    """Return every way in which a property can stand to lists of conditions. Raises TooMany.

    `numbers` are told apart too, where it is measured.
    """
    asked = [[where for where in listed if where.property == key] for listed in wheres]
    noted = _noted((operator(w.op, w.kind), w.value) for listed in asked for w in listed)
    noted.numbers |= set(numbers)
    found: dict[tuple[int, Range | None], Property] = {}
    for value, numeric in _raw(noted):
        met = sum(1 << at for at, listed in enumerate(asked) if _all_hold(listed, key, value))
        told = numeric if measured else None
        found.setdefault((met, told), Property(value, met, told))
    return list(found.values())


def _raw(noted: Noted) -> Iterator[tuple[object, Range | None]]:
    """Yield examples of all that can stand in a property."""
    yield None, None
    for region in regions(noted.texts, noted.patterns):
        if region.text is None:
            raise TooMany
        yield region.text, None
    for one in ranges(noted.numbers):
        yield one.example, one
    for other in (True, False, {"other": True}):
        yield other, None


def _all_hold(wheres: Iterable[Where], key: str, value: object) -> bool:
    properties: Mapping[str, object] = {} if value is None else {key: value}
    return all(property_holds(where, properties) for where in wheres)
