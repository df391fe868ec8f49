from typing import Any

from apps.segments.sprawl import upset


def stored(mixes: list[tuple[list[int], int]], names: str = "ABCDEF") -> dict[str, Any]:
    members = [sum(n for places, n in mixes if at in places) for at in range(len(names))]
    return {
        "segments": [{"name": name, "members": members[at]} for at, name in enumerate(names)],
        "mixes": mixes,
        "contacts": sum(number for _, number in mixes),
        "alone": sum(number for places, number in mixes if len(places) == 1),
    }


def test_each_mix_is_a_column_with_a_dot_for_each_of_its_segments() -> None:
    drawn = upset.draw(stored([([0], 60), ([0, 2], 30), ([1], 10)]))
    assert drawn is not None
    assert [row.full for row in drawn.rows] == ["A: 90", "C: 30", "B: 10"]
    heights = {row.text: row.at for row in drawn.rows}
    both = drawn.columns[1]
    assert set(both.dots) == {heights["A"], heights["C"]}
    assert both.gaps == (heights["B"],)
    assert [column.height for column in drawn.columns] == [96, 48, 16]
    assert {column.y + column.height for column in drawn.columns} == {upset.BASE}
    assert drawn.title == (
        "30 of 100 contacts stand in several segments at once; the largest group is 60 in A"
    )
    assert [(mix.names, mix.contacts) for mix in drawn.table] == [
        ("A", 60),
        ("A + C", 30),
        ("B", 10),
    ]


def test_a_large_mix_is_named_in_short() -> None:
    drawn = upset.draw(stored([([0, 1, 2, 3, 4], 7)]))
    assert drawn is not None
    assert drawn.title.endswith("the largest mix is 7 in A + B + C and 2 more")


def test_no_more_is_drawn_than_can_be_read() -> None:
    names = "".join(chr(65 + at) for at in range(60))
    drawn = upset.draw(stored([([at, at + 1, at + 2], 100 - at) for at in range(0, 57, 3)], names))
    assert drawn is not None
    assert len(drawn.rows) <= upset.ROWS
    assert len(drawn.table) == 19
    wide = upset.draw(stored([(list(range(50)), 3)], names))
    assert wide is not None
    assert len(wide.columns) == 1


def test_nobody_is_no_drawing() -> None:
    assert upset.draw(stored([])) is None
