"""The rule editor's rows: one flat group of conditions, read from and written to a form.

A rule that nests deeper is edited as JSON; `rows_of` answers None for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from apps.rules.catalogue import Catalogue
from apps.rules.errors import Code, RuleError
from apps.rules.kinds import Kind
from apps.rules.operands import Shape
from apps.rules.operators import OPERATORS

MATCHES = {"all": "all of these", "any": "any of these", "none": "none of these"}
COUNTS = {
    "at_least": "at least … times",
    "at_most": "at most … times",
    "exactly": "exactly … times",
}
NEVER = {"never": "never"}
UNITS = {"d": "days", "w": "weeks", "h": "hours", "m": "minutes", "s": "seconds"}
MAX_ROWS = 60
CHOICE_KINDS = (Kind.CHOICE, Kind.CHOICES)


@dataclass(frozen=True)
class Row:
    """One condition as a form holds it: everything is text, nothing is checked yet."""

    subject: str = ""  # trait:plan, event:order_completed, segment:customers
    op: str = ""
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    number: str = ""
    unit: str = "d"

    @property
    def about(self) -> str:
        return self.subject.partition(":")[0]

    @property
    def key(self) -> str:
        return self.subject.partition(":")[2]

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def is_blank(self) -> bool:
        """Whether what it is compared with is still to be filled in."""
        return not (self.subject and any((*self.values, self.low, self.high, self.number)))


@dataclass(frozen=True)
class Draft:
    """What stands in the editor: rows, or the JSON of a rule that rows cannot show."""

    match: str = "all"
    rows: tuple[Row, ...] = ()
    json: str = ""
    as_json: bool = False

    def without(self, index: int | None) -> "Draft":
        kept = tuple(row for number, row in enumerate(self.rows) if number != index)
        return Draft(self.match, kept)

    def chosen(self) -> "Draft":
        """Return the draft without the rows that are about nothing yet."""
        return Draft(self.match, tuple(row for row in self.rows if row.subject), self.json)

    def unchosen(self) -> RuleError | None:
        """Return what is wrong with the first row that is about nothing yet."""
        if self.as_json:
            return None
        blank = (number for number, row in enumerate(self.rows) if not row.subject)
        at = next(blank, None)
        message = "Choose what this condition is about."
        return None if at is None else RuleError(Code.WRONG_SHAPE, message, f"all[{at}]")

    def rule(self, known: Catalogue) -> object:
        """Return the rule as JSON data or, in JSON view, as its source. Checks nothing."""
        if self.as_json:
            return self.json
        conditions = [_condition(row, known) for row in self.rows]
        if self.match == "none":
            return {"not": {"any": conditions}}
        return {self.match: conditions}


def draft_of(rule: object | None) -> Draft:
    """Return the editor's view of a stored rule: rows where it is flat, else its JSON."""
    if rule is None:
        return Draft(rows=(Row(),))
    return rows_of(rule) or draft_of_json(rule)


def draft_of_json(rule: object) -> Draft:
    """Return the JSON view of a rule."""
    return Draft(json=json.dumps(rule, indent=2, ensure_ascii=False), as_json=True)


def rows_of_json(source: str) -> Draft | None:
    """Return the rows that show a rule written as JSON, or None where they cannot."""
    try:
        return rows_of(json.loads(source))
    except (ValueError, RecursionError, TypeError, KeyError):
        return None


def read(form: QueryDict) -> Draft:
    """Return what the form holds, whatever it holds: checking is the codec's work."""
    count = min(number(form.get("rows", "")) or 0, MAX_ROWS)
    match = form.get("match", "all")
    return Draft(
        match=match if match in MATCHES else "all",
        rows=tuple(_row(form, index) for index in range(count)),
        json=form.get("json", ""),
        as_json=form.get("view") == "json",
    )


