"""All hundred segments: verified, and rebuilt after one membership in a hundred went astray."""

from collections.abc import Iterator

from apps.segments.models import Rebuild
from tests.benchmarks import product
from tests.benchmarks.building import execute
from tests.benchmarks.floors import differences
from tests.benchmarks.measuring import cost, interleaved, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree


def measure(bench: Bench) -> Iterator[Measure]:
    yield verified(bench)
    yield rebuilt(bench)


def verified(bench: Bench) -> Measure:
    found: list[int] = []

    def by_product() -> float:
        return seconds(lambda: found.append(product.drift(now=NOW)))

    def by_floor() -> float:
        return seconds(lambda: found.append(differences.drift(bench.hand)))

    value, floor = interleaved(by_product, by_floor, rounds=bench.long_rounds)
    agree(0, *found)
    return cost("verifying all 100 segments", value, floor, unit="s", at_most=0.6)


def rebuilt(bench: Bench) -> Measure:
    built = len(bench.memberships())

    def by_product() -> float:
        astray(bench)
        taken = seconds(lambda: product.rebuild_all(now=NOW))
        agree(len(bench.memberships()), built)
        return taken

    def by_floor() -> float:
        astray(bench)
        taken = seconds(lambda: differences.rebuild_all(bench.hand))
        agree(len(bench.memberships()), built)
        return taken

    value, floor = interleaved(
        by_product, by_floor, rounds=bench.long_rounds, between=bench.restore
    )
    return cost("rebuild of all 100 segments", value, floor, unit="s", at_most=0.6)


def astray(bench: Bench) -> None:
    """Take one membership in a hundred away, with the transition that says so.

    Not by the rows' ids: what was put back has others, so a second round would find none.
    """
    one_in_a_hundred = "(contact_id * 7 + segment_id) % 100 = 0"
    left = execute(
        "INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause) SELECT"
        " segment_id, contact_id, 'left', since, 'astray' FROM segments_membership"
        f" WHERE {one_in_a_hundred}"
    )
    agree(left, execute(f"DELETE FROM segments_membership WHERE {one_in_a_hundred}"))
    assert left > bench.size // 100
    Rebuild.objects.all().delete()
