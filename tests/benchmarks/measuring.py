"""What is measured: a cost or a rate of the product beside that of its floor, and a budget."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

PATIENCE = 300.0  # seconds after which no further round is begun
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure; `ratio` and `budget` are compared as the budget's own sign says."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    budget: str = ""  # "<= 1.3", ">= 30", of the ratio; "<= 6 ms", of the value

    @property
    def holds(self) -> bool:
        sign, bound, *unit = self.budget.split(" ")
        judged = self.value if unit else self.ratio
        assert judged is not None
        return judged <= float(bound) if sign == "<=" else judged >= float(bound)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cost(what: str, value: float, floor: float, *, unit: str = "ms", at_most: float) -> Measure:
    """A cost that may be `at_most` times that of the floor."""
    return Measure(what, value, unit, floor, value / floor, f"<= {at_most:g}")


def faster(what: str, value: float, floor: float, *, unit: str = "s", times: float) -> Measure:
    """A cost of which the floor's must be so many times."""
    return Measure(what, value, unit, floor, floor / value, f">= {times:g}")


def rate(what: str, value: float, floor: float, *, unit: str, at_least: float) -> Measure:
    """A rate that must reach this part, or this multiple, of the floor's."""
    return Measure(what, value, unit, floor, value / floor, f">= {at_least:g}")


def bounded(what: str, value: float, *, unit: str, at_most: float) -> Measure:
    """A cost with a bound of its own."""
    return Measure(what, value, unit, budget=f"<= {at_most:g} {unit}")


def plain(what: str, value: float, *, unit: str, floor: float | None = None) -> Measure:
    """A figure without a budget, for comparison."""
    return Measure(what, value, unit, floor, value / floor if floor else None)


def seconds(work: Work) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(
    *runs: Callable[[], float], rounds: int, between: Work = lambda: None
) -> list[float]:
    """Return the median seconds of each run, in turn, the order reversed every other round.

    A run answers how many seconds it measured. `between` is called after each. What takes
    long is not repeated for ever.
    """
    taken: list[list[float]] = [[] for _ in runs]
    began = time.perf_counter()
    for number in range(rounds):
        order = list(enumerate(runs))
        for place, run in order if number % 2 == 0 else reversed(order):
            taken[place].append(run())
            between()
        if time.perf_counter() - began > PATIENCE:
            break
    return [statistics.median(row) for row in taken]
