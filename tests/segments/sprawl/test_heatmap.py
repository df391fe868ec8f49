from typing import Any

from apps.segments.sprawl import heatmap


def stored(
    members: dict[str, int],
    shared: dict[tuple[int, int], int],
    relations: dict[tuple[int, int], str] | None = None,
    *,
    static: str = "",
    hidden: str = "",
) -> dict[str, Any]:
    return {
        "segments": [
            {
                "pk": at,
                "name": name,
                "members": number,
                "is_static": name == static,
                "is_drawn": name != hidden,
            }
            for at, (name, number) in enumerate(members.items())
        ],
        "shared": [[*pair, both] for pair, both in shared.items()],
        "relations": [[*pair, relation] for pair, relation in (relations or {}).items()],
    }


def test_each_pair_is_drawn_from_both_sides_and_listed_once() -> None:
    found = stored({"A": 10, "B": 40, "C": 5}, {(0, 1): 9}, {(0, 1): "inside", (1, 2): "disjoint"})
    drawn = heatmap.draw(found)
    assert drawn is not None
    assert [name.full for name in drawn.names[:2]] == ["A", "B"]
    marks = {(cell.x // heatmap.CELL, cell.y // heatmap.CELL): cell.mark for cell in drawn.cells}
    assert marks == {(1, 0): "⊂", (0, 1): "⊃", (1, 2): "·", (2, 1): "·"}
    levels = {cell.mark: cell.level for cell in drawn.cells}
    assert levels == {"⊂": 5, "⊃": 5, "·": 0}
    [pair] = drawn.pairs
    assert (pair.one, pair.other, pair.shared, pair.percent) == ("A", "B", 9, 90)
    assert pair.relation == "the first is inside the second"
    assert drawn.title == "“A” and “B” share 90 % of the smaller one"


def test_the_share_is_of_the_smaller_and_those_that_share_stand_side_by_side() -> None:
    found = stored(
        {"A": 100, "B": 10, "C": 100, "D": 20},
        {(0, 2): 90, (1, 3): 9, (0, 3): 1},
    )
    drawn = heatmap.draw(found)
    assert drawn is not None
    order = [name.full for name in drawn.names]
    assert abs(order.index("A") - order.index("C")) == 1
    assert abs(order.index("B") - order.index("D")) == 1
    assert drawn.title == "2 pairs share at least 80 % of the smaller segment"
    assert {cell.level for cell in drawn.cells} == {5, 1}


def test_what_holds_everybody_is_left_out_and_a_static_one_is_not_related() -> None:
    found = stored({"A": 9, "B": 9, "All": 99}, {(0, 1): 3, (0, 2): 9, (1, 2): 9}, static="B",
                   hidden="All")  # fmt: skip
    drawn = heatmap.draw(found)
    assert drawn is not None
    assert [name.full for name in drawn.names] == ["A", "B"]
    assert [pair.relation for pair in drawn.pairs] == [heatmap.WORDS[""]]


def test_of_very_many_those_are_drawn_that_share_most() -> None:
    many = {f"s{at}": 10 for at in range(80)}
    drawn = heatmap.draw(stored(many, {(at, 79): 5 for at in range(70)}))
    assert drawn is not None
    assert len(drawn.names) == heatmap.MOST
    assert drawn.left_out == 20
    assert "s79" in [name.full for name in drawn.names]
    assert len(drawn.pairs) == 70
    assert drawn.title == "“s0” and “s79” share 50 % of the smaller one"


def test_one_segment_is_no_map() -> None:
    assert heatmap.draw(stored({"A": 1}, {})) is None
    drawn = heatmap.draw(stored({"A": 1, "B": 1}, {}))
    assert drawn is not None
    assert drawn.title == "No two segments share anybody today"


def test_a_long_name_is_shortened() -> None:
    assert heatmap.shortened("A" * 22) == "A" * 22
    assert heatmap.shortened("A" * 23) == "A" * 21 + "…"
