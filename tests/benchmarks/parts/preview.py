"""How many a rule would hold for that nobody has saved yet."""

from collections.abc import Iterator

from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.segments.plan import catalogue
from tests.benchmarks import product
from tests.benchmarks.floors import differences
from tests.benchmarks.measuring import bounded, cost, interleaved, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree
from tests.benchmarks.rules import Json, new_rules

HOW_MANY, ROUNDS = 20, 3


def measure(bench: Bench) -> Iterator[Measure]:
    known = catalogue()
    counted = [one_rule(bench, rule, known) for rule in new_rules(HOW_MANY, seed=17)]
    value, floor, _ = (sum(column) / HOW_MANY for column in zip(*counted, strict=True))
    slowest = max(first for _, _, first in counted)
    yield cost("preview count, mean of 20 rules", value * 1000, floor * 1000, at_most=1.3)
    yield bounded("first answer of the editor, slowest of 20 rules", slowest, unit="s", at_most=1)


def one_rule(bench: Bench, source: Json, known: Catalogue) -> tuple[float, float, float]:
    """Return the seconds of the preview, of the count by hand, and of the first answer."""
    rule = codec.loads(source, known)
    counts: list[int] = []
    value, floor = interleaved(
        lambda: seconds(lambda: counts.append(product.preview(rule, now=NOW))),
        lambda: seconds(lambda: counts.append(differences.count(bench.hand, source))),
        rounds=min(ROUNDS, bench.rounds),
    )
    agree(*counts)
    return value, floor, seconds(lambda: product.first_answer(rule, now=NOW))
