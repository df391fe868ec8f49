"""A tree as form fields, and form fields as a tree: whatever they hold, a tree is read.

`node` names every part in the order of the page, each behind the group it is in:

    group 1, condition 2 in 1, where 3 in 2, then 4 in 2

and the fields of a part bear its number: `match-1`, `subject-2`, `op-2`, `property-3`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.rules.builder.tree import MATCHES, Condition, Filter, Group, Part, Span, Typed

Form = Mapping[str, Sequence[str]]
MAX_PARTS = 400  # twice what a rule may have; what is behind them is not read
MAX_LEVELS = 12  # deeper than a rule may be; what is deeper is read as if it were not
_NODE = re.compile(r"(group|condition|where|then) ([0-9]{1,9})(?: in ([0-9]{1,9}))?", re.ASCII)


def is_in(form: Form) -> bool:
    """Tell whether the form has a tree at all."""
    return bool(form.get("node"))


def is_cut(form: Form) -> bool:
    """Tell whether the form has more parts than are read."""
    return len(form.get("node", ())) > MAX_PARTS


def read(form: Form) -> Group:
    """Return the tree the form holds; parts of a group that is not there are in the outermost."""
    reading = _Reading(form)
    for text in form.get("node", ())[:MAX_PARTS]:
        reading.add(text)
    return reading.group(reading.root)


def write(tree: Group) -> dict[str, list[str]]:
    """Return the form fields of a tree."""
    form: dict[str, list[str]] = {"node": []}
    _write_part(tree, "", form)
    return {name: texts for name, texts in form.items() if any(texts)}


@dataclass(slots=True)
class _Reading:
    form: Form
    root: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Take in one part of the page; what makes no sense is left out."""
        found = _NODE.fullmatch(text)
        if found is None or found[2] in self.kinds:
            return
        kind, name, parent = found[1], found[2], found[3] or ""
        if not self.root:
            self.root = name if kind == "group" else ""
            if self.root:
                self._put("group", self.root, "")
        elif kind in ("where", "then"):
            if self.kinds.get(parent) == "condition":
                self._put(kind, name, parent)
        else:
            self._put(kind, name, self._group_at(parent))

    def _group_at(self, name: str) -> str:
        """Return the group of that name, or the nearest above it that may hold more."""
        parent = name if self.kinds.get(name) == "group" else self.root
        while self.levels[parent] >= MAX_LEVELS:
            parent = self.parents[parent]
        return parent

    def _put(self, kind: str, name: str, parent: str) -> None:
        self.kinds[name] = kind
        self.parents[name] = parent
        self.levels[name] = self.levels.get(parent, 0) + 1
        self.below.setdefault(parent, []).append(name)

    def group(self, name: str) -> Group:
        match = self._text("match", name)
        return Group(
            id=name or "1",
            match=match if match in MATCHES else "all",
            parts=tuple(self._part(inner) for inner in self.below.get(name, ())),
            implied=self._text("implied", name) == "1",
        )

    def _part(self, name: str) -> Part:
        return self.group(name) if self.kinds[name] == "group" else self._condition(name)

    def _condition(self, name: str) -> Condition:
        return Condition(
            id=name,
            subject=self._text("subject", name),
            op=self._text("op", name),
            negated=bool(self._text("not", name)),
            typed=self._typed(name),
            measured=self._text("measured", name),
            within=self._span("within", name),
            wheres=self._filters("where", name),
            then=self._text("then", name),
            then_within=self._span("then_within", name),
            then_wheres=self._filters("then", name),
        )

    def _filters(self, kind: str, name: str) -> tuple[Filter, ...]:
        return tuple(
            Filter(
                inner,
                self._text("property", inner),
                self._text("op", inner),
                self._typed(inner),
            )
            for inner in self.below.get(name, ())
            if self.kinds[inner] == kind
        )

    def _typed(self, name: str) -> Typed:
        return Typed(
            values=tuple(text for text in self.form.get(f"value-{name}", ()) if text),
            time=self._text("time", name),
            low=self._text("low", name),
            low_time=self._text("low_time", name),
            high=self._text("high", name),
            high_time=self._text("high_time", name),
            span=self._span("number", name),
        )

    def _span(self, label: str, name: str) -> Span:
        return Span(self._text(label, name), self._text(f"{label}_unit", name) or "d")

    def _text(self, label: str, name: str) -> str:
        found = self.form.get(f"{label}-{name}", ())
        return found[-1] if found else ""


def _write_part(part: Part, where: str, form: dict[str, list[str]]) -> None:
    match part:
        case Group():
            form["node"].append(f"group {part.id}{where}")
            form[f"match-{part.id}"] = [part.match]
            form[f"implied-{part.id}"] = ["1" if part.implied else ""]
            for inner in part.parts:
                _write_part(inner, f" in {part.id}", form)
        case Condition():
            form["node"].append(f"condition {part.id}{where}")
            form |= {
                f"subject-{part.id}": [part.subject],
                f"op-{part.id}": [part.op],
                f"not-{part.id}": ["1" if part.negated else ""],
                f"measured-{part.id}": [part.measured],
                f"then-{part.id}": [part.then],
                **_typed_fields(part.typed, part.id),
                **_span_fields("within", part.within, part.id),
                **_span_fields("then_within", part.then_within, part.id),
            }
            for kind, filters in (("where", part.wheres), ("then", part.then_wheres)):
                for one in filters:
                    form["node"].append(f"{kind} {one.id} in {part.id}")
                    form |= {
                        f"property-{one.id}": [one.key],
                        f"op-{one.id}": [one.op],
                        **_typed_fields(one.typed, one.id),
                    }


def _typed_fields(typed: Typed, name: str) -> dict[str, list[str]]:
    texts = ("time", "low", "low_time", "high", "high_time")
    return {
        f"value-{name}": list(typed.values),
        **{f"{label}-{name}": [getattr(typed, label)] for label in texts},
        **_span_fields("number", typed.span, name),
    }


def _span_fields(label: str, span: Span, name: str) -> dict[str, list[str]]:
    return {f"{label}-{name}": [span.number], f"{label}_unit-{name}": [span.unit]}
