"""Many events at once, recorded and settled, against batches of 500 by hand."""

from collections.abc import Iterator
from datetime import timedelta

from apps.contacts.events import NewEvent
from tests.benchmarks import product
from tests.benchmarks.floors import batches
from tests.benchmarks.measuring import interleaved, rate, seconds
from tests.benchmarks.parts import NOW, Bench, Measure
from tests.benchmarks.population import CATEGORIES, PATHS, TOPICS


def measure(bench: Bench) -> Iterator[Measure]:
    rows = arriving(bench, bench.bulk)
    value, floor = interleaved(
        lambda: seconds(lambda: by_product(rows)),
        lambda: seconds(lambda: batches.intake(bench.hand, rows)),
        rounds=bench.long_rounds,
        between=bench.restore,
    )
    yield rate("bulk intake, settled", len(rows) / value, len(rows) / floor,
               unit="events/s", at_least=0.35)  # fmt: skip


def by_product(rows: list[batches.Row]) -> None:
    new = (
        NewEvent(contact_id=contact, name=name, occurred_at=at, message_id=message, properties=body)
        for contact, name, at, body, message in rows
    )
    product.intake(new, now=NOW)


def arriving(bench: Bench, how_many: int) -> list[batches.Row]:
    """Return events of the last month, of every name, in the order of their times."""
    chance, found = bench.chance, []
    for number in range(how_many):
        name, body = chance.choices(
            (
                ("page_viewed", {"path": chance.choice(PATHS), "seconds": chance.randrange(300)}),
                ("order_completed", {"total": chance.randint(5, 500), "category": chance.choice(CATEGORIES)}),
                ("email_opened", {"campaign": f"c{chance.randrange(20)}"}),
                ("webinar_joined", {"minutes": chance.randrange(90), "topic": chance.choice(TOPICS)}),
                ("support_asked", {"urgent": chance.random() < 0.25}),
            ),
            weights=(60, 20, 12, 4, 4),
        )[0]  # fmt: skip
        at = NOW - timedelta(minutes=chance.randrange(43_200))
        found.append((chance.randint(1, bench.size), name, at, body, f"arriving-{number}"))
    return sorted(found, key=lambda row: row[2])
