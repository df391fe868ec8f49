"""Rules, pins and ladders taken together: as one compiled function, and contact by contact."""

import random
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.clock import Calendar, Clock
from apps.rules.facts import Facts
from apps.rules.nodes import Any, Rule
from apps.rules.verdict import holds
from apps.segments.models import Pin
from apps.segments.plan import Plan, Planned
from apps.segments.standing import Judge, Pins
from tests.rules.population import CATALOGUE, NOW, value_of
from tests.rules.population import KINDS as KINDS_OF_TRAITS

CLOCK = Clock(NOW, Calendar(ZoneInfo("UTC")))
LADDER = ("hot", "warm", "cold")


def rule(**condition: object) -> Rule:
    return codec.loads(dict(condition), CATALOGUE)


def plan() -> Plan:
    """A ladder of three rungs, a segment that reads one of them, one that reads that, a list."""
    score = {"trait": "score", "op": "at_least"}
    rules = {
        "hot": codec.loads({**score, "value": 2}, CATALOGUE),
        "warm": codec.loads({**score, "value": 0}, CATALOGUE),
        "cold": codec.loads({"all": []}, CATALOGUE),
        "list": None,
    }
    rungs = [Planned(n, s, s, rules[s], 1, LADDER[:n], LADDER) for n, s in enumerate(LADDER)]
    catalogue = type(CATALOGUE)(CATALOGUE.traits, dict.fromkeys([*rules, "either", "not"], ""))
    either = codec.loads({"any": [{"segment": "hot"}, {"segment": "list"}]}, catalogue)
    opposite = codec.loads({"not": {"segment": "either"}}, catalogue)
    elsewhere = codec.loads({"segment": "archived"}, type(CATALOGUE)({}, {"archived": ""}))
    return Plan(
        (
            *rungs,
            Planned(3, "list", "list", None),
            Planned(4, "either", "either", either),
            Planned(5, "not", "not", opposite),
            Planned(6, "elsewhere", "elsewhere", elsewhere),
        )
    )


def walked(segments: tuple[Planned, ...], facts: Facts, pins: Pins) -> frozenset[str]:
    """Take the segments one after another, each by what the page on segments says."""
    within = set(facts.segments)
    for segment in segments:
        seen = Facts(facts.traits, facts.events, frozenset(within))
        within.discard(segment.slug)
        if _belongs(segment, seen, pins):
            within.add(segment.slug)
    return frozenset(within)


def _belongs(segment: Planned, facts: Facts, pins: Pins) -> bool:
    held_in = [slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN]
    if held_in:
        return held_in[0] == segment.slug
    if segment.slug in pins:
        return pins[segment.slug] == Pin.Held.IN
    if facts.segments & set(segment.higher):
        return False
    return holds(segment.rule or Any(()), facts, now=NOW, calendar=CLOCK.calendar)


@pytest.mark.parametrize("seed", range(20))
def test_a_contact_stands_where_pins_ladders_and_rules_say(seed: int) -> None:
    chance = random.Random(seed)
    made = plan()
    slugs = [segment.slug for segment in made.segments]
    judge = Judge(made, CLOCK)
    for _ in range(60):
        some = tuple(one for one in made.segments if chance.random() < 0.7)
        pins = {
            slug: chance.choice([Pin.Held.IN, Pin.Held.OUT])
            for slug in slugs
            if chance.random() < chance.choice([0, 0.3])
        }
        standing = frozenset(chance.sample([*slugs, "archived"], chance.randint(0, 4)))
        score = chance.choice([None, value_of(KINDS_OF_TRAITS["score"], chance)])
        facts = Facts({"score": score}, segments=standing)
        assert judge.stand(some, facts=facts, pins=pins) == walked(some, facts, pins)


def test_a_pin_on_a_ladder_decides_all_its_rungs() -> None:
    made = plan()
    facts = Facts({"score": 5}, segments=frozenset({"archived"}))
    stands = Judge(made, CLOCK).stand
    assert stands(made.segments, facts=facts, pins={}) == {
        "hot", "either", "elsewhere", "archived",
    }  # fmt: skip
    assert stands(made.segments, facts=facts, pins={"cold": Pin.Held.IN}) == {
        "cold", "not", "elsewhere", "archived",
    }  # fmt: skip
    held_out = stands(made.segments, facts=facts, pins={"hot": Pin.Held.OUT})
    assert held_out == {"warm", "not", "elsewhere", "archived"}
