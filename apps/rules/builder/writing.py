"""A tree as a rule, as the codec reads it; and what is wrong with it, part by part."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from apps.rules import codec
from apps.rules.builder import typing
from apps.rules.builder.tree import (
    NEGATIVE,
    Condition,
    Filter,
    Group,
    Part,
    Span,
    Typed,
    walk,
)
from apps.rules.catalogue import Catalogue
from apps.rules.comparing import Operator
from apps.rules.errors import Code, RuleError
from apps.rules.event_codec import MEASURES, MOMENTS
from apps.rules.kinds import Kind, shown
from apps.rules.operands import Shape
from apps.rules.operators import COUNTING, OPERATORS

NO_SUBJECT = "Choose what this condition is about."
NO_PROPERTY = "Say which property is meant."
ANY_TYPE = "any"  # the kind of a filter on whether a property is known

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """`places` says which part stands where in the rule; `problems` what the codec cannot see."""

    rule: Json
    places: dict[str, str]
    problems: dict[str, str]

    def part_at(self, at: str) -> str:
        """Return the id of the innermost part that a place is in."""
        around = [
            place
            for place in self.places
            if not place or at == place or at.startswith((f"{place}.", f"{place}["))
        ]
        return self.places[max(around, key=len)]


def written(tree: Group, known: Catalogue, zone: tzinfo) -> Written:
    """Write a tree as the data of a rule. Checks nothing."""
    writer = _Writer(known, zone)
    rule = writer.root(tree)
    return Written(rule, writer.places, writer.problems)


def complaints(tree: Group, known: Catalogue, zone: tzinfo) -> dict[str, RuleError]:
    """Return what is wrong with each part, and with the whole, by the id of the part."""
    found = written(tree, known, zone)
    errors = {
        name: RuleError(Code.WRONG_SHAPE, message, _place_of(name, found))
        for name, message in found.problems.items()
    }
    for part in walk(tree):
        if isinstance(part, Condition) and not errors.keys() & _own_ids(part):
            _look_at(part, found, known, zone, errors)
    left = finished(tree, errors) if errors else tree
    return errors | (_of_the_whole(left, known, zone) if left else {})


def _of_the_whole(tree: Group, known: Catalogue, zone: tzinfo) -> dict[str, RuleError]:
    """Return what is wrong with a tree whose parts are right: that it is too large or too deep."""
    found = written(tree, known, zone)
    try:
        codec.loads(found.rule, known)
    except RuleError as error:
        return {found.part_at(error.at): error}
    return {}


def finished(tree: Group, without: Collection[str]) -> Group | None:
    """Return the tree without these parts and without the groups that this leaves empty.

    None: nothing of it is left.
    """
    left = _finished(tree, without)
    return left if isinstance(left, Group) else None


def _finished(part: Part, without: Collection[str]) -> Part | None:
    match part:
        case Condition():
            return None if _own_ids(part) & set(without) else part
        case Group():
            parts = [one for inner in part.parts if (one := _finished(inner, without))]
            return replace(part, parts=tuple(parts)) if parts or not part.parts else None


def _own_ids(part: Condition) -> set[str]:
    return {part.id, *(one.id for one in part.filters)}


def _place_of(name: str, found: Written) -> str:
    return next((place for place, part in found.places.items() if part == name), "")


def _look_at(
    part: Condition, found: Written, known: Catalogue, zone: tzinfo, errors: dict[str, RuleError]
) -> None:
    """Let the codec read one condition alone, so that each has its own complaint."""
    alone = written(Group("0", parts=(part,), implied=True), known, zone)
    try:
        codec.loads(alone.rule, known)
    except RuleError as error:
        at = ".".join(filter(None, (_place_of(part.id, found), error.at)))
        errors[alone.part_at(error.at)] = RuleError(error.code, error.message, at)


def event_operator(op: str) -> tuple[str, Operator | None, Kind]:
    """Return what an event's operator asks for, its row and the kind of its value.

    Of `last:older_than` that is `last`; the row is None where there is no such operator, and
    where nothing but the event is asked for.
    """
    asked, _, name = op.rpartition(":")
    if asked in MEASURES:
        return asked, MEASURES[asked].get(name), Kind.NUMBER
    if asked in MOMENTS:
        return asked, OPERATORS[Kind.DATETIME].get(name), Kind.DATETIME
    return "count", COUNTING.get(op), Kind.NUMBER


def filter_operator(op: str) -> tuple[str, Operator | None, Kind]:
    """Return the name of a filter's operator, its row and the kind it compares as."""
    label, _, name = op.partition(":")
    kind = Kind(label) if label in (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN) else Kind.TEXT
    return name, OPERATORS[kind].get(name), kind


