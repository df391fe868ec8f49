"""Forms no browser would send: each is read as some tree, and refused at a part of it."""

import json
import random

import pytest

from apps.rules import codec
from apps.rules.builder import draft, fields, writing
from apps.rules.builder.showing import Subjects, shown
from apps.rules.builder.tree import Condition, Group, ids, walk
from apps.rules.errors import RuleError
from tests.rules.builder.test_there_and_back import KNOWN, ZONES

FORMS = 600
ZONE = ZONES[1]
TEXTS = (
    *("", " ", "pro", "\x00", "a\x00b", "'; DROP TABLE x; --", "\\", '"', '"\\ud800\\n"', "{}"),
    *("\u202e\U0001f600", "x" * 600, "9" * 30, "9" * 5000, "-1", "1e400", "nan", "-inf", "0x10"),
    *("٣", "²", "2026-02-30", "0001-01-01", "9999-12-31", "30d", "99999999999d", "24:00", "-0:1"),
    *("09:30", "09:30+99:00", "is", "text:is", "number:is", "any:is_set", "boolean:is", ":", "a:b"),
    *("in", "not_in", "did", "never", "between", "sum:at_least", "max:is_set", "last:in_last"),
    *("first:", "sum:", "count:at_least", "at_least", "in_last", "one_of", "has_any", "like"),
    *("trait:plan", "trait:", "trait:gone", "event:", "event:bought", "event:\x00"),
    *("segment:cold", "segment:gone"),
    *("trait:contact.created_at", "trait:contact.email", "bought", "d", "w", "1"),
)  # fmt: skip
KEYS = [f"trait:{key}" for key in KNOWN.traits]
NAMES = (
    *("subject", "op", "not", "value", "time", "low", "low_time", "high", "high_time", "number"),
    *("number_unit", "measured", "within", "within_unit", "then", "then_within", "match"),
    *("then_within_unit", "property", "implied"),
)
ACTS = (
    "",
    "preview",
    "save",
    "json",
    "rows",
    "undo",
    "condition-1",
    "group-2",
    "remove-3",
    "drop-2-1-",
)


def hostile(chance: random.Random) -> fields.Form:
    form: dict[str, list[str]] = {"node": ["group 1"] if chance.random() < 0.8 else []}
    for number in range(chance.choice([0, 1, 3, 10, 30])):
        kind = chance.choice(["group", "condition", "condition", "where", "then", "x", ""])
        name = chance.choice([number + 2, number + 2, 1, "²", "9" * 12])
        form["node"].append(f"{kind} {name} in {chance.randint(0, number + 2)}")
        for label in NAMES:
            if chance.random() < 0.6:
                values = [chance.choice(TEXTS) for _ in range(chance.choice([0, 1, 1, 3]))]
                form[f"{label}-{name}"] = values
        if chance.random() < 0.7:
            form[f"subject-{name}"] = [chance.choice([*KEYS, "event:bought", "segment:cold"])]
    form["view"] = [chance.choice(["", "json", "rows"])]
    form["undo"] = [chance.choice([*TEXTS, "[" * 99_999, '{"node": ["group 1", 3]}', UNDO])]
    form["json"] = [chance.choice([*TEXTS, "[" * 99_999, *JSON])]
    return form


UNDO = json.dumps({"node": ["group 1", "condition 2 in 1"], "subject-2": ["trait:\ud800"]})
DEEP = '{"not": ' * 400 + '{"all": []}' + "}" * 400
JSON = (
    *(DEEP, "null", "1", "[]", '{"all": {}}', '{"all": [1]}', '{"not": {}}', '{"trait": 1}'),
    *('{"trait": "\\ud800", "op": "is", "value": "x"}', '{"event": "a", "where": 1}'),
    *('{"event": "a", "count": {}}', '{"event": "a", "then": {}}', '{"event": "", "then": 1}'),
    *('{"event": "a", "sum": {"property": 1, "op": "is", "value": 1}, "within": 1}'),
    '{"event": "a", "where": [{"property": "x", "op": "nope", "value": [[]]}]}',
    '{"all": [' + ",".join(['{"all": []}'] * 500) + "]}",
)


def test_hostile_fields_are_read_refused_at_a_part_and_shown() -> None:
    chance = random.Random(20261128)
    refused = 0
    for _ in range(FORMS):
        read = draft.read(hostile(chance), chance.choice(ACTS), KNOWN, ZONE)
        complaints = read.complaints(KNOWN)
        assert {*complaints} <= {"", *ids(read.tree)}
        try:
            codec.loads(read.rule(KNOWN), KNOWN)
        except RuleError:
            assert complaints
            refused += 1
        told = {name: error.message for name, error in complaints.items()}
        page = shown(read.settled(KNOWN).tree, KNOWN, Subjects((), {}), problems=told)
        assert page.part.id == read.tree.id
        str(page).encode()
        assert fields.read(fields.write(read.tree)) == read.tree
    assert FORMS / 4 < refused < FORMS


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("subject", ["trait:contact.created_at", "event:bought"])
def test_a_time_or_window_of_any_text_is_read(text: str, subject: str) -> None:
    form = {
        "node": ["group 1", "condition 2 in 1"],
        "subject-2": [subject],
        "op-2": ["last:after" if subject.startswith("event") else "after"],
        "value-2": ["2026-03-01"],
        "time-2": [text],
        "within-2": [text],
    }
    read = draft.read(form, "", KNOWN, ZONE)
    assert set(read.complaints(KNOWN)) <= {"2"}


def test_parts_in_no_group_are_in_the_outermost_and_too_deep_ones_are_refused() -> None:
    nodes = ["group 1", "condition 2 in 9", *(f"group {i} in {i - 1 or 1}" for i in range(3, 40))]
    tree = fields.read({"node": nodes})
    assert tree.parts[0] == Condition("2")
    assert len(list(walk(tree))) == 39
    assert "at most 8 levels" in " ".join(map(str, writing.complaints(tree, KNOWN, ZONE).values()))


def test_more_parts_than_are_read_are_refused() -> None:
    nodes = ["group 1", *(f"group {i} in 1" for i in range(2, 1_000))]
    read = draft.read({"node": nodes}, "save", KNOWN, ZONE)
    assert "at most 200" in read.complaints(KNOWN)[""].message


def test_no_field_at_all_is_a_tree_of_nothing() -> None:
    assert fields.read({}) == Group("1")


def test_a_number_is_not_taken_for_a_text_in_a_filter() -> None:
    form = {
        "node": ["group 1", "condition 2 in 1", "where 3 in 2"],
        "subject-2": ["event:bought"],
        "op-2": ["did"],
        "property-3": ["total"],
        "op-3": ["number:is"],
        "value-3": ["many"],
    }
    read = draft.read(form, "", KNOWN, ZONE)
    assert read.complaints(KNOWN)["3"].message == "Expected a number, got 'many'."
