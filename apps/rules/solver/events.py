"""What the solver is told of events: cells for each name, and how time binds them together.

Only events that are due are counted, as every condition does. All conditions look back from
now, so the cells' stretches of time are those between the lengths of their windows.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from apps.rules.clock import MICROSECOND
from apps.rules.exact import exactly
from apps.rules.holding import AT_LEAST_ONE
from apps.rules.kinds import Kind
from apps.rules.nodes import Compare, EventCondition
from apps.rules.operators import COUNTING, MEASURING, SUMMING, operator
from apps.rules.solver.cells import Cells, Greatest, Least, Stream
from apps.rules.solver.moments import Moments, Place
from apps.rules.solver.parts import Literal, Part, held, signed
from apps.rules.solver.replay import First, Replay
from apps.rules.solver.terms import Formula, Measured, Term
from apps.rules.windows import Anniversaries, Offset, Stretch, Window


def of_events(leaves: Sequence[EventCondition], literal: Literal, moments: Moments) -> Part:
    """Tell of events of some names, those that follow them included. Raises TooMany."""
    told = _Events(leaves, moments)
    terms = moments.terms
    parts = [terms.same(literal(leaf), told.holds(leaf)) for leaf in leaves]
    formula = terms.every([*parts, *told.always()])
    likely = tuple(one for cells in told.cells.values() for one in cells.likely)
    replay = Replay(told.cells, told.lengths, told.ends)
    return Part(formula, replay.read, frozenset(told.places), likely)


class _Events:
    def __init__(self, leaves: Sequence[EventCondition], moments: Moments) -> None:
        self.moments, self.terms = moments, moments.terms
        self.lengths = sorted({length for leaf in leaves for length in _lengths(leaf)})
        self.places: set[Place] = set()
        self.ends: dict[tuple[Stream, First], Term] = {}
        self._yearly: dict[tuple[Stream, First, Window], Formula] = {}
        streams = {stream for leaf in leaves for stream in _streams(leaf)}
        self.cells = {
            name: Cells(
                [leaf for leaf in leaves if leaf.event == name],
                sorted((one for one in streams if one.event == name), key=repr),
                len(self.lengths) + 1,
                self.terms,
            )
            for name in sorted({stream.event for stream in streams})
        }

    def holds(self, leaf: EventCondition) -> Formula:
        """Return what the condition says, by the cells it counts."""
        stream = Stream(leaf.event, leaf.where, leaf.then)
        if leaf.first is not None:
            return self._end(stream, leaf.first, first=True)
        if leaf.last is not None:
            return self._end(stream, leaf.last, first=False)
        cells, found = self.cells[leaf.event], self.cells[leaf.event].of(stream)
        stretches = self._stretches(leaf.within.delta if leaf.within else None)
        if leaf.sum is not None:
            total = cells.total(found, stretches, leaf.sum.property)
            summed = Measured(self.terms, total, self.terms.number)
            return held(SUMMING[leaf.sum.op], summed, exactly(leaf.sum.value), self.terms)
        if leaf.measured is not None:
            extreme = Least if leaf.min is not None else Greatest
            subject = extreme(cells, found, stretches, leaf.measured.property)
            return held(MEASURING[leaf.measured.op], subject, leaf.measured.value, self.terms)
        count = leaf.count or AT_LEAST_ONE
        often = Measured(self.terms, cells.count(found, stretches), self.terms.integer)
        return held(COUNTING[count.op], often, count.value, self.terms)

    def always(self) -> Iterable[Formula]:
        """Yield what is so of the cells whatever the conditions say."""
        for cells in self.cells.values():
            yield from cells.parts
            yield from self._followers(cells)
        for (stream, first), end in self.ends.items():
            yield from self._end_among_cells(stream, end, first=first)
        for one, other in ((one, other) for one in self.ends for other in self.ends):
            yield from self._ends_in_order(one, other)

    def count(self, stream: Stream, stretches: int | None = None) -> Term:
        cells = self.cells[stream.event]
        return cells.count(cells.of(stream), stretches or len(self.lengths) + 1)

    def _stretches(self, within: timedelta | None) -> int:
        if within is None:
            return len(self.lengths) + 1
        return self.lengths.index(within // MICROSECOND) + 1

    def _end(self, stream: Stream, asked: Compare, *, first: bool) -> Formula:
        """Return what a condition on the first or last time says."""
        row = operator(asked.op, Kind.DATETIME)
        test = self.terms.yes
        if row.window is not None:
            test = self._in_window(stream, row.window(asked.value), first=first)
        return signed(row, self.terms.every([self._some(self.count(stream)), test]), self.terms)

    def _some(self, count: Term) -> Formula:
        return self.terms.compare(count, ">=", self.terms.integer(1))

    def _in_window(self, stream: Stream, window: Window, *, first: bool) -> Formula:
        if isinstance(window, Stretch):
            end = self.ends.setdefault((stream, first), self.terms.whole("time"))
            test, used = self.moments.inside(window, Kind.DATETIME, end, end)
            self.places |= used
            return test
        assert isinstance(window, Anniversaries)
        return self._yearly.setdefault((stream, first, window), self.terms.truth("anniversary"))

    def _end_among_cells(self, stream: Stream, end: Term, *, first: bool) -> Iterable[Formula]:
        """Yield that the first or last time lies in the oldest or newest stretch with events."""
        now, every = self.moments.now, self.count(stream)
        some = self._some(every)
        yield self.moments.is_moment(end)
        yield end <= now
        for stretches, length in enumerate(self.lengths, start=1):
            newer = self.count(stream, stretches)
            here = self.terms.compare(newer, "==", every) if first else self._some(newer)
            yield self.terms.implies(some, self.terms.same(end > now - length, here))

    def _ends_in_order(
        self, one: tuple[Stream, First], other: tuple[Stream, First]
    ) -> Iterable[Formula]:
        """Yield how the ends of two streams lie where all of one are among the other."""
        (stream, first), (wider, wider_first) = one, other
        if stream.event != wider.event or not self._is_among(stream, wider):
            return
        earlier = self.ends[other] <= self.ends[one]
        some = self._some(self.count(stream))
        if wider_first:
            yield self.terms.implies(some, earlier)
        else:
            yield self.terms.implies(some, self.ends[one] <= self.ends[other])
        if stream == wider and first is not wider_first:
            single = self.count(stream) == 1
            yield self.terms.implies(single, self.ends[one] == self.ends[other])

    def _is_among(self, stream: Stream, other: Stream) -> bool:
        cells = self.cells[stream.event]
        wider = {id(cell) for cell in cells.of(other)}
        return all(id(cell) in wider for cell in cells.of(stream))

    def _followers(self, cells: Cells) -> Iterable[Formula]:
        """Yield that whatever is followed is so by an event that is later, and due."""
        for then in dict.fromkeys(then for cell in cells.alike for then in cell.followed):
            followed = [cell for cell in cells.alike if then in cell.followed]
            for stretches in range(1, len(self.lengths) + 2):
                after = self.count(Stream(then.event, then.where), stretches)
                some = self._some(cells.count(followed, stretches))
                yield self.terms.implies(some, self._some(after))


def _streams(leaf: EventCondition) -> Iterable[Stream]:
    yield Stream(leaf.event, leaf.where, leaf.then)
    if leaf.then is not None:
        yield Stream(leaf.then.event, leaf.then.where)


def _lengths(leaf: EventCondition) -> Iterable[int]:
    """Yield the lengths of windows by which the condition's events are told apart."""
    if leaf.within is not None:
        yield leaf.within.delta // MICROSECOND
    asked = leaf.first or leaf.last
    window = None if asked is None else operator(asked.op, Kind.DATETIME).window
    if asked is not None and window is not None:
        ends = [end for end in window(asked.value).ends if isinstance(end, Offset)]
        yield from (-end.delta // MICROSECOND for end in ends if end.delta < timedelta())
