"""One event through the public verb, settled and committed, one after another."""

import statistics
from collections.abc import Iterator
from functools import partial

from apps.contacts.models import Contact
from tests.benchmarks import product
from tests.benchmarks.floors import one_event
from tests.benchmarks.measuring import bounded, cost, plain, seconds
from tests.benchmarks.parts import NOW, Bench, Measure
from tests.benchmarks.population import TOPICS
from tests.benchmarks.rules import READ_BY_FIVE

WARM_UP = 20
P50 = "one event, settled and committed (p50)"


def measure(bench: Bench) -> Iterator[Measure]:
    of_product, of_floor = [], []
    segments = {f"w{number}": bench.hand.ids[f"w{number}"] for number in range(5)}
    ids = bench.some_contacts(2 * (WARM_UP + bench.events))
    for number, (one, other) in enumerate(zip(ids[::2], ids[1::2], strict=False)):
        mine, theirs = by_product(one), by_floor(other, segments)
        if number >= WARM_UP:
            of_product.append(mine)
            of_floor.append(theirs)
    bench.restore()
    value, floor = (statistics.median(taken) * 1000 for taken in (of_product, of_floor))
    yield cost(P50, value, floor, at_most=1.4)
    yield bounded("one event, 100 live segments (p50)", value, unit="ms", at_most=6)
    yield plain("one event (p95)", p95(of_product), unit="ms", floor=p95(of_floor))


def by_product(contact_id: int) -> float:
    contact = Contact.objects.get(pk=contact_id)
    work = partial(product.one_event, contact, name=READ_BY_FIVE, now=NOW)
    return seconds(partial(work, message_id=f"product-{contact_id}", **properties(contact_id)))


def by_floor(contact_id: int, segments: dict[str, int]) -> float:
    work = partial(one_event.record, contact_id, now=NOW, segments=segments)
    body = properties(contact_id)
    return seconds(partial(work, message_id=f"floor-{contact_id}", properties=body))


def properties(contact_id: int) -> dict[str, object]:
    return {"minutes": contact_id % 90, "topic": TOPICS[contact_id % 3]}


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1] * 1000
