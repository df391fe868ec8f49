"""Events of a contact as a model of the cells has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import z3

from apps.rules.clock import MICROSECOND, Clock, instant, moment
from apps.rules.facts import Occurrence
from apps.rules.nodes import Then
from apps.rules.solver.cells import Alike, Cells, Stream
from apps.rules.solver.parts import Piece, Unknown, whole
from apps.rules.solver.terms import Term

First = bool  # whether the first time of a stream is meant, else the last
MOST_EVENTS = 500
LONG_AGO = timedelta(days=400) // MICROSECOND  # before the oldest window
A_MINUTE = 60_000_000
NEWEST, MIDDLE, OLDEST = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Replay:
    """Makes events that lie in the cells as often as a model says.

    Where something has to follow, events lean to one end of their stretch of time and what
    follows them to the other.
    """

    cells: Mapping[str, Cells]
    lengths: Sequence[int]
    ends: Mapping[tuple[Stream, First], Term]

    def read(self, model: z3.ModelRef, clock: Clock, lean: int) -> Piece:
        alike = [cell for cells in self.cells.values() for cell in cells.alike]
        followers = {then.event for cell in alike for then in cell.followed}
        events: dict[str, list[Occurrence]] = {}
        pending: list[tuple[Then, Occurrence]] = []
        for name, cells in self.cells.items():
            for cell in cells.alike:
                leaning = lean if name in followers else -lean
                made = list(self._occurrences(name, cell, model, clock, leaning))
                events.setdefault(name, []).extend(made)
                pending += [(then, one) for then in cell.followed for one in made]
            if len(events[name]) > MOST_EVENTS:
                raise Unknown
        for then, one in pending:
            self._follow(then, one, events, clock)
        return Piece({}, {name: found for name, found in events.items() if found})

    def _occurrences(
        self, name: str, cell: Alike, model: z3.ModelRef, clock: Clock, lean: int
    ) -> Iterator[Occurrence]:
        bounds = self._bounds(name, cell, model)
        for stretch, count in enumerate(cell.counts):
            often = whole(model, count)
            if often > MOST_EVENTS:
                raise Unknown
            if often:
                times = self._times(stretch, bounds, often, clock, lean)
                values = _values(cell, stretch, often, model)
                for time, changed in zip(times, values, strict=True):
                    yield Occurrence(moment(time), {**cell.properties, **changed})

    def _bounds(self, name: str, cell: Alike, model: z3.ModelRef) -> tuple[list[int], list[int]]:
        """Return the first and the last times of the streams that the cell is part of."""
        found: dict[First, list[int]] = {True: [], False: []}
        for (stream, first), end in self.ends.items():
            if stream.event == name and any(cell is one for one in self.cells[name].of(stream)):
                found[first].append(whole(model, end))
        return found[True], found[False]

    def _times(
        self, stretch: int, bounds: tuple[list[int], list[int]], often: int, clock: Clock, lean: int
    ) -> list[int]:
        """Return times in the stretch; those that are the first or last of a stream come first."""
        now = instant(clock.now)
        newest = now - (self.lengths[stretch - 1] if stretch else 0)
        firsts, lasts = bounds
        if stretch < len(self.lengths):
            oldest = now - self.lengths[stretch] + 1
        else:
            oldest = min([newest - LONG_AGO, *firsts, *lasts])
        low, high = max([oldest, *firsts]), min([newest, *lasts])
        asked = [time for time in {*firsts, *lasts} if low <= time <= high][:often]
        return [*asked, *[_leaning(low, high, lean)] * (often - len(asked))]

    def _follow(
        self, then: Then, one: Occurrence, events: dict[str, list[Occurrence]], clock: Clock
    ) -> None:
        """Add what has to follow an event, where nothing does yet."""
        after = one.occurred_at
        until = clock.now
        if then.within is not None:
            until = min(until, moment(instant(after) + then.within.delta // MICROSECOND))
        cells = self.cells[then.event]
        bit = 1 << cells.wheres.index(then.where)
        kinds = sorted((cell for cell in cells.alike if cell.met & bit), key=lambda cell: cell.met)
        if not kinds or after >= until:
            raise Unknown
        fitting = [cell.properties for cell in kinds]
        if not any(
            after < other.occurred_at <= until and other.properties in fitting
            for other in events.get(then.event, ())
        ):
            events.setdefault(then.event, []).append(Occurrence(until, fitting[0]))


def _leaning(low: int, high: int, lean: int) -> int:
    if lean == NEWEST:
        return high
    middle = low if lean == OLDEST else (low + high) // 2
    plain = middle - middle % A_MINUTE
    return plain if low <= plain <= high else middle


def _values(
    cell: Alike, stretch: int, often: int, model: z3.ModelRef
) -> list[dict[str, int | float]]:
    """Return what each event's measured properties are, so that they add up."""
    found: list[dict[str, int | float]] = [{} for _ in range(often)]
    for key, sums in cell.sums.items():
        numbers = cell.ranges[key]
        if numbers is None or numbers.low == numbers.high:
            continue
        total = _fraction(model, sums[stretch])
        each = Fraction(round(total / often, 2))
        if not numbers.low < each < numbers.high:
            each = total / often
        for one in found[:-1]:
            one[key] = _plain(each)
        found[-1][key] = _plain(total - each * (often - 1))
    return found


def _fraction(model: z3.ModelRef, term: Term) -> Fraction:
    found = model.eval(term, model_completion=True)
    if isinstance(found, z3.IntNumRef):
        return Fraction(found.as_long())
    if not isinstance(found, z3.RatNumRef):
        raise Unknown
    return Fraction(found.numerator_as_long(), found.denominator_as_long())


def _plain(number: Fraction) -> int | float:
    return int(number) if number.denominator == 1 else float(number)
