"""The questions of a form in the order they are asked, with what logic and texts call them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apps.quizzes.exchanging import Unreadable
from apps.quizzes.importing.values import items, mapping, one_line, text
from apps.quizzes.importing.writing import MOST_QUESTIONS
from apps.quizzes.naming import free_key

READABLE = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-hjkmnp-tv-z]{26}")
DEEPEST = 20
MOST_OPTIONS = 200  # of one question: as many as a rule may list


@dataclass
class Option:
    """An offered answer: a choice, a column or a row."""

    at: str
    ref: str
    label: str
    key: str
    other: bool = False


@dataclass
class Asked:
    """A field that is asked. `kind` is ours; empty: it is not asked here."""

    at: str
    ref: str
    type: str
    source: dict[str, Any]
    title: str = ""
    key: str = ""
    kind: str = ""
    options: list[Option] = field(default_factory=list)
    rows: list[Option] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)  # by row: ref to column
    parts: dict[str, str] = field(default_factory=dict)  # contact field by ref of the subfield
    spec: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        return mapping(self.source.get("properties"))

    @property
    def validations(self) -> dict[str, Any]:
        return mapping(self.source.get("validations"))

    def option(self, value: object) -> Option | None:
        """Return the choice that a condition names by its ref, its id or its label."""
        wanted = text(value)
        return next((one for one in self.options if wanted and one.ref == wanted), None) or next(
            (one for one in self.options if _alike(one.label, wanted)), None
        )


@dataclass
class Group:
    at: str
    ref: str
    source: dict[str, Any]
    members: list[Asked]


@dataclass
class Form:
    """All of it: fields, groups, and where each ref leads."""

    fields: list[Asked] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)  # paths of what is no field at all
    deep: list[str] = field(default_factory=list)

    @cached_property
    def by_ref(self) -> dict[str, Asked]:
        found: dict[str, Asked] = {}
        for one in self.fields:
            for ref in (one.ref, text(one.source.get("id"))):
                if ref:
                    found.setdefault(ref, one)
        return found

    def place(self, ref: str) -> int | None:
        """Return where a jump to this ref leads: a group is entered at its first question."""
        one = self.by_ref.get(ref)
        if one is not None:
            return self.fields.index(one)
        group = next((group for group in self.groups if group.ref == ref), None)
        return self.entry(group) if group else None

    def entry(self, group: Group) -> int:
        if group.members:
            return self.fields.index(group.members[0])
        return next(
            (place for place, one in enumerate(self.fields) if _after(one.at, group.at)),
            len(self.fields),
        )


def form_of(source: dict[str, Any]) -> Form:
    """Return the fields in order. Raises Unreadable where there are too many."""
    form = Form()
    for at, item in items(source.get("fields"), "fields"):
        _read(form, at, item, 1, [])
    return form


def _read(form: Form, at: str, item: object, level: int, outer: list[Group]) -> None:
    if not isinstance(item, dict):
        form.strays.append(at)
        return
    if level > DEEPEST:
        form.deep.append(at)
        return
    properties = mapping(item.get("properties"))
    kind = text(item.get("type"))
    if kind in {"group", "inline_group"} or (kind == "matrix" and not is_one_matrix(properties)):
        group = Group(at, reference(item), item, [])
        form.groups.append(group)
        for where, inner in items(properties.get("fields"), f"{at}.properties.fields"):
            _read(form, where, inner, level + 1, [*outer, group])
        return
    if len(form.fields) == MOST_QUESTIONS:
        raise Unreadable(f"At most {MOST_QUESTIONS} questions can be imported.", at=at)
    asked = Asked(at, reference(item), kind, item, one_line(text(item.get("title"))))
    form.fields.append(asked)
    for group in outer:
        group.members.append(asked)


def is_one_matrix(properties: dict[str, Any]) -> bool:
    """Return whether the rows of a matrix share their columns and take one answer each."""
    rows = [row for _, row in items(properties.get("fields"), "")]
    labels = [tuple(_labels(row)) for row in rows]
    several = any(
        mapping(mapping(row).get("properties")).get("allow_multiple_selection") for row in rows
    )
    return len(set(labels)) == 1 and bool(labels[0]) and all(labels[0]) and not several


def _labels(row: object) -> Iterator[str]:
    for _, choice in items(mapping(mapping(row).get("properties")).get("choices"), ""):
        yield one_line(text(mapping(choice).get("label"))).casefold()


def reference(item: dict[str, Any]) -> str:
    return text(item.get("ref")) or text(item.get("id"))


def key_of(ref: str, title: str, *, taken: set[str], fallback: str) -> str:
    """Return a free key: the ref where a person wrote it, or else made from the words."""
    lowered = ref.casefold()
    readable = READABLE.fullmatch(lowered) and not UUID.fullmatch(lowered)
    key = free_key(ref if readable else title, taken=taken, fallback=fallback)
    taken.add(key)
    return key


def options_of(given: object, at: str) -> list[Option]:
    """Return offered answers with keys of their own."""
    found: list[Option] = []
    taken: set[str] = set()
    for where, item in items(given, at):
        if len(found) == MOST_OPTIONS:
            break
        one = mapping(item)
        label = one_line(text(one.get("label"))) or one_line(text(one.get("title")))
        if not label and one.get("attachment"):
            label = f"Picture {len(found) + 1}"
        if not label:
            continue
        key = free_key(label, taken=taken, fallback="choice")
        taken.add(key)
        found.append(Option(where, reference(one), label, key))
    return found


def _alike(label: str, wanted: str) -> bool:
    return bool(wanted) and label.casefold() == one_line(wanted).casefold()


def _after(at: str, other: str) -> bool:
    return _steps(at) > _steps(other)


def _steps(at: str) -> list[int]:
    return [int(number) for number in re.findall(r"\[(\d+)\]", at)]
