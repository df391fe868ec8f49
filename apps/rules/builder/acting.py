"""The button that was pressed, `up-3` or `drop-3-1-2`, as a move; and where the focus goes on."""

import re
from collections.abc import Callable, Mapping

from apps.rules.builder import moving
from apps.rules.builder.tree import Condition, Group, ids, walk

Move = Callable[[Group, str], Group]
MOVES: Mapping[str, Move] = {
    "condition": moving.add_condition,
    "group": moving.add_group,
    "where": moving.add_filter,
    "then": lambda tree, name: moving.add_filter(tree, name, of_what_follows=True),
    "remove": moving.remove,
    "copy": moving.duplicate,
    "wrap": moving.wrap,
    "negate": moving.negate,
    "up": moving.up,
    "down": moving.down,
    "into": moving.into,
    "out": moving.out,
}
STAYING = ("up", "down", "into", "out")  # pressed again and again: the menu stays open
_ACT = re.compile(r"([a-z]+)-([0-9]{1,9})", re.ASCII)
_DROP = re.compile(r"drop-([0-9]{1,9})-([0-9]{1,9})-([0-9]{0,9})", re.ASCII)


def acted(tree: Group, act: str) -> tuple[Group, str]:
    """Return the tree after an act, and the control that gets the focus: `subject-3`.

    Anything that is no act of a tree changes nothing.
    """
    if found := _DROP.fullmatch(act):
        return moving.drop(tree, found[1], into=found[2], before=found[3]), f"more-{found[1]}"
    found = _ACT.fullmatch(act)
    if found and found[1] == "follow":
        return tree, f"then-{found[2]}"  # there is nothing before an event is chosen
    if found is None or found[1] not in MOVES:
        return tree, ""
    after = MOVES[found[1]](tree, found[2])
    return after, _focus(tree, after, found[1], found[2])


def _focus(before: Group, after: Group, act: str, name: str) -> str:
    match act:
        case "condition" | "group" | "copy" | "where" | "then":
            return _first_new(before, after)
        case "wrap":
            parent = moving.parent_of(after, name)
            return f"match-{parent.id}" if parent else ""
        case "remove":
            return _after_removal(before, name)
        case _ if act in STAYING:
            return f"{act}-{name}"
        case _:
            return f"more-{name}"


def _first_new(before: Group, after: Group) -> str:
    """Return what is to be filled in first of what came."""
    new = [name for name in ids(after) if name not in set(ids(before))]
    conditions = [one for one in new if isinstance(moving.find(after, one), Condition)]
    if conditions:
        return f"subject-{conditions[0]}"
    if new and isinstance(moving.find(after, new[0]), Group):
        return f"match-{new[0]}"
    return f"property-{new[0]}" if new else ""


def _after_removal(before: Group, name: str) -> str:
    """Return the next part's button to remove it, or else that of the one before; or to add."""
    parent = moving.parent_of(before, name)
    if parent is None:
        return _after_filter(before, name)
    names = [part.id for part in parent.parts]
    at = names.index(name)
    left = names[at + 1 :] or names[:at][-1:]
    return f"remove-{left[0]}" if left else f"condition-{parent.id}"


def _after_filter(before: Group, name: str) -> str:
    for part in walk(before):
        if isinstance(part, Condition) and any(one.id == name for one in part.filters):
            return f"op-{part.id}"
    return ""
