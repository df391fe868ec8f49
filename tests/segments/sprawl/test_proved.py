import json
from itertools import permutations

import pytest

from apps.rules.solver.relations import Relation
from apps.segments.calendar import installed
from apps.segments.models import Ladder, Segment
from apps.segments.plan import live_plan
from apps.segments.sprawl.proved import Proved, digests, load
from tests.segments.build import IS_PRO, segment

BOUGHT = {"event": "order_completed"}


def test_what_is_proved_is_kept_and_read_from_either_side() -> None:
    proved = Proved()
    proved.add("b", "a", Relation.INSIDE)
    proved.add("a", "c", Relation.DISJOINT)
    proved.witnesses["b", "a"] = {"email": "x"}
    kept = load(json.loads(json.dumps(proved.dump(["a", "b", "c"]))))
    for one in (proved, kept):
        assert one.relation("b", "a") is Relation.INSIDE
        assert one.relation("a", "b") is Relation.CONTAINS
        assert one.relation("c", "a") is one.relation("a", "c") is Relation.DISJOINT
        assert one.relation("b", "c") is None
        assert one.relation("c", "c") is Relation.SAME
    assert kept.witnesses == proved.witnesses
    assert load(proved.dump(["a", "c"])).witnesses == {}


def test_what_is_stored_for_every_relation_comes_back() -> None:
    proved = Proved()
    pairs = list(permutations("abcd", 2))
    for (one, other), relation in zip(pairs, Relation, strict=False):
        proved.add(one, other, relation)
    assert load(proved.dump("abcd")).relations == proved.relations


@pytest.mark.usefixtures("catalogue")
def test_a_digest_changes_with_the_rule_and_with_what_it_refers_to() -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    first = segment("first", IS_PRO, ladder=ladder, rung=1)
    segment("second", BOUGHT, ladder=ladder, rung=2)
    segment("reader", {"segment": "second"})
    segment("apart", BOUGHT)
    segment("static", None)
    before = digests(live_plan(), installed())
    assert before.keys() == {"first", "second", "reader", "apart"}
    assert len(set(before.values())) == 4  # a rung says more than its rule
    Segment.objects.get(pk=first.pk).save()
    assert digests(live_plan(), installed()) == before
    first.rule = {"not": IS_PRO}
    first.save()
    after = digests(live_plan(), installed())
    assert {slug for slug in before if before[slug] != after[slug]} == {"first", "second", "reader"}