def number(text: str) -> int | None:
    """Return a short whole number as a form sends it; anything else is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _row(form: QueryDict, index: int) -> Row:
    return Row(
        subject=form.get(f"subject-{index}", ""),
        op=form.get(f"op-{index}", ""),
        values=tuple(form.getlist(f"value-{index}")),
        low=form.get(f"low-{index}", ""),
        high=form.get(f"high-{index}", ""),
        number=form.get(f"number-{index}", ""),
        unit=form.get(f"unit-{index}", "d"),
    )


# --- from rows to a rule --------------------------------------------------------------


def _condition(row: Row, known: Catalogue) -> dict[str, Any]:
    match row.about:
        case "trait":
            return _trait_condition(row, known)
        case "event":
            return _event_condition(row)
        case "segment":
            inside = {"segment": row.key}
            return {"not": inside} if row.op == "not_in" else inside
        case _:
            return {"trait": row.key, "op": row.op}


def _trait_condition(row: Row, known: Catalogue) -> dict[str, Any]:
    spec = known.traits.get(row.key)
    kind = spec.kind if spec else Kind.TEXT
    condition: dict[str, Any] = {"trait": row.key, "op": row.op}
    shape = shape_of(kind, row.op)
    if shape not in {None, Shape.NONE}:
        condition["value"] = _value(row, shape, kind)
    return condition


def shape_of(kind: Kind, op: str) -> Shape | None:
    """Return what value an operator takes, where there is such an operator."""
    operator = OPERATORS[kind].get(op)
    return operator.shape if operator else None


def _value(row: Row, shape: Shape | None, kind: Kind) -> object:
    match shape:
        case Shape.DURATION:
            return f"{row.number}{row.unit}"
        case Shape.PAIR:
            return [_scalar(row.low, kind), _scalar(row.high, kind)]
        case Shape.LIST if kind in CHOICE_KINDS:
            return list(row.values)
        case Shape.LIST:
            texts = (text.strip() for text in ",".join(row.values).split(","))
            return [_scalar(text, kind) for text in texts if text]
        case _:
            return _scalar(row.value, kind)


def _scalar(text: str, kind: Kind) -> object:
    """Return the number a text writes, where a number is due; else the text itself."""
    if kind is not Kind.NUMBER:
        return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _event_condition(row: Row) -> dict[str, Any]:
    condition: dict[str, Any] = {"event": row.key}
    which, _, op = row.op.partition(":")
    if which in {"first", "last"}:
        day = {"op": op, "value": _value(row, shape_of(Kind.DATETIME, op), Kind.DATE)}
        return condition | {which: day}
    if row.op != "never":
        condition["count"] = {"op": row.op, "value": _scalar(row.value, Kind.NUMBER)}
    if row.number:
        condition["within"] = f"{row.number}{row.unit}"
    return {"not": condition} if row.op == "never" else condition


# --- from a rule to rows --------------------------------------------------------------


def rows_of(rule: object) -> Draft | None:
    """Return the rows that show the rule, or None where rows cannot."""
    match rule:
        case {"not": {"any": list() as parts}}:
            group = "none"
        case {"all": list() as parts}:
            group = "all"
        case {"any": list() as parts}:
            group = "any"
        case _:
            group, parts = "all", [rule]
    rows = [_row_of(part) for part in parts]
    if len(rows) > MAX_ROWS:
        return None
    found = tuple(row for row in rows if row is not None)
    return Draft(group, found) if len(found) == len(rows) else None


def _row_of(part: object) -> Row | None:
    match part:
        case {"value": list() as listed} if any("," in str(text) for text in listed):
            return None  # a list is typed with commas between its values
        case {"trait": str() as key, "op": str() as op, **rest} if rest.keys() <= {"value"}:
            return _row_with(Row(f"trait:{key}", op), rest.get("value"))
        case {"segment": str() as slug, **rest} if not rest:
            return Row(f"segment:{slug}", "in")
        case {"not": {"segment": str() as slug}}:
            return Row(f"segment:{slug}", "not_in")
        case {"not": {"event": str() as name, **rest}} if rest.keys() <= {"within"}:
            number, unit = _duration(rest.get("within"))
            return Row(f"event:{name}", "never", number=number, unit=unit)
        case {"event": str() as name, **rest}:
            return _event_row(name, {str(key): value for key, value in rest.items()})
        case _:
            return None


def _event_row(name: str, rest: Mapping[str, Any]) -> Row | None:
    subject = f"event:{name}"
    match rest:
        case {"first": {"op": op, "value": value}} if len(rest) == 1:
            return _row_with(Row(subject, f"first:{op}"), value)
        case {"last": {"op": op, "value": value}} if len(rest) == 1:
            return _row_with(Row(subject, f"last:{op}"), value)
    if not rest.keys() <= {"count", "within"}:
        return None
    count = rest.get("count", {"op": "at_least", "value": 1})
    if count["op"] not in COUNTS:
        return None
    number, unit = _duration(rest.get("within"))
    return Row(subject, count["op"], (str(count["value"]),), number=number, unit=unit)


def _duration(text: object) -> tuple[str, str]:
    """Return the number and unit of a duration such as 30d; none is "ever"."""
    return (str(text)[:-1], str(text)[-1]) if text else ("", "d")


def _row_with(row: Row, value: object) -> Row:
    """Return the row with the value wherever its operator's widget looks for it."""
    texts = tuple(map(str, value)) if isinstance(value, list) else (str(value),)
    if value is None:
        return row
    duration = isinstance(value, str) and value[:-1].isdecimal() and value[-1:] in UNITS
    return Row(
        row.subject,
        row.op,
        texts if row.op.startswith(("has_", "one_", "none_")) else (", ".join(texts),),
        low=texts[0] if len(texts) == 2 else "",
        high=texts[1] if len(texts) == 2 else "",
        number=str(value)[:-1] if duration else "",
        unit=str(value)[-1] if duration else "d",
    )
