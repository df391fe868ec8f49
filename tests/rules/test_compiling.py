"""The compiled reading says what the tree walk says, and knows a rule's values by number only."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rules import codec
from apps.rules.clock import Calendar, Clock
from apps.rules.compiling import Compiled
from apps.rules.durations import Duration
from apps.rules.errors import RuleError
from apps.rules.facts import Facts, Occurrence
from apps.rules.kinds import Kind
from apps.rules.nodes import (
    All,
    Compare,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
    Where,
)
from apps.rules.operators import OPERATORS
from apps.rules.verdict import holds, judge
from apps.rules.wildcards import matcher, matches
from tests.rules.population import CATALOGUE, KINDS, NOW, TEXTS, WRONG, populate, value_of
from tests.rules.random_rules import comparison, random_calendar, random_moment
from tests.rules.test_differential import written

CLOCK = Clock(NOW, Calendar(ZoneInfo("UTC")))
SIZES = [1, 2, 10, 60]


def named(rules: list[Rule]) -> Iterator[tuple[str, Rule]]:
    return ((f"rule-{number}", rule) for number, rule in enumerate(rules))


def walked(rules: list[Rule], facts: Facts, clock: Clock = CLOCK) -> tuple[bool, ...]:
    now, calendar = clock.now, clock.calendar
    return tuple(holds(rule, facts, now=now, calendar=calendar) for rule in rules)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_compiled_rules_agree_with_the_tree_for_every_contact(seed: int) -> None:
    chance = random.Random(1000 + seed)
    people = populate(seed, 40).people
    for size in SIZES * 4:
        rules = [written(chance) for _ in range(size)]
        compiled = Compiled(named(rules))
        for _ in range(2):  # the second time with other bounds of time
            clock = Clock(random_moment(chance), random_calendar(chance))
            outcomes = compiled.outcomes(clock)
            for person in people:
                assert outcomes(person.facts) == walked(rules, person.facts, clock)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_compiled_reasons_are_those_of_the_tree(seed: int) -> None:
    chance = random.Random(2000 + seed)
    people = populate(seed, 15).people
    for size in SIZES * 2:
        rules = [written(chance) for _ in range(size)]
        clock = Clock(random_moment(chance), random_calendar(chance))
        verdicts = Compiled(named(rules)).verdicts(clock)
        here = {"now": clock.now, "calendar": clock.calendar}
        for person in people:
            expected = tuple(judge(rule, person.facts, **here) for rule in rules)
            assert verdicts(person.facts) == expected


def test_every_operator_agrees_for_every_shape_of_value() -> None:
    """Each kind meets its own values, those of all others, and none at all."""
    chance = random.Random(8)
    values = [value_of(kind, chance) for kind in Kind for _ in range(12)]
    values += [None, *TEXTS, *WRONG, float("nan"), float("inf"), 2**70, NOW, b"pro", ("pro", 1)]
    people = [Facts(dict.fromkeys(KINDS, value)) for value in values] + [Facts()]
    for key, kind in KINDS.items():
        for name in OPERATORS[kind]:
            rules = [_of_operator(key, name, chance) for _ in range(6)]
            outcomes = Compiled(named(rules)).outcomes(CLOCK)
            for facts in people:
                assert outcomes(facts) == walked(rules, facts), (name, facts.traits.get(key))


def _of_operator(key: str, name: str, chance: random.Random) -> Rule:
    while True:
        condition = {"trait": key, **comparison(KINDS[key], chance)}
        if condition["op"] == name:
            with suppress(RuleError):  # a pair drawn the wrong way round is drawn again
                return codec.loads(condition, CATALOGUE)


def test_a_condition_without_a_compiled_form_is_judged_as_the_tree_judges_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = [
        codec.loads(rule, CATALOGUE)
        for rule in (
            {"trait": "plan", "op": "is_not", "value": "pro"},
            {"event": "visited", "where": [{"property": "total", "op": "at_least", "value": 2}]},
            {"event": "visited", "last": {"op": "is_set"}},
            {"not": {"trait": "plan", "op": "is_not", "value": "pro"}},
        )
    ]
    for kind in OPERATORS:
        for name, row in OPERATORS[kind].items():
            monkeypatch.setitem(OPERATORS[kind], name, replace(row, inline=None))
    outcomes = Compiled(named(rules)).outcomes(CLOCK)
    for plan in ("Pro", "free", None):
        for total in (1, 2):
            facts = Facts({"plan": plan}, {"visited": [Occurrence(NOW, {"total": total})]})
            assert outcomes(facts) == walked(rules, facts)


def test_a_rule_sees_the_new_outcome_of_the_rules_before_it() -> None:
    rules = [
        ("pro", codec.loads({"trait": "plan", "op": "is", "value": "pro"}, CATALOGUE)),
        ("not-pro", Not(SegmentCondition("pro"))),
        ("cold", SegmentCondition("cold")),
        ("both", All((SegmentCondition("not-pro"), SegmentCondition("cold")))),
    ]
    outcomes = Compiled(rules).outcomes(CLOCK)
    before = frozenset({"pro", "cold"})
    assert outcomes(Facts({"plan": "free"}, segments=before)) == (False, True, True, True)
    assert outcomes(Facts({"plan": "pro"})) == (True, False, False, False)


def test_an_outcome_may_be_given_whatever_the_rule_says() -> None:
    rules = [
        ("pro", codec.loads({"trait": "plan", "op": "is", "value": "pro"}, CATALOGUE)),
        ("not-pro", Not(SegmentCondition("pro"))),
    ]
    outcomes = Compiled(rules).outcomes_held(CLOCK)
    pro = Facts({"plan": "pro"})
    assert outcomes(pro, {}) == (True, False)
    assert outcomes(pro, {"pro": False}) == (False, True)
    assert outcomes(pro, {"not-pro": True, "pro": True}) == (True, True)


def test_each_trait_is_looked_up_once_and_only_if_it_is_asked_for() -> None:
    class Watched(dict[str, object]):
        def get(self, key: str, default: object = None) -> object:
            asked.append(key)
            return super().get(key, default)

    asked: list[str] = []
    plan = {"trait": "plan", "op": "is", "value": "pro"}
    score = {"trait": "score", "op": "at_least", "value": 2}
    other = {"trait": "plan", "op": "contains", "value": "r"}
    loaded = [
        codec.loads(rule, CATALOGUE)
        for rule in ({"all": [plan, score]}, {"any": [plan, other]}, {"all": [plan, score]})
    ]
    outcomes = Compiled(named(loaded)).outcomes(CLOCK)
    assert outcomes(Facts(Watched(plan="free"))) == (False, True, False)
    assert asked == ["plan"]
    asked.clear()
    assert outcomes(Facts(Watched(plan="pro", score=3))) == (True, True, True)
    assert sorted(asked) == ["plan", "score"]


HOSTILE = [
    "__class__", "facts", "held", "clock", "x", "c10", "'", '"', '"""', "\\", "a\nreturn 1",
    "{0}", "{x}", "%s", "\u2028", "ℌ", "İ", "); import os; (", "#", "None", "lambda: 1",
]  # fmt: skip


