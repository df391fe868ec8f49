"""Rebuilding one segment: after an edit against a difference by hand, from empty against Mautic."""

from collections.abc import Iterator

from apps.segments.models import Membership, Rebuild
from tests.benchmarks import product
from tests.benchmarks.building import execute
from tests.benchmarks.floors import differences, mautic
from tests.benchmarks.measuring import cost, faster, interleaved, plain, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree
from tests.benchmarks.rules import Json

EDITED = "s073"  # bought twice within months, through some channels; no rule refers to it
FROM_EMPTY = "s086"  # about one contact in fourteen: Mautic's way takes minutes for more


def measure(bench: Bench) -> Iterator[Measure]:
    yield edited(bench)
    yield from from_empty(bench)


def edited(bench: Bench) -> Measure:
    """Edit a rule there and back, and give the mean of the two."""
    before = bench.hand.rules[EDITED]
    after: Json = {"all": [*before["all"], {"trait": "score", "op": "at_least", "value": 30}]}
    stood: set[frozenset[int]] = set()

    def by_product() -> float:
        taken = 0.0
        for rule in (after, before):
            edit(bench, rule)
            taken += seconds(lambda: product.rebuild(bench.segment(EDITED), now=NOW))
            stood.add(frozenset(bench.members(EDITED)))
        return taken / 2

    def by_floor() -> float:
        taken = 0.0
        for rule in (after, before):
            taken += seconds(lambda rule=rule: differences.rebuild(bench.hand, EDITED, rule))
            stood.add(frozenset(bench.members(EDITED)))
        return taken / 2

    value, floor = interleaved(by_product, by_floor, rounds=bench.rounds, between=bench.restore)
    agree(len(stood), 2)  # those of the one rule and those of the other, whoever worked them out
    return cost("rebuild of one edited segment", value * 1000, floor * 1000, at_most=1.3)


def edit(bench: Bench, rule: Json) -> None:
    segment = bench.segment(EDITED)
    segment.rule, segment.revision = rule, segment.revision + 1
    segment.save()


def from_empty(bench: Bench) -> Iterator[Measure]:
    members = bench.members(FROM_EMPTY)

    def by_product() -> float:
        empty(bench)
        taken = seconds(lambda: product.rebuild(bench.segment(FROM_EMPTY), now=NOW))
        agree(bench.members(FROM_EMPTY), members)
        return taken

    def by_hand() -> float:
        empty(bench)
        rule = bench.hand.rules[FROM_EMPTY]
        taken = seconds(lambda: differences.rebuild(bench.hand, FROM_EMPTY, rule))
        agree(bench.members(FROM_EMPTY), members)
        return taken

    def as_mautic() -> float:
        empty(bench)
        rule = bench.hand.rules[FROM_EMPTY]
        taken = seconds(lambda: mautic.rebuild(bench.hand, FROM_EMPTY, rule))
        agree(bench.members(FROM_EMPTY), members)
        return taken

    value, hand = interleaved(by_product, by_hand, rounds=bench.rounds, between=bench.restore)
    [floor] = interleaved(as_mautic, rounds=1, between=bench.restore)
    yield faster("rebuild of one segment from empty, against Mautic's way", value, floor, times=30)
    yield plain("rebuild of one segment from empty", value * 1000, unit="ms", floor=hand * 1000)


def empty(bench: Bench) -> None:
    """Take everybody out of the segment, with the transitions that say so."""
    pk = bench.hand.ids[FROM_EMPTY]
    execute(
        "INSERT INTO segments_transition (segment_id, contact_id, kind, at, cause) SELECT"
        f" segment_id, contact_id, 'left', since, 'emptied' FROM segments_membership WHERE segment_id = {pk}"
    )
    Membership.objects.filter(segment=pk).delete()
    Rebuild.objects.filter(segment=pk).delete()
