"""What `make bench` measures, one module a part; each returns its measures."""

import random
from dataclasses import dataclass, field
from functools import cached_property

from apps.segments.models import Membership, Segment
from tests.benchmarks import restoring
from tests.benchmarks.building import by_hand, tidy
from tests.benchmarks.floors.by_hand import ByHand
from tests.benchmarks.measuring import Measure
from tests.benchmarks.population import NOW, SEED

Members = set[int]


class EffectsDiffer(AssertionError):
    """The product and its floor did not do the same: their times say nothing."""


def agree(*effects: object) -> None:
    """Raise EffectsDiffer unless all effects are the same."""
    if any(effect != effects[0] for effect in effects):
        raise EffectsDiffer("the product and its floor left different rows")


@dataclass
class Bench:
    """One built database, and how much to do on it."""

    size: int
    rounds: int = 5
    long_rounds: int = 3  # of what takes all segments, or many events
    events: int = 200  # one at a time
    bulk: int = 100_000
    flips: int = 10_000
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    @cached_property
    def hand(self) -> ByHand:
        return by_hand()

    def some_contacts(self, how_many: int) -> list[int]:
        return self.chance.sample(range(1, self.size + 1), min(how_many, self.size))

    def segment(self, slug: str) -> Segment:
        return Segment.objects.get(slug=slug)

    def members(self, slug: str) -> Members:
        rows = Membership.objects.filter(segment__slug=slug)
        return set(rows.values_list("contact_id", flat=True))

    def memberships(self) -> set[tuple[int, int]]:
        return set(Membership.objects.values_list("segment_id", "contact_id"))

    def restore(self) -> None:
        """Put the database back, and its dead rows away, between two measured runs."""
        restoring.restore()
        tidy()


__all__ = ["NOW", "Bench", "EffectsDiffer", "Measure", "agree"]
