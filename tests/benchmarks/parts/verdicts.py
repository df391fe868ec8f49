"""Rules judged in memory, without a database: Tidemark's generated function and its peers."""

from collections.abc import Iterator

from tests.benchmarks import verdicts
from tests.benchmarks.measuring import plain, rate
from tests.benchmarks.parts import Bench, Measure

PEERS = ("flagsmith-flag-engine", "rule-engine", "posthog")
UNIT = "rules/s"


def measure(bench: Bench) -> Iterator[Measure]:
    found = verdicts.rates(rounds=bench.rounds)
    fastest = max(found[name] for name in PEERS)
    yield rate("verdicts without reasons, 50 rules, against the fastest peer", found["compiled"],
               fastest, unit=UNIT, at_least=15)  # fmt: skip
    yield rate("verdicts with reasons, 50 rules, against the fastest peer",
               found["compiled, with reasons"], fastest, unit=UNIT, at_least=3)  # fmt: skip
    for name in PEERS:
        yield plain(f"verdicts of {name}", found[name], unit=UNIT)
