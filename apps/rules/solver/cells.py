"""Events of one name in cells: all that are alike to every condition, in one stretch of time.

How many events a cell has is an unknown. Each condition counts some cells, so what it says is
exact: a longer window counts more cells, a stricter `where` fewer.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from apps.rules.kinds import MAX_NUMBER
from apps.rules.nodes import EventCondition, Then, Where
from apps.rules.operators import MEASURING
from apps.rules.solver.terms import Formula, Term, Terms
from apps.rules.solver.texts import TooMany
from apps.rules.solver.values import Noted, Property, Range, property_cases

MOST_CELLS = 240
LIKELY_COUNT, LIKELY_SUM = 20, 10_000


@dataclass(frozen=True, slots=True)
class Stream:
    """The events that a condition looks at."""

    event: str
    where: tuple[Where, ...]
    then: Then | None = None


@dataclass(slots=True)
class Alike:
    """Events of a name that are alike; for each stretch of time how many, and their sums."""

    properties: Mapping[str, object]
    met: int  # a bit for each list of conditions it meets
    ranges: Mapping[str, Range | None]
    followed: frozenset[Then]
    counts: list[Term] = field(default_factory=list)
    sums: dict[str, list[Term]] = field(default_factory=dict)


class Cells:
    """All cells of one name. `stretches` is how many stretches of time there are."""

    def __init__(
        self,
        leaves: Iterable[EventCondition],
        streams: Iterable[Stream],
        stretches: int,
        terms: Terms,
    ) -> None:
        """Raises TooMany."""
        listed = list(leaves)
        self.terms = terms
        self.wheres = list(dict.fromkeys(stream.where for stream in streams))
        self.parts: list[Formula] = []
        self.likely: list[Formula] = []
        thens = dict.fromkeys(one.then for one in listed if one.then)
        self.alike = list(self._alike(listed, list(thens)))
        if len(self.alike) * stretches > MOST_CELLS:
            raise TooMany
        summed = {one.sum.property for one in listed if one.sum}
        for cell in self.alike:
            self._fill(cell, stretches, summed)

    def of(self, stream: Stream) -> list[Alike]:
        bit = 1 << self.wheres.index(stream.where)
        return [
            cell
            for cell in self.alike
            if cell.met & bit and (stream.then is None or stream.then in cell.followed)
        ]

    def count(
        self, cells: Iterable[Alike], stretches: int, test: Callable[[Alike], bool] = lambda _: True
    ) -> Term:
        """Return how many events these cells have in the newest so many stretches."""
        return self.terms.total(
            [count for cell in cells if test(cell) for count in cell.counts[:stretches]]
        )

    def total(self, cells: Iterable[Alike], stretches: int, key: str) -> Term:
        """Return what a property adds up to."""
        sums = [one for cell in cells for one in cell.sums.get(key, [])[:stretches]]
        return self.terms.total(sums) if sums else self.terms.number(0)

    def _alike(self, leaves: Sequence[EventCondition], thens: Sequence[Then]) -> Iterable[Alike]:
        for told in self._combined(leaves):
            properties = {key: one.value for key, one in told.items() if one.value is not None}
            met = (1 << len(self.wheres)) - 1
            for one in told.values():
                met &= one.met
            ranges = {key: one.range for key, one in told.items()}
            for followed in _followed(thens):
                yield Alike(properties, met, ranges, followed)

    def _combined(self, leaves: Sequence[EventCondition]) -> list[dict[str, Property]]:
        """Return the cases of all properties together, one for each outcome."""
        measured = _measured(leaves)
        keys = {where.property for listed in self.wheres for where in listed} | measured.keys()
        found: dict[object, dict[str, Property]] = {(): {}}
        for key in sorted(keys):
            cases = property_cases(
                key, self.wheres, measured=key in measured, numbers=measured.get(key, ())
            )
            wider: dict[object, dict[str, Property]] = {}
            for before, case in product(found.values(), cases):
                told = {**before, key: case}
                wider.setdefault(_outcome(told), told)
            found = wider
            if len(found) > MOST_CELLS:
                raise TooMany
        return list(found.values())

    def _fill(self, cell: Alike, stretches: int, summed: Collection[str]) -> None:
        cell.counts = [self.terms.whole("events") for _ in range(stretches)]
        zero, some = self.terms.integer(0), self.terms.integer(LIKELY_COUNT)
        self.parts += [self.terms.compare(count, ">=", zero) for count in cell.counts]
        if summed:
            self.likely += [self.terms.compare(count, "<=", some) for count in cell.counts]
        for key in summed:
            numbers = cell.ranges.get(key)
            if numbers is not None:
                cell.sums[key] = [self._sum(count, numbers) for count in cell.counts]

    def _sum(self, count: Term, numbers: Range) -> Term:
        """Return what so many numbers of a range may come to."""
        terms, real = self.terms, self.terms.as_real(count)
        if numbers.low == numbers.high:
            return terms.times(real, terms.number(numbers.low))
        total = terms.real("sum")
        low, high = max(numbers.low, -MAX_NUMBER), min(numbers.high, MAX_NUMBER)
        above, below = ">" if low == numbers.low else ">=", "<" if high == numbers.high else "<="
        inside = [
            terms.compare(total, above, terms.times(real, terms.number(low))),
            terms.compare(total, below, terms.times(real, terms.number(high))),
        ]
        self.likely.append(terms.compare(total, ">=", terms.number(0)))
        self.likely.append(terms.compare(total, "<=", terms.number(LIKELY_SUM)))
        none = [self._none(count), terms.compare(total, "==", terms.number(0))]
        self.parts.append(terms.some([terms.every(inside), terms.every(none)]))
        return total

    def _none(self, count: Term) -> Formula:
        return self.terms.compare(count, "==", self.terms.integer(0))


class Least:
    """The lowest number of some cells, by how many lie below another. `Greatest` mirrors it."""

    def __init__(self, cells: Cells, among: Sequence[Alike], stretches: int, key: str) -> None:
        self._cells, self._among, self._stretches, self._key = cells, among, stretches, key
        self._terms = cells.terms
        self.is_there = self._some(lambda _: True)

    def _some(self, test: Callable[[float], bool]) -> Formula:
        def counts(cell: Alike) -> bool:
            numbers = cell.ranges.get(self._key)
            return numbers is not None and test(numbers.example)

        count = self._cells.count(self._among, self._stretches, counts)
        return self._terms.compare(count, ">=", self._terms.integer(1))

    def _no(self, test: Callable[[float], bool]) -> Formula:
        return self._terms.negation(self._some(test))

    def __ge__(self, bound: float) -> Formula:
        return self._no(lambda number: number < bound)

    def __gt__(self, bound: float) -> Formula:
        return self._no(lambda number: number <= bound)

    def __le__(self, bound: float) -> Formula:
        return self._some(lambda number: number <= bound)

    def __lt__(self, bound: float) -> Formula:
        return self._some(lambda number: number < bound)

    def is_between(self, low: float, high: float) -> Formula:
        return self._terms.every([self >= low, self <= high])

    def is_among(self, numbers: Iterable[float]) -> Formula:
        return self._terms.some(self.is_between(one, one) for one in numbers)


class Greatest(Least):
    def __ge__(self, bound: float) -> Formula:
        return self._some(lambda number: number >= bound)

    def __gt__(self, bound: float) -> Formula:
        return self._some(lambda number: number > bound)

    def __le__(self, bound: float) -> Formula:
        return self._no(lambda number: number > bound)

    def __lt__(self, bound: float) -> Formula:
        return self._no(lambda number: number >= bound)


def _measured(leaves: Iterable[EventCondition]) -> dict[str, set[int | float]]:
    """Return the properties that are measured, and the numbers their values are told apart by."""
    found: dict[str, Noted] = {}
    for leaf in leaves:
        if leaf.measured is not None:
            noted = found.setdefault(leaf.measured.property, Noted())
            if leaf.sum is None:
                noted.note(MEASURING[leaf.measured.op], leaf.measured.value)
    return {key: noted.numbers for key, noted in found.items()}


def _outcome(told: Mapping[str, Property]) -> object:
    met = -1
    for one in told.values():
        met &= one.met
    return met, tuple((key, one.range) for key, one in told.items() if one.range)


def _followed(thens: Iterable[Then]) -> list[frozenset[Then]]:
    """Return which of these may follow together: what follows within a day does so within two."""
    found: list[frozenset[Then]] = [frozenset()]
    for then in thens:
        found += [one | {then} for one in found]
        if len(found) > MOST_CELLS:
            raise TooMany
    return [one for one in found if all(_weaker(then, one, thens) for then in one)]


def _weaker(then: Then, chosen: frozenset[Then], thens: Iterable[Then]) -> bool:
    return all(other in chosen for other in thens if _implies(then, other))


def _implies(then: Then, other: Then) -> bool:
    longer = other.within is None or (
        then.within is not None and then.within.delta <= other.within.delta
    )
    return then.event == other.event and set(other.where) <= set(then.where) and longer
