import random
from collections.abc import Callable

import pytest

from apps.rules.builder import acting, moving
from apps.rules.builder.showing import Shown, Subjects, shown
from apps.rules.builder.tree import Condition, Filter, Group, ids, opposite
from apps.rules.catalogue import Catalogue

TREE = Group(
    "1",
    "all",
    (
        Condition("2", "trait:plan", "is"),
        Group("3", "any", (Condition("4", "event:bought", "did"), Condition("5"))),
        Group("6", "none", ()),
    ),
)


def outline(tree: Group) -> str:
    """Write a tree as `1(2 3(4 5) 6())`."""
    inner = " ".join(
        outline(part)
        if isinstance(part, Group)
        else part.id + "".join(f"[{one.id}]" for one in part.filters)
        for part in tree.parts
    )
    return f"{tree.id}({inner})"


@pytest.mark.parametrize(
    ("act", "after", "focus"),
    [
        ("condition-3", "1(2 3(4 5 7) 6())", "subject-7"),
        ("group-1", "1(2 3(4 5) 6() 7(8))", "subject-8"),
        ("where-4", "1(2 3(4[7] 5) 6())", "property-7"),
        ("remove-2", "1(3(4 5) 6())", "remove-3"),
        ("remove-6", "1(2 3(4 5))", "remove-3"),
        ("remove-3", "1(2 6())", "remove-6"),
        ("copy-3", "1(2 3(4 5) 7(8 9) 6())", "subject-8"),
        ("wrap-4", "1(2 3(7(4) 5) 6())", "match-7"),
        ("up-5", "1(2 3(5 4) 6())", "up-5"),
        ("down-2", "1(3(4 5) 2 6())", "down-2"),
        ("into-2", "1(3(2 4 5) 6())", "into-2"),
        ("into-6", "1(2 3(4 5 6()))", "into-6"),
        ("out-4", "1(2 3(5) 4 6())", "out-4"),
        ("drop-2-6-", "1(3(4 5) 6(2))", "more-2"),
        ("drop-5-1-2", "1(5 2 3(4) 6())", "more-5"),
        ("drop-6-3-5", "1(2 3(4 6() 5))", "more-6"),
    ],
)
def test_an_act_moves_the_tree_and_the_focus(act: str, after: str, focus: str) -> None:
    tree, control = acting.acted(TREE, act)
    assert (outline(tree), control) == (after, focus)


@pytest.mark.parametrize(
    "act",
    [
        *("", "up", "up-", "up-2", "down-6", "out-2", "into-4", "remove-1", "copy-1", "wrap-1"),
        *("up-99", "drop-3-3-", "drop-1-3-", "drop-9-3-", "drop-2-2-", "drop-2-1-3x", "drop-2-9-"),
        *("condition-2", "where-3", "where-99", "explode-2", "up-²", "remove-" + "9" * 5000),
    ],
)
def test_an_act_that_makes_no_sense_changes_nothing(act: str) -> None:
    tree, _ = acting.acted(TREE, act)
    assert tree == TREE


def test_a_group_is_not_dropped_into_itself() -> None:
    nested = moving.drop(TREE, "6", into="3")
    assert moving.drop(nested, "3", into="6") == nested


def test_a_filter_is_taken_out_alone() -> None:
    tree, _ = acting.acted(TREE, "where-4")
    tree, _ = acting.acted(tree, "then-4")
    assert outline(tree) == "1(2 3(4[7][8] 5) 6())"
    assert acting.acted(tree, "remove-7")[1] == "op-4"
    assert outline(acting.acted(tree, "remove-7")[0]) == "1(2 3(4[8] 5) 6())"


@pytest.mark.parametrize(("match", "other"), [("all", "not_all"), ("any", "none")])
def test_a_group_is_negated_by_its_match(match: str, other: str) -> None:
    group = Group("1", match)
    assert moving.negate(group, "1") == Group("1", other)
    assert moving.negate(Group("1", other), "1") == group
    assert moving.change_match(group, "1", other) == Group("1", other)
    assert moving.change_match(group, "1", "some") == group


@pytest.mark.parametrize(
    "part",
    [
        Condition("2", "trait:plan", "is"),
        Condition("2", "event:bought", "did"),
        Condition("2", "event:bought", "at_least"),
        Condition("2", "segment:vips", "in"),
        Condition("2", "event:bought", "never", wheres=(Filter("3"),)),
        TREE,
    ],
)
def test_the_opposite_of_the_opposite_is_the_part(part: Condition | Group) -> None:
    assert opposite(part) != part
    assert opposite(opposite(part)) == part


def test_a_trait_is_negated_by_the_twin_of_its_operator() -> None:
    tree = Group(
        "1", "all", (Condition("2", "trait:plan", "is"), Condition("3", "trait:x", "like"))
    )
    after = moving.negate(moving.negate(tree, "2"), "3")
    assert after.parts == (
        Condition("2", "trait:plan", "is_not"),
        Condition("3", "trait:x", "like", negated=True),
    )
    assert moving.negate(moving.negate(after, "2"), "3") == tree


def test_no_part_is_lost_or_made_twice_however_they_are_moved() -> None:
    chance = random.Random(6)
    moves: list[Callable[[Group, str], Group]] = [
        *(moving.up, moving.down, moving.into, moving.out, moving.negate),
        lambda tree, name: moving.drop(
            tree, name, into=chance.choice(ids(tree)), before=chance.choice(["", *ids(tree)])
        ),
    ]
    tree = TREE
    for _ in range(2_000):
        if chance.random() < 0.02:
            tree = chance.choice([moving.wrap, moving.duplicate])(tree, chance.choice(ids(TREE)))
        before = sorted(ids(tree))
        tree = chance.choice(moves)(tree, chance.choice(before))
        assert sorted(ids(tree)) == before
        assert len(set(before)) == len(before)


def test_the_moves_shown_are_those_that_change_something() -> None:
    page = shown(TREE, Catalogue({}), Subjects((), {}), problems={})
    checked = 0
    for part in every(page):
        if part.number:
            possible = {
                act
                for act in ("up", "down", "into", "out")
                if acting.acted(TREE, f"{act}-{part.part.id}")[0] != TREE
            }
            assert {act for act, _ in part.moves} == possible
            checked += 1
    assert checked == 5


def every(page: Shown) -> list[Shown]:
    return [page, *(inner for part in page.parts for inner in every(part))]
