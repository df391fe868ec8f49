"""A rule as a tree. What is normalised: a `not` of a `not` is left out, and nothing else."""

from dataclasses import replace
from datetime import tzinfo
from itertools import count
from typing import Any

from apps.rules.builder import typing
from apps.rules.builder.fields import MAX_LEVELS
from apps.rules.builder.tree import Condition, Filter, Group, Part, Span, Typed, opposite
from apps.rules.builder.typing import Unshown
from apps.rules.builder.writing import ANY_TYPE, event_operator
from apps.rules.catalogue import Catalogue
from apps.rules.comparing import Operator
from apps.rules.errors import RuleError
from apps.rules.event_codec import ASKED, MEASURES, MOMENTS, property_kind
from apps.rules.kinds import Kind
from apps.rules.operators import OPERATORS

MAX_PARTS = 400


def opened(rule: object, known: Catalogue, zone: tzinfo) -> Group | None:
    """Return the tree of a rule's data, or None where the data has no tree: it is no rule.

    A rule that the codec would refuse may have one: what is wrong is then told at its place.
    """
    opening = _Opening(known, zone)
    try:
        part = opening.part(rule, MAX_LEVELS)
        return part if isinstance(part, Group) else opening.around(part)
    except Unshown:
        return None


def opened_source(source: str, known: Catalogue, zone: tzinfo) -> Group | None:
    """Return the tree of a rule written as JSON, or None."""
    return opened(typing.loaded(source), known, zone)


class _Opening:
    def __init__(self, known: Catalogue, zone: tzinfo) -> None:
        self.known = known
        self.zone = zone
        self._numbers = count(1)

    def around(self, part: Condition) -> Group:
        return Group(self._id(), parts=(part,), implied=True)

    def part(self, data: object, levels: int) -> Part:
        if levels == 0:
            raise Unshown
        match data:
            case {"not": inner, **rest} if not rest:
                return opposite(self.part(inner, levels - 1))
            case {"all": list() as parts, **rest} if not rest:
                return self._group("all", parts, levels)
            case {"any": list() as parts, **rest} if not rest:
                return self._group("any", parts, levels)
            case {"trait": str() as key, "op": str() as op, **rest}:
                return self._trait(key, op, rest)
            case {"segment": str() as slug, **rest} if not rest:
                return Condition(self._id(), f"segment:{slug}", "in")
            case {"event": str() as name, **rest}:
                return self._event(name, rest)
            case _:
                raise Unshown

    def _id(self) -> str:
        number = next(self._numbers)
        if number > MAX_PARTS:
            raise Unshown
        return str(number)

    def _group(self, match: str, parts: list[Any], levels: int) -> Group:
        name = self._id()
        return Group(name, match, tuple(self.part(part, levels - 1) for part in parts))

    def _trait(self, key: str, op: str, rest: dict[Any, Any]) -> Condition:
        spec = self.known.traits.get(key)
        kind = spec.kind if spec else Kind.TEXT
        return Condition(
            self._id(), f"trait:{key}", op, typed=self._typed(OPERATORS[kind].get(op), rest, kind)
        )

    def _typed(self, row: Operator | None, rest: dict[Any, Any], kind: Kind) -> Typed:
        """Return the inputs of a value; of an operator that is not there, any one text."""
        if not rest.keys() <= {"value"}:
            raise Unshown
        raw = rest.get("value")
        if row is None:
            return Typed((typing.encoded(raw),)) if isinstance(raw, str) else Typed()
        return typing.typed(raw, row.shape, kind, self.zone)

    def _event(self, name: str, rest: dict[Any, Any]) -> Condition:
        asked = [one for one in ASKED if one in rest]
        if len(asked) > 1 or not rest.keys() <= {"where", "then", "within", *asked}:
            raise Unshown
        part = Condition(self._id(), f"event:{name}", "did")
        part = self._with_asked(part, asked[0], rest) if asked else part
        part = replace(part, wheres=self._filters(rest), within=_span(rest, "within"))
        if "then" in rest:
            part = self._with_then(part, rest["then"])
        return part

    def _with_asked(self, part: Condition, asked: str, rest: dict[Any, Any]) -> Condition:
        match rest[asked]:
            case {"property": str() as key, "op": str() as name, **more} if asked in MEASURES:
                part = replace(part, measured=typing.encoded(key), op=f"{asked}:{name}")
            case {"op": str() as name, **more} if asked in MOMENTS and "within" not in rest:
                part = replace(part, op=f"{asked}:{name}")
            case {"op": str() as name, **more} if asked == "count":
                part = replace(part, op=name)
            case _:
                raise Unshown
        _, row, kind = event_operator(part.op)
        return replace(part, typed=self._typed(row, more, kind))

    def _with_then(self, part: Condition, data: object) -> Condition:
        match data:
            case {"event": str() as name, **rest} if rest.keys() <= {"where", "within"} and name:
                return replace(
                    part,
                    then=name,
                    then_within=_span(rest, "within"),
                    then_wheres=self._filters(rest),
                )
            case _:
                raise Unshown

    def _filters(self, rest: dict[Any, Any]) -> tuple[Filter, ...]:
        found = rest.get("where", [])
        if not isinstance(found, list):
            raise Unshown
        return tuple(map(self._filter, found))

    def _filter(self, data: object) -> Filter:
        match data:
            case {"property": str() as key, "op": str() as name, **rest}:
                kind = _kind({"op": name, **rest})
                typed = self._typed(OPERATORS[kind].get(name), rest, kind)
                label = ANY_TYPE if name in ("is_set", "is_not_set") else kind
                return Filter(self._id(), typing.encoded(key), f"{label}:{name}", typed)
            case _:
                raise Unshown


def _kind(data: dict[Any, Any]) -> Kind:
    try:
        return property_kind(data, "")
    except RuleError:
        raise Unshown from None


def _span(rest: dict[Any, Any], name: str) -> Span:
    return typing.span(rest[name]) if name in rest else Span()
