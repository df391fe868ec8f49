import random
from itertools import combinations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.segments.models import Membership, Segment
from apps.segments.sprawl import heads
from apps.segments.sprawl.heads import Heads
from tests.factories import NOW, ContactFactory


def by_hand(stands: list[set[int]], segments: int) -> dict[tuple[int, int], int]:
    pairs = combinations(range(segments), 2)
    shared = {pair: sum(set(pair) <= one for one in stands) for pair in pairs}
    return {pair: number for pair, number in shared.items() if number}


@pytest.mark.parametrize("seed", range(20))
def test_what_two_share_is_counted_as_by_hand(seed: int) -> None:
    chance = random.Random(seed)
    segments = chance.randint(1, 150)
    stands = [
        set(chance.sample(range(segments), chance.randint(1, segments)))
        for _ in range(chance.randint(0, 40))
    ]
    mixes: dict[int, int] = {}
    for one in stands:
        bits = sum(1 << place for place in one)
        mixes[bits] = mixes.get(bits, 0) + chance.randint(1, 9)
    people = [
        {place for place in range(segments) if bits >> place & 1}
        for bits, number in mixes.items()
        for _ in range(number)
    ]
    found = Heads(segments, list(mixes.items()))
    assert {(a, b): both for a, b, both in found.shared()} == by_hand(people, segments)
    assert found.sizes == [sum(place in one for one in people) for place in range(segments)]
    assert found.contacts == len(people)
    assert found.alone == sum(len(one) == 1 for one in people)


@pytest.mark.django_db
def test_one_statement_counts_the_memberships_of_many_segments() -> None:
    chance = random.Random(5)
    names = [f"s{number}" for number in range(70)]  # more than one word of bits
    rows = Segment.objects.bulk_create([Segment(name=name, slug=name) for name in names])
    stands = [set(chance.sample(range(70), chance.randint(0, 30))) for _ in range(12)]
    for one in stands:
        contact = ContactFactory.create()
        Membership.objects.bulk_create(
            [Membership(segment=rows[place], contact=contact, since=NOW) for place in one]
        )
    with CaptureQueriesContext(connection) as asked:
        found = heads.count([row.pk for row in rows[:65]])
    reading = [one for one in asked.captured_queries if "segments_membership" in one["sql"]]
    assert len(reading) == 1
    seen = [{place for place in one if place < 65} for one in stands]
    assert {(a, b): both for a, b, both in found.shared()} == by_hand(seen, 65)
    assert found.contacts == sum(bool(one) for one in seen)


def test_no_segments_share_nobody() -> None:
    found = heads.count([])
    assert (found.contacts, found.alone, list(found.shared()), found.sizes) == (0, 0, [], [])
