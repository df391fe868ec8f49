"""Rules from hell: what a hostile or careless caller might send, by the thousand."""

import json
import random
from collections.abc import Callable
from typing import Any

from tests.rules.random_rules import random_rule

Json = Any
NAMES = ("__class__", "contains", "a__b", "isnull", "pk", "profile", "$where", "", "x" * 300)
SCALARS: tuple[Json, ...] = (
    None, True, False, 0, -1, 2**70, -(2**70), 1e308, 1e999, "", "x", "\x00", "a\x00b", "\ud800",
    "x" * 501, "30d", "999999999999d", "-5d", "0d", "2026-02-30", "0001-01-01", "9999-12-31",
    "2026-01-01T00:00:00", "1; DROP TABLE contacts_contact", "%s", "{}", [], {}, [[]], [None],
    ["x"] * 201, [1, 2], [2, 1], ["a", 3], {"$gt": ""}, 10**400,
)  # fmt: skip
LEAF = {"trait": "plan", "op": "is", "value": "pro"}


def hell(chance: random.Random) -> bytes:
    """Return the JSON text of one rule: broken in one of many ways, or by luck in none."""
    made = chance.choices(KINDS, weights=WEIGHTS)[0](chance)
    return made if isinstance(made, bytes) else text(made)


def text(data: Json) -> bytes:
    """Write as JSON, NaN and half surrogate pairs included."""
    return json.dumps(data).encode()


def mutated(chance: random.Random) -> Json:
    """A valid rule with a few things in it replaced, dropped, renamed or put elsewhere."""
    rule = random_rule(chance)
    for _ in range(chance.randint(1, 3)):
        rule = _mutate(rule, chance)
    return rule


def _mutate(value: Json, chance: random.Random) -> Json:
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        draw = chance.random()
        if draw < 0.65:
            return {**value, key: _mutate(value[key], chance)}
        rest = {name: item for name, item in value.items() if name != key}
        if draw < 0.75:
            return rest
        if draw < 0.9:
            return {**rest, chance.choice(NAMES): value[key]}
        return {**value, chance.choice((*NAMES, "all", "value", "op")): chance.choice(SCALARS)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], _mutate(value[at], chance), *value[at + 1 :]]
    return chance.choice((*SCALARS, LEAF))


def deep(chance: random.Random) -> Json:
    rule: Json = LEAF
    for _ in range(chance.choice([7, 8, 9, 30, 200])):
        rule = {"not": rule} if chance.random() < 0.5 else {chance.choice(["all", "any"]): [rule]}
    return rule


def wide(chance: random.Random) -> Json:
    leaf = chance.choice([LEAF, {"event": "e", "where": []}, random_rule(chance, 0)])
    return {chance.choice(["all", "any"]): [leaf] * chance.choice([199, 200, 201, 400])}


def unknown(chance: random.Random) -> Json:
    name = chance.choice(NAMES)
    leaf = chance.choice(
        [
            {"trait": name, "op": "is", "value": "x"},
            {"trait": "plan", "op": name, "value": "x"},
            {"event": name},
            {"event": "e", "where": [{"property": name, "op": "is", "value": name}]},
            {"event": "e", "where": [{"property": "p", "op": name}]},
            {"segment": name},
            {name: []},
            {**LEAF, name: 1},
            {"event": "e", name: {"op": "at_least", "value": 1}},
        ]
    )
    return {"all": [{"any": [LEAF, leaf]}, LEAF]}


def typed(chance: random.Random) -> Json:
    """Every place of a leaf with a value of another type."""
    leaf: Json = random_rule(chance, 0)
    path, inner = [], leaf
    while isinstance(inner, dict | list) and inner and (not path or chance.random() < 0.6):
        key = chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        path.append(key)
        inner = inner[key]
    return {"not": _put(leaf, path, chance.choice(SCALARS))}


def _put(value: Json, path: list[Any], new: Json) -> Json:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _put(value[path[0]], path[1:], new)
    return copy


def twice(chance: random.Random) -> bytes:
    inner = text(random_rule(chance, 1))
    return chance.choice(
        [
            b'{"all": [], "all": [' + inner + b"]}",
            b'{"all": [' + inner + b', {"trait": "plan", "op": "is", "value": "a", "value": "b"}]}',
            b'{"event": "e", "count": {"op": "at_least", "op": "at_most", "value": 1}}',
        ]
    )


def literal(chance: random.Random) -> bytes:
    """What JSON does not know, or numbers no machine holds."""
    number = chance.choice(
        [
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"1e99999",
            b"9" * 5000,
            b"-" + b"9" * 300,
            b"01",
            b"0x1",
        ]
    )
    return b'{"any": [{"trait": "score", "op": "at_least", "value": ' + number + b"}]}"


def broken(chance: random.Random) -> bytes:
    """A text cut off, or with a byte changed."""
    raw = bytearray(text(random_rule(chance)))
    if chance.random() < 0.5:
        return bytes(raw[: chance.randrange(len(raw))])
    raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def abyss(chance: random.Random) -> bytes:
    return chance.choice([b"[", b'{"all":[', b'{"not":']) * chance.choice([1_000, 50_000])


def circle(chance: random.Random) -> Json:
    """One that refers to the segment it may be saved as, or to others of its circle."""
    slug = chance.choice(["hell-0", "hell-1", "hell-2", "round"])
    inner: Json = {"segment": slug}
    return chance.choice([inner, {"not": inner}, {"all": [LEAF, {"any": [inner]}]}])


def valid(chance: random.Random) -> Json:
    return random_rule(chance)


KINDS: list[Callable[[random.Random], Json]] = [
    mutated, typed, unknown, circle, valid, deep, wide, twice, literal, broken, abyss,
]  # fmt: skip
WEIGHTS = [40, 20, 12, 6, 2, 3, 1, 4, 4, 6, 0.5]
