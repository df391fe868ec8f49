import json
import random
from typing import Any

import pytest

from apps.rules import codec
from apps.rules.errors import Code, RuleError
from tests.rules.population import CATALOGUE
from tests.rules.random_rules import random_rule

IS_PRO = {"trait": "plan", "op": "is", "value": "pro"}


TOTAL = {"property": "total", "op": "at_least", "value": 5}


def bought(**parts: Any) -> dict[str, Any]:
    return {"event": "order_completed", **parts}


def problem(source: object) -> tuple[str, str]:
    with pytest.raises(RuleError) as caught:
        codec.loads(source, CATALOGUE)
    assert caught.value.message
    return str(caught.value.code), caught.value.at


def deep(levels: int) -> dict[str, Any]:
    rule: dict[str, Any] = IS_PRO
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule


@pytest.mark.parametrize(
    ("rule", "code", "at"),
    [
        (
            {"all": [IS_PRO, {"trait": "pla", "op": "is", "value": "x"}]},
            "unknown_trait",
            "all[1].trait",
        ),
        ({"not": {"trait": "plan", "op": "equals", "value": 1}}, "unknown_operator", "not.op"),
        ({"any": [{"segment": "nobody"}]}, "unknown_segment", "any[0].segment"),
        ({"trait": "score", "op": "at_least", "value": "5"}, "wrong_type", "value"),
        ({"trait": "score", "op": "at_least", "value": True}, "wrong_type", "value"),
        ({"trait": "score", "op": "one_of", "value": [1, "2"]}, "wrong_type", "value[1]"),
        ({"trait": "score", "op": "is", "value": 2**70}, "wrong_type", "value"),
        ({"trait": "score", "op": "is", "value": float("nan")}, "wrong_type", "value"),
        ({"trait": "score", "op": "between", "value": [5, 1]}, "wrong_shape", "value"),
        ({"trait": "plan", "op": "is", "value": "a\x00"}, "wrong_type", "value"),
        ({"trait": "plan", "op": "is", "value": "\ud800"}, "wrong_type", "value"),
        ({"trait": "plan", "op": "is", "value": ""}, "wrong_type", "value"),
        ({"trait": "plan", "op": "is_set", "value": 1}, "unknown_key", "value"),
        ({"trait": "plan", "op": "is"}, "wrong_shape", "value"),
        ({"trait": "plan"}, "wrong_shape", "op"),
        ({"trait": "born", "op": "on", "value": "2026-02-30"}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_last", "value": "30"}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_period", "value": "this"}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_period", "value": "This_Week"}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_period", "value": ["today"]}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_period"}, "wrong_shape", "value"),
        ({"trait": "score", "op": "in_period", "value": "today"}, "unknown_operator", "op"),
        ({"event": "a", "last": {"op": "in_period", "value": "now"}}, "wrong_type", "last.value"),
        ({"trait": "born", "op": "anniversary_in_next", "value": 7}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_last", "value": "0d"}, "wrong_type", "value"),
        ({"trait": "born", "op": "in_last", "value": "9999999d"}, "wrong_type", "value"),
        ({"trait": "__class__", "op": "is", "value": "x"}, "unknown_trait", "trait"),
        ({"trait": "plan__contains", "op": "is", "value": "x"}, "unknown_trait", "trait"),
        ({"event": ""}, "wrong_shape", "event"),
        ({"event": "a\x00"}, "wrong_type", "event"),
        ({"event": "a", "first": IS_PRO}, "unknown_key", "first.trait"),
        ({"event": "a", "count": {"op": "at_least", "value": -1}}, "wrong_type", "count.value"),
        ({"event": "a", "count": {"op": "at_least", "value": 1.5}}, "wrong_type", "count.value"),
        (
            {
                "event": "a",
                "count": {"op": "exactly", "value": 1},
                "last": {"op": "on", "value": "x"},
            },
            "wrong_shape",
            "last",
        ),
        (
            {"event": "a", "last": {"op": "older_than", "value": "1d"}, "within": "1d"},
            "wrong_shape",
            "within",
        ),
        (
            {"event": "a", "where": [{"property": "t", "op": "has_any", "value": ["x"]}]},
            "unknown_operator",
            "where[0].op",
        ),
        (
            {"event": "a", "where": [{"property": "", "op": "is_set"}]},
            "wrong_shape",
            "where[0].property",
        ),
        (bought(sum={"op": "is", "value": 1}), "wrong_shape", "sum.property"),
        (bought(sum={"property": "", "op": "is", "value": 1}), "wrong_shape", "sum.property"),
        (bought(sum={"property": "t", "op": "is_set"}), "unknown_operator", "sum.op"),
        (bought(sum={"property": "t", "op": "exactly", "value": 1}), "unknown_operator", "sum.op"),
        (bought(sum={"property": "t", "op": "is", "value": "1"}), "wrong_type", "sum.value"),
        (bought(sum={"property": "t", "op": "is", "value": 2**70}), "wrong_type", "sum.value"),
        (
            bought(max={"property": "t", "op": "between", "value": [2, 1]}),
            "wrong_shape",
            "max.value",
        ),
        (bought(max={"property": "t", "op": "one_of", "value": []}), "wrong_shape", "max.value"),
        (bought(min={"property": "t", "op": "is_set", "value": 1}), "unknown_key", "min.value"),
        (bought(min={"property": "t", "op": "is_set", "x": 1}), "unknown_key", "min.x"),
        (bought(min=5), "wrong_shape", "min"),
        (bought(min=TOTAL, max=TOTAL), "wrong_shape", "max"),
        (bought(count={"op": "exactly", "value": 1}, sum=TOTAL), "wrong_shape", "sum"),
        (bought(then="b"), "wrong_shape", "then"),
        (bought(then={}), "wrong_shape", "then.event"),
        (bought(then={"event": ""}), "wrong_shape", "then.event"),
        (
            bought(then={"event": "b", "count": {"op": "exactly", "value": 1}}),
            "unknown_key",
            "then.count",
        ),
        (bought(then={"event": "b", "then": {"event": "c"}}), "unknown_key", "then.then"),
        (bought(then={"event": "b", "within": "0d"}), "wrong_type", "then.within"),
        (
            bought(then={"event": "b", "where": [{"property": "t", "op": "has_any"}]}),
            "unknown_operator",
            "then.where[0].op",
        ),
        ({"all": [], "any": []}, "wrong_shape", ""),
        ({"all": IS_PRO}, "wrong_shape", "all"),
        ({"all": [], "x": 1}, "unknown_key", "x"),
        ({"__class__": 1}, "unknown_key", "__class__"),
        ({"all": [{"a__b": 1}]}, "unknown_key", "all[0].a__b"),
        ({"not": {"\ud800": 1}}, "unknown_key", "not.\\ud800"),
        ({}, "wrong_shape", ""),
        ([], "wrong_shape", ""),
        (None, "wrong_shape", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(rule: object, code: str, at: str) -> None:
    assert problem(rule) == (code, at)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("[" * 100_000, "too_large"),
        ("[" * 60_000, "too_deep"),
        ("9" * 5000, "bad_json"),
        ("NaN", "bad_json"),
        ('{"all": [], "all": []}', "duplicate_key"),
        ('{"trait": "plan", "op": "is", "value": "\\ud800"}', "wrong_type"),
        ("", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        ("{'all': []}", "bad_json"),
    ],
)
def test_text_that_is_no_rule_is_refused(source: str | bytes, code: str) -> None:
    assert problem(source)[0] == code


def test_the_limits_are_where_they_are_said_to_be() -> None:
    codec.loads(deep(8), CATALOGUE)
    assert problem(deep(9))[0] == Code.TOO_DEEP
    codec.loads({"all": [IS_PRO] * 199}, CATALOGUE)
    assert problem({"all": [IS_PRO] * 200}) == ("too_large", "all[199]")
    where = [{"property": "p", "op": "is_true"}] * 99
    codec.loads(bought(where=where, then={"event": "b", "where": where}), CATALOGUE)
    then = {"event": "b", "where": [*where, where[0]]}
    assert problem(bought(where=where, then=then)) == ("too_large", "then.where[99]")
    codec.loads({"trait": "plan", "op": "one_of", "value": [str(n) for n in range(200)]}, CATALOGUE)
    assert problem({"trait": "plan", "op": "one_of", "value": ["x"] * 201})[0] == Code.TOO_LARGE
    codec.loads({"trait": "plan", "op": "contains", "value": "x" * 500}, CATALOGUE)
    assert problem({"trait": "plan", "op": "contains", "value": "x" * 501})[0] == Code.WRONG_TYPE


HOSTILE: list[Any] = [
    None,
    True,
    2**70,
    -1,
    1.5,
    float("inf"),
    "",
    "\x00",
    "\ud800",
    "x" * 501,
    "30d",
    "__class__",
    "contains",
    "a__b",
    [],
    {},
    [[]],
    {"all": []},
    ["x"] * 300,
]


def mangled(rule: Any, chance: random.Random) -> Any:
    """Return the rule with something put where it does not belong."""
    if not isinstance(rule, dict | list) or chance.random() < 0.15:
        return chance.choice(HOSTILE)
    if isinstance(rule, list):
        return [mangled(part, chance) if chance.random() < 0.5 else part for part in rule]
    found = {
        key: mangled(value, chance) if chance.random() < 0.4 else value
        for key, value in rule.items()
    }
    if chance.random() < 0.3:
        found[
            chance.choice(
                ["all", "op", "value", "__class__", "within", "where", "sum", "min", "then"]
            )
        ] = chance.choice(HOSTILE)
    return found


def test_whatever_comes_only_a_located_error_goes() -> None:
    chance = random.Random(1)
    refused = 0
    for _ in range(6000):
        rule = mangled(random_rule(chance), chance)
        for source in (rule, json.dumps(rule)):
            try:
                codec.loads(source, CATALOGUE)
            except RuleError as error:
                refused += 1
                assert error.code in set(Code)
                assert error.message
    assert refused > 3000
