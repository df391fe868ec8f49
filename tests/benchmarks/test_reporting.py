"""The page says what the figures say."""

import json

import pytest

from tests.benchmarks import reporting
from tests.benchmarks.measuring import bounded, cost, faster, rate
from tests.benchmarks.reporting import DOCS, FIGURES, PAGE, Found, filled, growth, lines


def test_the_tables_of_the_page_are_those_of_the_figures() -> None:
    page = (DOCS / PAGE).read_text()
    assert filled(page) == page


def test_every_line_has_its_seven_facts_and_holds_where_its_budget_does() -> None:
    rows = json.loads((DOCS / FIGURES).read_text())
    assert rows
    for row in rows:
        assert list(row) == ["name", "value", "unit", "floor", "ratio", "budget", "holds"]
        assert row["holds"] is reporting.holds(row["value"], row["ratio"], row["budget"])


@pytest.mark.parametrize(
    ("measure", "holds"),
    [
        (cost("x", 13, 10, at_most=1.3), True),
        (cost("x", 14, 10, at_most=1.3), False),
        (faster("x", 1, 30, times=30), True),
        (faster("x", 1, 29, times=30), False),
        (rate("x", 35, 100, unit="events/s", at_least=0.35), True),
        (rate("x", 34, 100, unit="events/s", at_least=0.35), False),
        (bounded("x", 6, unit="ms", at_most=6), True),
        (bounded("x", 6.1, unit="ms", at_most=6), False),
    ],
)
def test_a_budget_that_is_missed_is_told(measure: object, holds: bool) -> None:
    [row] = lines([Found("SQLite", "100k", measure.as_json())])  # type: ignore[attr-defined]
    assert row["holds"] is holds
    assert ("**no**" in reporting.table([row])) is not holds


def test_a_budget_is_held_against_the_largest_size_and_growth_shows_all() -> None:
    found = [
        Found("PostgreSQL", label, cost(reporting.SPAN, value, 5, at_most=1.4).as_json())
        for label, value in (("10k", 5), ("100k", 6), ("1m", 9))
    ]
    line, span = lines(found)
    assert (line["name"].split(", ")[-1], line["ratio"], line["holds"]) == (
        "1M contacts",
        1.8,
        False,
    )
    assert (span["ratio"], span["budget"], span["holds"]) == (1.8, "<= 1.3", False)
    [row] = growth(found)
    assert "x 1.2, x 1.5" in reporting.growth_table([row])
