"""What the rebuild test's installation holds: many contacts, nested segments, and their edits.

Plain values, for the process that writes them and for the one that foretells what must come.
"""

from collections.abc import Callable
from typing import Any

PLANS = ("pro", "basic", *["free"] * 18)  # one contact in ten changes sides when they are edited
SIZES = 100
BOUGHT = "bought"  # never edited: whoever has an order belongs here
MAILED = "worth-writing"  # whoever enters it by a fact is enrolled
ORDERED = {"event": "order_completed"}


def traits(number: int) -> dict[str, Any]:
    """Return what is known of the contact of this number."""
    return {"plan": PLANS[number % len(PLANS)], "size": number * 37 % SIZES}


def _plan_is(plan: str) -> dict[str, Any]:
    return {"trait": "plan", "op": "is", "value": plan}


def _size(least: int) -> dict[str, Any]:
    return {"trait": "size", "op": "at_least", "value": least}


def _in(slug: str) -> dict[str, Any]:
    return {"segment": slug}


# slug, rung of the ladder or None, rule
SEGMENTS: tuple[tuple[str, int | None, dict[str, Any]], ...] = (
    (BOUGHT, None, ORDERED),
    ("large", None, _size(50)),
    ("chosen-plan", None, _plan_is("pro")),
    ("gold", 1, {"all": [_in("large"), _in("chosen-plan")]}),
    ("silver", 2, _size(70)),
    ("others", 3, {"all": []}),
    ("either", None, {"any": [_in("gold"), _in(BOUGHT)]}),
    ("nested", None, {"all": [_in("either"), {"not": _in("chosen-plan")}]}),
    (MAILED, None, {"all": [_in("large"), ORDERED]}),
    ("lately", None, {**ORDERED, "within": "5s"}),
)
# slug, and its rule at the so-manyeth edit; no two that follow each other are the same
_EDITS: tuple[tuple[str, Callable[[int], dict[str, Any]]], ...] = (
    ("large", lambda turn: _size(45 + turn * 7 % 20)),
    ("chosen-plan", lambda turn: _plan_is(PLANS[(turn + 1) % 2])),
    ("silver", lambda turn: _size(60 + turn * 9 % 20)),
    (MAILED, lambda turn: {"all": [_in("large" if turn % 2 else "silver"), ORDERED]}),
    ("either", lambda turn: {"any": [_in("gold"), _in("large" if turn % 2 == 0 else BOUGHT)]}),
)


def edit(number: int) -> tuple[str, dict[str, Any]]:
    """Return which segment the edit of this number changes, and the rule it gives it."""
    slug, rule = _EDITS[number % len(_EDITS)]
    return slug, rule(number // len(_EDITS))