@dataclass(slots=True)
class _Writer:
    known: Catalogue
    zone: tzinfo
    places: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def root(self, tree: Group) -> Json:
        alone = tree.parts[0] if len(tree.parts) == 1 else None
        if tree.implied and tree.match == "all" and isinstance(alone, Condition):
            return self._part(alone, "")
        return self._part(tree, "")

    def _part(self, part: Part, at: str) -> Json:
        """Write a part; it stands at `at`, with its "not" where it has one."""
        self.places[at] = part.id
        turned = _is_turned(part)
        inside = _below(at, "not") if turned else at
        self.places[inside] = part.id
        found = (
            self._group(part, inside) if isinstance(part, Group) else self._condition(part, inside)
        )
        return {"not": found} if turned else found

    def _group(self, group: Group, at: str) -> Json:
        name = "any" if group.match in ("any", "none") else "all"
        here = _below(at, name)
        return {name: [self._part(part, f"{here}[{i}]") for i, part in enumerate(group.parts)]}

    def _condition(self, part: Condition, at: str) -> Json:
        match part.about:
            case "trait":
                return self._trait(part)
            case "event":
                return self._event(part, at)
            case "segment":
                return {"segment": part.key}
            case _:
                self.problems[part.id] = NO_SUBJECT
                return {"trait": part.key, "op": part.op}

    def _trait(self, part: Condition) -> Json:
        spec = self.known.traits.get(part.key)
        kind = spec.kind if spec else Kind.TEXT
        row = OPERATORS[kind].get(part.op)
        return {"trait": part.key, **self._compared(part.op, row, part.typed, kind)}

    def _event(self, part: Condition, at: str) -> Json:
        found: Json = {"event": part.key, **self._wheres(part.wheres, at)}
        if part.then:
            inside = _below(at, "then")
            found["then"] = {
                "event": part.then,
                **self._wheres(part.then_wheres, inside),
                **_within(part.then_within),
            }
        asked, row, kind = event_operator(part.op)
        if asked != "count" or part.op not in ("did", "never"):
            name = part.op.rpartition(":")[2] if asked != "count" else part.op
            compared = self._compared(name, row, part.typed, kind)
            of = {"property": typing.decoded(part.measured)} if asked in MEASURES else {}
            if of and not part.measured:
                self.problems[part.id] = NO_PROPERTY
            found[asked] = of | compared
        return found if asked in MOMENTS else found | _within(part.within)

    def _compared(self, op: str, row: Operator | None, typed: Typed, kind: Kind) -> Json:
        if row is None or row.shape is Shape.NONE:
            return {"op": op}
        return {"op": op, "value": typing.value(typed, row.shape, kind, self.zone)}

    def _wheres(self, filters: tuple[Filter, ...], at: str) -> Json:
        here = _below(at, "where")
        found = [self._where(one, f"{here}[{i}]") for i, one in enumerate(filters)]
        return {"where": found} if found else {}

    def _where(self, one: Filter, at: str) -> Json:
        self.places[at] = one.id
        name, row, kind = filter_operator(one.op)
        compared = self._compared(name, row, one.typed, kind)
        if not one.key:
            self.problems[one.id] = NO_PROPERTY
        elif kind is Kind.NUMBER:
            # A text here would be read as a comparison of texts.
            wrong = [text for text in _listed(compared.get("value", 0)) if isinstance(text, str)]
            if wrong:
                self.problems[one.id] = f"Expected a number, got {shown(wrong[0])}."
        return {"property": typing.decoded(one.key), **compared}


def _is_turned(part: Part) -> bool:
    if isinstance(part, Group):
        return part.match in ("none", "not_all")
    return part.negated is not (part.op in NEGATIVE and part.about != "trait")


def _within(span: Span) -> Json:
    return {"within": str(span)} if span.number else {}


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _listed(raw: object) -> Iterator[object]:
    yield from raw if isinstance(raw, list) else (raw,)
