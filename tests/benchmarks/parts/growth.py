"""What one event costs as there are more segments that do not read it."""

import statistics
from collections.abc import Iterator

from apps.segments.models import Segment
from tests.benchmarks.building import make_segments
from tests.benchmarks.measuring import Measure
from tests.benchmarks.parts import Bench
from tests.benchmarks.parts.event import by_product
from tests.benchmarks.rules import new_rules

STEPS = (10, 100, 1000)  # segments that do not read the event, beside the five that do
WARM_UP = 5
BLOCKS = 3


def measure(bench: Bench) -> Iterator[Measure]:
    bystanders = make_bystanders(STEPS[-1])
    taken: dict[int, list[float]] = {step: [] for step in STEPS}
    each = max(bench.events // BLOCKS, 10)
    ids = iter(bench.some_contacts((each + WARM_UP) * BLOCKS * len(STEPS)))
    for block in range(BLOCKS):
        for step in STEPS if block % 2 == 0 else reversed(STEPS):
            let_live(bystanders[:step])
            times = [by_product(next(ids)) for _ in range(each + WARM_UP)]
            taken[step] += times[WARM_UP:]
    bench.restore()
    p50 = {step: statistics.median(times) * 1000 for step, times in taken.items()}
    few = p50[STEPS[0]]
    for step in STEPS[1:]:
        name = f"one event (p50), {step:,} segments that do not read it, against {STEPS[0]}"
        budget = "<= 1.2" if step == STEPS[-1] else ""
        yield Measure(name, p50[step], "ms", few, p50[step] / few, budget)


def make_bystanders(how_many: int) -> list[int]:
    """Make live segments that do not read the event; return their ids, those there are first."""
    there = Segment.objects.filter(slug__startswith="s").order_by("pk")
    ids = list(there.values_list("pk", flat=True))
    rules = new_rules(how_many - len(ids), seed=23)
    made = make_segments({f"b{number:04}": rule for number, rule in enumerate(rules)})
    return [*ids, *(segment.pk for segment in made)]


def let_live(bystanders: list[int]) -> None:
    """Let only these be live, and the five that read the event."""
    Segment.objects.exclude(slug__startswith="w").update(status=Segment.Status.ARCHIVED)
    Segment.objects.filter(pk__in=bystanders).update(status=Segment.Status.LIVE)
