"""The figures as docs/performance.json, and the tables of docs/performance.md made from them.

A budget is given at the largest size that was measured on a database: that is what the line
is about. The other sizes show how the cost grows.
"""

import json
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.benchmarks.databases import ROOT, SIZES

DOCS = ROOT / "docs"
FIGURES, GROWTH, PAGE = "performance.json", "growth.json", "performance.md"
IN_MEMORY = "in memory"
GROWING = {"ms", "s"}
SPAN = "one event, settled and committed (p50)"


@dataclass(frozen=True)
class Found:
    """One measure, and the database it was taken on."""

    vendor: str
    label: str
    row: dict[str, Any]

    @property
    def where(self) -> str:
        if self.vendor == IN_MEMORY:
            return self.vendor
        return f"{self.vendor}, {self.label.replace('m', 'M')} contacts"


def lines(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return the lines that have a budget, in the form of docs/performance.json."""
    found = list(found)
    largest: dict[tuple[str, str], Found] = {}
    for one in found:
        if one.row["budget"]:
            key = (one.row["what"], one.vendor)
            before = largest.get(key)
            if before is None or SIZES[one.label] > SIZES[before.label]:
                largest[key] = one
    return [_line(one) for one in largest.values()] + _over_the_span(found)


def _line(one: Found) -> dict[str, Any]:
    row = one.row
    return _row(f"{row['what']}; {one.where}", row["value"], row["unit"], row["floor"],
                row["ratio"], row["budget"])  # fmt: skip


def _row(
    name: str, value: float, unit: str, floor: float | None, ratio: float | None, budget: str
) -> dict[str, Any]:
    return {
        "name": name,
        "value": rounded(value),
        "unit": unit,
        "floor": rounded(floor),
        "ratio": rounded(ratio),
        "budget": budget,
        "holds": holds(value, ratio, budget),
    }


def holds(value: float, ratio: float | None, budget: str) -> bool:
    sign, bound, *unit = budget.split(" ")
    judged = value if unit else ratio
    assert judged is not None, budget
    return judged <= float(bound) if sign == "<=" else judged >= float(bound)


def _over_the_span(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Compare the cost of one event at the largest size with that at the smallest."""
    of = {one.label: one.row["value"] for one in found
          if one.row["what"] == SPAN and one.vendor == "PostgreSQL"}  # fmt: skip
    labels = sorted(of, key=lambda label: SIZES[label])
    if len(labels) < 2:
        return []
    least, most = labels[0], labels[-1]
    name = f"one event (p50), {most.replace('m', 'M')} contacts against {least}; PostgreSQL"
    return [_row(name, of[most], "ms", of[least], of[most] / of[least], "<= 1.3")]


def growth(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return each cost on PostgreSQL by size, and by how much it grows for ten times the people."""
    rows: dict[str, dict[str, Any]] = {}
    for one in found:
        if one.vendor == "PostgreSQL" and one.row["unit"] in GROWING:
            row = rows.setdefault(
                one.row["what"], {"name": one.row["what"], "unit": one.row["unit"]}
            )
            row[one.label] = {
                "value": rounded(one.row["value"]),
                "floor": rounded(one.row["floor"]),
            }
    return [row for row in rows.values() if len(row) > 3]


def rounded(value: float | None) -> float | None:
    """Keep three figures: there are no more in it."""
    return None if value is None else float(f"{value:.3g}")


def plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"


def table(rows: Iterable[dict[str, Any]]) -> str:
    head = ["| what | measured | floor | ratio | budget | holds |", "|---|---|---|---|---|---|"]
    body = [
        f"| {row['name']} | {plain(row['value'])} {row['unit']} |"
        f" {plain(row['floor']) + ' ' + row['unit'] if row['floor'] is not None else ''} |"
        f" {plain(row['ratio'])} | {row['budget']} | {'yes' if row['holds'] else '**no**'} |"
        for row in rows
    ]
    return "\n".join([*head, *body])


def growth_table(rows: Iterable[dict[str, Any]]) -> str:
    labels = list(SIZES)
    head = (
        "| what | "
        + " | ".join(f"{label.replace('m', 'M')}" for label in labels)
        + " | for ten times the contacts |"
    )
    body = []
    for row in rows:
        cells = [_cell(row.get(label), row["unit"]) for label in labels]
        body.append(f"| {row['name']} | {' | '.join(cells)} | {_factors(row, labels)} |")
    return "\n".join([head, "|---" * (len(labels) + 2) + "|", *body])


def _cell(at: dict[str, Any] | None, unit: str) -> str:
    if at is None:
        return ""
    floor = "" if at["floor"] is None else f" (floor {plain(at['floor'])})"
    return f"{plain(at['value'])} {unit}{floor}"


def _factors(row: dict[str, Any], labels: list[str]) -> str:
    there = [row[label]["value"] for label in labels if label in row]
    return ", ".join(f"x {plain(rounded(after / before))}" for before, after in pairwise(there))


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _read("/proc/meminfo"))
    parts = [
        model[1] if model else platform.processor() or platform.machine(),
        f"{os.cpu_count()} cores",
        f"{int(memory[1]) // 1_048_576} GB" if memory else "",
        f"Python {platform.python_version()}",
        f"{datetime.now(UTC):%Y-%m-%d}",
    ]
    return ", ".join(part for part in parts if part)


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def shown(found: Sequence[Found]) -> str:
    return "\n\n".join([table(lines(found)), growth_table(growth(found))])


def write(found: Sequence[Found], *, by: str) -> None:
    """Write the figures, and the sections of the page that are made from them."""
    (DOCS / FIGURES).write_text(json.dumps(lines(found), indent=1) + "\n")
    (DOCS / GROWTH).write_text(json.dumps(growth(found), indent=1) + "\n")
    page = (DOCS / PAGE).read_text()
    (DOCS / PAGE).write_text(filled(page, by=by))


def filled(page: str, *, by: str | None = None) -> str:
    """Return the page with its sections made anew from the figures; `by` None leaves the machine."""
    if by is not None:
        page = _section(page, "machine", by)
    page = _section(page, "lines", table(json.loads((DOCS / FIGURES).read_text())))
    return _section(page, "growth", growth_table(json.loads((DOCS / GROWTH).read_text())))


def _section(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no section {name}")
    return f"{before}{begin}\n{text}\n{end}{after}"
