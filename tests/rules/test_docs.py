"""docs/rules.md names everything the language has."""

import json
import re

import pytest
from django.conf import settings

from apps.rules import codec
from apps.rules.codec import NODES
from apps.rules.durations import UNITS
from apps.rules.errors import Code
from apps.rules.event_codec import PARTS
from apps.rules.operators import COUNTING, MEASURING, OPERATORS, SUMMING
from apps.rules.periods import PERIODS
from apps.rules.prose import sentence
from tests.rules.population import CATALOGUE

PAGE = (settings.BASE_DIR / "docs" / "rules.md").read_text()


def section(title: str) -> set[str]:
    """Return the names that stand in code in the first column under a heading."""
    text = PAGE.split(f"{title}\n", 1)[1].split("\n#", 1)[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([a-z_]+)`", " ".join(cells)))


def test_the_example_reads_as_the_page_says() -> None:
    source = PAGE.split("```json\n", 1)[1].split("```", 1)[0]
    said = re.search(r"reads: \*(.+)\*", PAGE)
    assert said
    assert sentence(codec.loads(source, CATALOGUE), CATALOGUE) == said[1]


def test_every_node_is_documented() -> None:
    assert section("## Nodes") == {*NODES, *PARTS}
    assert {"where", "then", "count", "sum", "min", "max", "first", "last", "within"} == {*PARTS}


def test_what_a_property_may_be_measured_by_is_what_the_page_says() -> None:
    numbers = section("### Number")
    assert numbers == set(SUMMING)
    assert numbers | section("### Every kind") == set(MEASURING)


@pytest.mark.parametrize("part", PARTS)
def test_the_example_of_a_part_is_a_rule(part: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{part}` |"))
    example = re.search(r"`([^`]+)` ?[|:]", row.split("|", 3)[3] + "|")
    assert example
    rule = json.loads(f'{{"event": "page_viewed", {example[1]}}}')
    assert part in rule
    assert codec.dumps(codec.loads(rule, CATALOGUE)) == rule


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("### Text, and choice (one of several options)", ["text", "choice"]),
        ("### Number", ["number"]),
        ("### Yes or no", ["boolean"]),
        ("### Choices (several options)", ["choices"]),
        ("### Date and time", ["date", "datetime"]),
    ],
)
def test_every_operator_is_documented_under_its_kind(title: str, kinds: list[str]) -> None:
    everywhere = section("### Every kind")
    assert everywhere == {"is_set", "is_not_set"}
    known = {name for kind in kinds for name in OPERATORS[kind]}
    assert section(title) | everywhere == known


def test_every_count_and_unit_is_documented() -> None:
    assert section("### Counting events") == set(COUNTING)
    assert section("## Durations") == set(UNITS)


def test_every_period_is_documented() -> None:
    text = PAGE.split("Periods: ", 1)[1].split(";", 1)[0]
    named = set(re.findall(r"`([a-z_]+)`", text))
    prefixes = {name for name in named if name.endswith("_")}
    units = {"week", "month", "quarter", "year"} & named
    made = {f"{prefix}{unit}" for prefix in prefixes for unit in units}
    assert made | (named - prefixes - units) == set(PERIODS)


def test_every_error_is_documented() -> None:
    assert section("## Errors") == set(Code)
