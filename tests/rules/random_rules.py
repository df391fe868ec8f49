"""Random rules over the population's traits, events and segments, in their JSON form."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from apps.rules.catalogue import CONTACT_TRAITS
from apps.rules.clock import Calendar, WeekStart
from apps.rules.comparing import Operator
from apps.rules.event_codec import MEASURES
from apps.rules.kinds import MAX_NUMBER, Kind
from apps.rules.operands import Shape
from apps.rules.operators import COUNTING, OPERATORS, PROPERTY_KINDS
from apps.rules.periods import PERIODS
from tests.rules.population import (
    EVENTS,
    KINDS,
    MEASURED,
    MONEY,
    NOW,
    OFFSETS,
    PROPERTIES,
    SEGMENTS,
    TEXTS,
    TURNING_DAYS,
    WINDOWS,
    ZONES,
    some_midnight,
    value_of,
)

Json = dict[str, Any]
ALL_KINDS = {**KINDS, **{key: spec.kind for key, spec in CONTACT_TRAITS.items()}}


def random_rule(chance: random.Random, depth: int = 3) -> Json:
    draw = chance.random()
    if depth == 0 or draw < 0.45:
        return leaf(chance)
    if draw < 0.6:
        return {"not": random_rule(chance, depth - 1)}
    parts = [random_rule(chance, depth - 1) for _ in range(chance.choice([0, 1, 2, 3]))]
    return {chance.choice(["all", "any"]): parts}


def leaf(chance: random.Random) -> Json:
    draw = chance.random()
    if draw < 0.6:
        key = chance.choice(list(ALL_KINDS))
        return {"trait": key, **comparison(ALL_KINDS[key], chance)}
    if draw < 0.9:
        return event(chance)
    return {"segment": chance.choice(list(SEGMENTS))}


def comparison(kind: Kind, chance: random.Random) -> Json:
    operator = chance.choice(list(OPERATORS[kind].values()))
    return {"op": operator.name, **_value(operator.shape, kind, chance)}


def _value(shape: Shape, kind: Kind, chance: random.Random) -> Json:
    if shape is Shape.NONE:
        return {}
    return {"value": _operand(shape, kind, chance)}


def _operand(shape: Shape, kind: Kind, chance: random.Random) -> Any:
    match shape:
        case Shape.LIST:
            return [_scalar(kind, chance) for _ in range(chance.randint(1, 3))]
        case Shape.PAIR:
            return _pair(kind, chance)
        case Shape.TEXT:
            return _piece(chance)
        case Shape.DAY:
            return value_of(Kind.DATE, chance)
        case Shape.DURATION:
            return chance.choice(list(WINDOWS))
        case Shape.PERIOD:
            return chance.choice(list(PERIODS))
        case Shape.WHOLE:
            return chance.choice([0, 1, 2, 3])
        case Shape.WHOLES:
            return sorted([chance.randint(0, 3), chance.randint(0, 5)])
        case _:
            return _scalar(kind, chance)


def _scalar(kind: Kind, chance: random.Random) -> Any:
    if kind is Kind.CHOICES:
        kind = Kind.CHOICE
    if kind is Kind.DATETIME and chance.random() < 0.3:
        kind = Kind.DATE
    return value_of(kind, chance)


def _pair(kind: Kind, chance: random.Random) -> list[Any]:
    return sorted([_scalar(kind, chance), _scalar(kind, chance)])


def _piece(chance: random.Random) -> str:
    """Part of a text that is there, perhaps with a wildcard, in some case."""
    text = chance.choice(TEXTS)
    start = chance.randrange(len(text))
    piece = text[start : start + chance.randint(1, 4)]
    piece = chance.choice([piece, piece.upper(), piece.lower(), text])
    return chance.choice(
        [piece, f"*{piece}", f"{piece}*", piece.replace("a", "?") or "*", "%", "_"]
    )


def event(chance: random.Random) -> Json:
    rule: Json = {"event": chance.choice(EVENTS), **_wheres(chance)}
    if chance.random() < 0.2:
        rule["then"] = {"event": chance.choice(EVENTS), **_wheres(chance), **_within(chance)}
    draw = chance.random()
    if draw < 0.3:
        rule[chance.choice(["first", "last"])] = _moment(chance)
        return rule
    if draw < 0.55:
        operator = chance.choice(list(COUNTING.values()))
        rule["count"] = {"op": operator.name, **_value(operator.shape, Kind.NUMBER, chance)}
    elif draw < 0.9:
        name = chance.choice(list(MEASURES))
        rule[name] = _measure(MEASURES[name], chance)
    return rule | _within(chance)


def _wheres(chance: random.Random) -> Json:
    if chance.random() < 0.6:
        return {}
    return {"where": [where(chance) for _ in range(chance.choice([1, 1, 2]))]}


def _within(chance: random.Random) -> Json:
    return {"within": chance.choice(list(WINDOWS))} if chance.random() < 0.6 else {}


def _measure(operators: Mapping[str, Operator], chance: random.Random) -> Json:
    operator = chance.choice(list(operators.values()))
    key = chance.choice([*[MEASURED] * 8, *PROPERTIES])
    match operator.shape:
        case Shape.NONE:
            return {"property": key, "op": operator.name}
        case Shape.LIST:
            value: Any = [_sum(chance) for _ in range(chance.randint(1, 3))]
        case Shape.PAIR:
            value = sorted([_sum(chance), _sum(chance)])
        case _:
            value = _sum(chance)
    return {"property": key, "op": operator.name, "value": value}


def _sum(chance: random.Random) -> int | float:
    """Return what some of the numbers come to: no, one or several."""
    added = sum(Decimal(repr(chance.choice(MONEY))) for _ in range(chance.choice([0, 1, 1, 2, 3])))
    added = max(min(Decimal(added), Decimal(MAX_NUMBER)), Decimal(-MAX_NUMBER))
    return int(added) if added == int(added) else float(added)


def where(chance: random.Random) -> Json:
    kind = chance.choice(PROPERTY_KINDS)
    return {"property": chance.choice(PROPERTIES), **comparison(kind, chance)}


def _moment(chance: random.Random) -> Json:
    return comparison(Kind.DATETIME, chance)


def random_calendar(chance: random.Random) -> Calendar:
    return Calendar(ZoneInfo(chance.choice(ZONES)), chance.choice(list(WeekStart)))


def random_moment(chance: random.Random) -> datetime:
    """Return a moment at which some fact of the population stands exactly on an edge."""
    if chance.random() < 0.4:
        return some_midnight(chance, chance.choice(TURNING_DAYS))
    return NOW + chance.choice(OFFSETS) + chance.choice([timedelta(0), *OFFSETS])