def test_what_a_rule_says_never_comes_into_the_source() -> None:
    expected = _source("plain", "value")
    for number, word in enumerate(HOSTILE):
        assert _source(word, HOSTILE[-number]) == expected
    assert "plain" not in expected
    assert "value" not in expected


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_text_whatever_comes_into_the_source(name: str, value: str) -> None:
    assert _source(name, value) == _source("plain", "value")


def _source(name: str, value: str) -> str:
    return Compiled(_speaking_of(name, value)).source


def _speaking_of(name: str, value: str) -> list[tuple[str, Rule]]:
    """Return rules that name a trait, an event, a property and segments so."""
    rule = All(
        (
            TraitCondition(f"{name}.", "is", value, Kind.TEXT),
            Not(TraitCondition(name, "one_of", (value, f"{value}."), Kind.TEXT)),
            TraitCondition(f"{name}?", "like", f"{value}*", Kind.TEXT),
            EventCondition(name, (Where(name, "contains", value, Kind.TEXT),)),
            EventCondition(value, last=Compare("older_than", Duration(len(name), "d"))),
            SegmentCondition(f"{name}!"),
        )
    )
    return [(name, rule), (f"{name}-2", SegmentCondition(name))]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_hostile_word_is_a_word_like_any_other(word: str) -> None:
    rule = TraitCondition(word, "is", word, Kind.TEXT)
    event = EventCondition(word, (Where(word, "contains", word, Kind.TEXT),))
    outcomes = Compiled([(word, rule), ("it", event)]).outcomes(CLOCK)
    facts = Facts({word: word.upper()}, {word: [Occurrence(NOW, {word: f"-{word}-"})]})
    assert outcomes(facts) == (word.upper().casefold() == word.casefold(), True)
    assert outcomes(Facts()) == (False, False)


@given(st.text("ab*?"), st.text("ab"))
def test_the_fast_matcher_agrees_with_the_exact_one(pattern: str, text: str) -> None:
    assert matcher(pattern)(text) == matches(text, pattern)


def test_five_hundred_rules_are_compiled_in_little_time() -> None:
    chance = random.Random(2)
    rules = [written(chance) for _ in range(500)]
    outcomes = Compiled(named(rules)).outcomes(CLOCK)
    facts = Facts({"plan": "pro", "score": 2})
    assert outcomes(facts) == walked(rules, facts)
