"""A midnight at which very many contacts are due, and the events that come meanwhile."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from tests.benchmarks import product
from tests.benchmarks.measuring import bounded, plain
from tests.benchmarks.parts import Bench, Measure
from tests.benchmarks.parts.event import by_product
from tests.benchmarks.parts.ticks import moment_of

DUE = 100_000  # contacts, where there are four times as many
PAUSE = 0.05  # seconds between two events


def measure(bench: Bench) -> Iterator[Measure]:
    """Give the longest that one event took while the burst was marked and settled."""
    until, due = moment_of(min(DUE, bench.size // 4))

    def settled() -> None:
        try:
            product.tick(now=until)
            product.settle(now=until)
        finally:
            connection.close()

    ids = iter(bench.some_contacts(bench.size))
    taken: list[float] = []
    with ThreadPoolExecutor(1) as others:
        burst = others.submit(settled)
        while not burst.done():
            taken.append(by_product(next(ids)))
            time.sleep(PAUSE)
        burst.result()
    bench.restore()
    yield bounded("one event while a midnight's burst is settled, slowest", max(taken),
                  unit="s", at_most=1)  # fmt: skip
    yield plain("a midnight's burst, contacts due at once", due, unit="contacts")
