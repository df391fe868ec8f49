"""Any rule goes into the form and comes back the same, but for a `not` of a `not`."""

import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.rules import codec
from apps.rules.builder import fields, opening, writing
from apps.rules.builder.tree import ids
from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.errors import RuleError
from apps.rules.nodes import All, Not, Rule
from apps.rules.nodes import Any as AnyOf
from tests.rules.population import KINDS, SEGMENTS
from tests.rules.random_rules import random_rule

RULES = 3_000
ZONES = tuple(map(ZoneInfo, ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")))
KNOWN = Catalogue(
    {**CONTACT_TRAITS, **{key: TraitSpec(key, key.title(), kind) for key, kind in KINDS.items()}},
    {slug: slug.title() for slug in SEGMENTS},
)


def through_the_form(data: object, zone: ZoneInfo) -> object:
    """Open a rule, send its form as a browser does, and write what was sent."""
    tree = opening.opened(data, KNOWN, zone)
    assert tree is not None, data
    sent = as_sent(fields.write(tree))
    read = fields.read(sent)
    assert read == tree
    found = writing.written(read, KNOWN, zone)
    assert found.problems == {}
    return found.rule


def as_sent(form: dict[str, list[str]]) -> dict[str, list[str]]:
    """Send a form: inputs of one line lose their breaks, of more lines break as CR LF."""
    return {
        name: [text.replace("\r", "").replace("\n", "") for text in texts]
        for name, texts in form.items()
    }


def without_double_nots(rule: Rule) -> Rule:
    match rule:
        case All(rules):
            return All(tuple(map(without_double_nots, rules)))
        case AnyOf(rules):
            return AnyOf(tuple(map(without_double_nots, rules)))
        case Not(Not(part)):
            return without_double_nots(part)
        case Not(part):
            return Not(without_double_nots(part))
        case _:
            return rule


def test_any_rule_comes_back_the_same() -> None:
    chance = random.Random(4)
    for _ in range(RULES):
        rule = codec.loads(random_rule(chance, depth=chance.randint(0, 5)), KNOWN)
        back = through_the_form(codec.dumps(rule), chance.choice(ZONES))
        assert codec.loads(back, KNOWN) == without_double_nots(rule)


TIMES = (
    *("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:00:00Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-03-01T09:30:00.000001Z"),
    "1890-01-01T12:00:00Z",
)
TEXTS = (
    *("a\nb", '"a\\nb"', '"a"', '"', "a\r\nb", ' spaced" ', '"\\"a\\\\nb\\""', "ü, é; x", "two  "),
    *("not 1 in 2", "\t", "{{ x }}", "<b>"),
)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("text", TIMES)
def test_a_time_keeps_its_instant(text: str, zone: ZoneInfo) -> None:
    data = {"trait": "contact.created_at", "op": "between", "value": [text, text]}
    rule = codec.loads(data, KNOWN)
    assert codec.loads(through_the_form(codec.dumps(rule), zone), KNOWN) == rule


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_keeps_every_character(text: str) -> None:
    where = [
        {"property": text, "op": "contains", "value": text},
        {"property": "x", "op": "is", "value": text.strip() or "x"},
    ]
    listed = [text.strip() or "x", "b"]
    for data in (
        {"trait": "contact.email", "op": "contains", "value": text},
        {"trait": "contact.email", "op": "one_of", "value": listed},
        {"event": "bought", "where": where, "sum": {"property": text, "op": "is", "value": 1}},
    ):
        rule = codec.loads(data, KNOWN)
        assert codec.loads(through_the_form(codec.dumps(rule), ZONES[0]), KNOWN) == rule


IS_SET = {"trait": "contact.email", "op": "is_set"}
NUMBERS = (0, -1, 5, 2.5, 1e15, 1e-9, -0.1, 10**15)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_keeps_its_value(number: float) -> None:
    data: dict[str, Any] = {
        "event": "bought",
        "where": [{"property": "total", "op": "one_of", "value": [number, 1]}],
        "min": {"property": "total", "op": "between", "value": [number, 10**15]},
    }
    assert through_the_form(data, ZONES[0]) == data


@pytest.mark.parametrize(
    "data",
    [
        IS_SET,
        {"not": IS_SET},
        {"all": [IS_SET]},
        {"not": {"any": [IS_SET]}},
        {"not": {"all": []}},
        {"any": []},
        {"not": {"event": "bought"}},
        {"not": {"segment": "cold"}},
        {"not": {"event": "bought", "count": {"op": "at_least", "value": 2}}},
    ],
)
def test_a_small_rule_comes_back_to_the_letter(data: dict[str, Any]) -> None:
    assert through_the_form(data, ZONES[0]) == data


def test_a_rule_as_large_and_deep_as_can_be_comes_back() -> None:
    where = [{"property": "a", "op": "is_set"}] * 199
    wide = {"event": "bought", "where": where}
    deep: Any = IS_SET
    for index in range(7):
        deep = {"not": deep} if index % 2 else {"all": [deep]}
    for data in (wide, deep):
        rule = codec.loads(data, KNOWN)
        assert codec.loads(through_the_form(data, ZONES[0]), KNOWN) == rule


def test_what_the_codec_refuses_is_refused_at_its_part() -> None:
    """Broken rules that have a tree: each complaint names a part of it."""
    chance = random.Random(5)
    told = 0
    for _ in range(500):
        data = _broken(codec.dumps(codec.loads(random_rule(chance), KNOWN)), chance)
        tree = opening.opened(data, KNOWN, ZONES[0])
        if tree is None:
            continue
        again = writing.written(tree, KNOWN, ZONES[0])
        try:
            codec.loads(again.rule, KNOWN)
        except RuleError as first:
            errors = writing.complaints(tree, KNOWN, ZONES[0])
            assert any(first.at.startswith(error.at) for error in errors.values())
            assert {*errors} <= {*ids(tree)}
            told += 1
    assert told > 50


def _broken(data: Any, chance: random.Random) -> Any:
    """Return the data with some texts in it replaced."""
    match data:
        case dict():
            return {key: _broken(value, chance) for key, value in data.items()}
        case list():
            return [_broken(value, chance) for value in data]
        case str() if chance.random() < 0.3:
            return chance.choice(["gone", "", "9" * 600, "\x00"])
        case _:
            return data
