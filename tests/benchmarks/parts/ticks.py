"""Time: a second in which nothing is due, and a burst of moments that are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from apps.segments.models import Change, Watermark
from tests.benchmarks import product
from tests.benchmarks.floors import batches
from tests.benchmarks.measuring import bounded, interleaved, plain, rate, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree
from tests.benchmarks.rules import windowed

SECONDS = 30  # of the minute after NOW, on which nothing of the population falls


def measure(bench: Bench) -> Iterator[Measure]:
    conditions = len(windowed(bench.hand.rules.values()))
    yield from nothing_due(bench, conditions)
    yield from burst(bench)
    yield lapse(bench)


def nothing_due(bench: Bench, conditions: int) -> Iterator[Measure]:
    marked: list[int] = []
    product.tick(now=NOW + timedelta(milliseconds=1))  # reads the plan
    moments = iter(NOW + timedelta(seconds=number) for number in range(1, SECONDS + 1))
    [value] = interleaved(
        lambda: seconds(lambda: marked.append(product.tick(now=next(moments)))), rounds=SECONDS
    )
    bench.restore()
    agree(0, *marked)
    name = f"a tick with nothing due, {conditions} windowed conditions"
    yield bounded(name, value * 1000, unit="ms", at_most=20)


def burst(bench: Bench) -> Iterator[Measure]:
    """Tick over as long a time as moves so many contacts, and settle them."""
    until, due = moment_of(min(bench.flips, bench.size // 4))
    late = replace(bench.hand, now=until, columns={})
    moved: list[int] = []

    def by_product() -> float:
        moved.append(0)
        return seconds(lambda: (product.tick(now=until), product.settle(now=until)))

    value, floor = interleaved(
        by_product,
        lambda: seconds(lambda: batches.settle_moved(late, since=NOW)),
        rounds=bench.long_rounds,
        between=bench.restore,
    )
    yield rate("a tick with a burst due, settled", due / value, due / floor,
               unit="contacts/s", at_least=0.35)  # fmt: skip
    yield plain("a burst, contacts due at once", due, unit="contacts")


def moment_of(wanted: int) -> tuple[datetime, int]:
    """Return a moment by which about so many contacts have been moved by time, and how many."""
    low, high = 0, 1
    while due_by(high) < wanted:
        low, high = high, high * 2
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if due_by(middle) >= wanted else (middle, high)
    return NOW + timedelta(minutes=high), due_by(high)


def due_by(minutes: int) -> int:
    with transaction.atomic():
        found = product.tick(now=NOW + timedelta(minutes=minutes))
        transaction.set_rollback(True)
    return found


def lapse(bench: Bench) -> Measure:
    """Give the longest a flip can wait for its second, and then take to be settled."""
    until, _ = moment_of(1)
    Watermark.objects.update(ticked_to=until - timedelta(seconds=1))
    taken = seconds(lambda: (product.tick(now=until), product.settle(now=until)))
    assert not Change.objects.exists()
    bench.restore()
    return bounded("a lapse shows after its instant, at most", 1 + taken, unit="s", at_most=2)
