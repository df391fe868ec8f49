"""The least change: whatever is named would really turn the rule, however odd the rule."""

import random
import time
from datetime import UTC

from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.clock import Calendar
from apps.rules.codec import loads
from apps.rules.facts import Facts, Occurrence
from apps.rules.verdict import holds
from apps.segments.explaining.changes import least_change
from tests.factories import NOW
from tests.rules.population import KINDS, SEGMENTS
from tests.rules.random_rules import random_calendar, random_rule

CATALOGUE = Catalogue(
    {**CONTACT_TRAITS, **{key: TraitSpec(key, key, kind) for key, kind in KINDS.items()}},
    {slug: slug for slug in SEGMENTS},
)


def test_what_is_named_turns_a_random_rule_and_most_rules_have_it() -> None:
    chance = random.Random(20261123)
    told = 0
    for _ in range(400):
        rule = loads(random_rule(chance), CATALOGUE)
        calendar = random_calendar(chance)
        before = holds(rule, Facts(), now=NOW, calendar=calendar)
        changes = least_change(rule, Facts(), now=NOW, calendar=calendar)
        if changes is None:
            continue
        told += 1
        facts = Facts()
        for change in changes:
            facts = change.applied(facts, now=NOW)
        assert holds(rule, facts, now=NOW, calendar=calendar) is not before
    assert told > 200


def test_a_long_rule_over_many_events_is_given_up_in_time() -> None:
    leaf = {"event": "e", "count": {"op": "at_least", "value": 10**6}}
    rule = loads({"all": [leaf | {"within": f"{n}d"} for n in range(1, 190)]}, CATALOGUE)
    facts = Facts(events={"e": [Occurrence(NOW)] * 5_000})
    started = time.monotonic()
    assert least_change(rule, facts, now=NOW, calendar=Calendar(UTC)) is None
    assert time.monotonic() - started < 60


def test_what_a_change_does_to_other_segments_does_not_undo_it() -> None:
    """Whoever lapsed has not bought lately: a purchase alone brings nobody to both."""
    lapsed = loads({"not": {"event": "bought", "within": "90d"}}, CATALOGUE)
    slug = next(iter(SEGMENTS))
    big = {"event": "bought", "where": [{"property": "total", "op": "at_least", "value": 100}]}
    rule = loads({"all": [{"segment": slug}, big]}, CATALOGUE)
    facts = Facts(segments=frozenset({slug}))
    calendar = Calendar(UTC)
    alone = least_change(rule, facts, now=NOW, calendar=calendar)
    assert alone is not None
    assert [change.about for change in alone] == ["event"]
    assert least_change(rule, facts, now=NOW, calendar=calendar, nested={slug: lapsed}) is None
