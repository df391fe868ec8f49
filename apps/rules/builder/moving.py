"""Moves of a tree: each returns a new one, or the same where the move makes no sense there."""

from collections.abc import Callable
from dataclasses import replace

from apps.rules.builder.tree import (
    MATCHES,
    OPPOSITES,
    Condition,
    Filter,
    Group,
    Part,
    free_ids,
    opposite,
    walk,
)
from apps.rules.operators import OPERATORS

Parts = tuple[Part, ...]
TWINS = {
    row.name: row.twin.name for rows in OPERATORS.values() for row in rows.values() if row.twin
}


def find(tree: Group, name: str) -> Part | None:
    return next((part for part in walk(tree) if part.id == name), None)


def parent_of(tree: Group, name: str) -> Group | None:
    """Return the group that a part is in; None of the outermost, and of what is not there."""
    return next(
        (
            part
            for part in walk(tree)
            if isinstance(part, Group) and any(inner.id == name for inner in part.parts)
        ),
        None,
    )


def add_condition(tree: Group, group: str) -> Group:
    new = Condition(next(free_ids(tree)))
    return _changed(tree, group, lambda one: replace(one, parts=(*one.parts, new)))


def add_group(tree: Group, group: str) -> Group:
    """Add a group with a condition to fill in."""
    free = free_ids(tree)
    new = Group(next(free), "any", (Condition(next(free)),))
    return _changed(tree, group, lambda one: replace(one, parts=(*one.parts, new)))


def add_filter(tree: Group, condition: str, *, of_what_follows: bool = False) -> Group:
    new = Filter(next(free_ids(tree)))

    def filtered(one: Part) -> Part:
        if not isinstance(one, Condition):
            return one
        if of_what_follows:
            return replace(one, then_wheres=(*one.then_wheres, new))
        return replace(one, wheres=(*one.wheres, new))

    return _mapped(tree, condition, lambda one: (filtered(one),))


def remove(tree: Group, name: str) -> Group:
    """Take out a group with all in it, a condition or a filter."""

    def unfiltered(part: Part) -> Part:
        if isinstance(part, Group):
            return replace(part, parts=tuple(map(unfiltered, part.parts)))
        return replace(
            part,
            wheres=tuple(one for one in part.wheres if one.id != name),
            then_wheres=tuple(one for one in part.then_wheres if one.id != name),
        )

    if find(tree, name):
        return _mapped(tree, name, lambda _: ())
    left = unfiltered(tree)
    assert isinstance(left, Group)
    return left


def duplicate(tree: Group, name: str) -> Group:
    """Put a copy behind a part."""
    free = free_ids(tree)

    def copied(part: Part) -> Part:
        if isinstance(part, Group):
            return replace(part, id=next(free), parts=tuple(map(copied, part.parts)))
        return replace(
            part,
            id=next(free),
            wheres=tuple(replace(one, id=next(free)) for one in part.wheres),
            then_wheres=tuple(replace(one, id=next(free)) for one in part.then_wheres),
        )

    return _mapped(tree, name, lambda one: (one, copied(one)))


def wrap(tree: Group, name: str) -> Group:
    """Put a group of its own around a part."""
    new = next(free_ids(tree))
    return _mapped(tree, name, lambda one: (Group(new, "all", (one,)),))


def change_match(tree: Group, group: str, match: str) -> Group:
    if match not in MATCHES:
        return tree
    return _changed(tree, group, lambda one: replace(one, match=match))


def negate(tree: Group, name: str) -> Group:
    """Turn a part into its opposite: of a trait by the operator's twin, where it has one."""
    if name == tree.id:
        return replace(tree, match=OPPOSITES[tree.match])
    return _mapped(tree, name, lambda one: (_turned(one),))


def _turned(part: Part) -> Part:
    match part:
        case Condition(about="trait", negated=False, op=op) if op in TWINS:
            return replace(part, op=TWINS[op])
        case _:
            return opposite(part)


def up(tree: Group, name: str) -> Group:
    return _shifted(tree, name, -1)


def down(tree: Group, name: str) -> Group:
    return _shifted(tree, name, 1)


def out(tree: Group, name: str) -> Group:
    """Move a part behind the group that it is in."""
    parent = parent_of(tree, name)
    grandparent = parent_of(tree, parent.id) if parent else None
    if parent is None or grandparent is None:
        return tree
    after = _next_to(grandparent, parent.id, 1)
    return drop(tree, name, into=grandparent.id, before=after.id if after else "")


def into(tree: Group, name: str) -> Group:
    """Move a part to the end of the group before it, or to the beginning of the one behind."""
    parent = parent_of(tree, name)
    if parent is None:
        return tree
    match _next_to(parent, name, -1), _next_to(parent, name, 1):
        case Group(id=group), _:
            return drop(tree, name, into=group)
        case _, Group(id=group, parts=parts):
            return drop(tree, name, into=group, before=parts[0].id if parts else "")
        case _:
            return tree


def drop(tree: Group, name: str, *, into: str, before: str = "") -> Group:
    """Move a part into a group, before one of its parts or at the end."""
    moved = find(tree, name)
    if moved is None or moved is tree or name == before or find_group(moved, into):
        return tree
    left = _mapped(tree, name, lambda _: ())
    group = find_group(left, into)
    if group is None:
        return tree
    at = next((i for i, one in enumerate(group.parts) if one.id == before), len(group.parts))
    parts = (*group.parts[:at], moved, *group.parts[at:])
    return _changed(left, into, lambda one: replace(one, parts=parts))


def find_group(part: Part, name: str) -> Group | None:
    """Return the group of that name, the part itself or below it."""
    groups = (one for one in walk(part) if isinstance(one, Group))
    return next((one for one in groups if one.id == name), None)


def _shifted(tree: Group, name: str, by: int) -> Group:
    """Let a part and the next one in that direction change places."""
    parent = parent_of(tree, name)
    if parent is None or _next_to(parent, name, by) is None:
        return tree
    parts = list(parent.parts)
    at = [one.id for one in parts].index(name)
    parts[at], parts[at + by] = parts[at + by], parts[at]
    return _changed(tree, parent.id, lambda one: replace(one, parts=tuple(parts)))


def _next_to(group: Group, name: str, by: int) -> Part | None:
    at = [one.id for one in group.parts].index(name) + by
    return group.parts[at] if 0 <= at < len(group.parts) else None


def _changed(tree: Group, group: str, change: Callable[[Group], Group]) -> Group:
    """Return the tree with one group changed."""
    if tree.id == group:
        return change(tree)
    return _mapped(tree, group, lambda one: (change(one) if isinstance(one, Group) else one,))


def _mapped(tree: Group, name: str, change: Callable[[Part], Parts]) -> Group:
    """Return the tree with other parts in the place of one; the outermost group stays."""
    parts: list[Part] = []
    for part in tree.parts:
        if part.id == name:
            parts += change(part)
        else:
            parts.append(_mapped(part, name, change) if isinstance(part, Group) else part)
    return replace(tree, parts=tuple(parts))
