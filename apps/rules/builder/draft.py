"""What stands in a builder: a tree, or the JSON of a rule."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo

from apps.rules import codec
from apps.rules.builder import acting, fields, offering, opening, writing
from apps.rules.builder.fields import Form
from apps.rules.builder.tree import Condition, Group, walk
from apps.rules.builder.typing import loaded
from apps.rules.catalogue import Catalogue
from apps.rules.errors import Code, RuleError

BLANK = Group("1", parts=(Condition("2"),))
FILL_IN = "Fill in what it is compared with."
# Said of what was just begun: to be told when the rule is to be saved, not while it is written.
BEGUN = (writing.NO_SUBJECT, writing.NO_PROPERTY, FILL_IN)
MAX_UNDO = 200_000  # characters
UNLIKE = (Code.BAD_JSON, Code.DUPLICATE_KEY, Code.TOO_LARGE)  # more than a tree would show


@dataclass(frozen=True, slots=True)
class Draft:
    """`undo` is the form of the tree before the last act; `focus` the control to go on at."""

    tree: Group
    zone: tzinfo
    json: str = ""
    as_json: bool = False
    is_cut: bool = False
    undo: str = ""
    focus: str = ""

    def rule(self, known: Catalogue) -> object:
        """Return the rule as data or, in the JSON view, as its source. Checks nothing."""
        if self.as_json:
            return self.json
        return writing.written(self.tree, known, self.zone).rule

    def complaints(self, known: Catalogue) -> dict[str, RuleError]:
        """Return what is wrong with each part, by its id; of JSON, and of too much, by ""."""
        if self.is_cut:
            message = f"A rule has at most {codec.MAX_NODES} conditions and groups."
            return {"": RuleError(Code.TOO_LARGE, message)}
        if not self.as_json:
            return {
                name: self._in_plain_words(name, error)
                for name, error in writing.complaints(self.tree, known, self.zone).items()
            }
        try:
            codec.loads(self.json, known)
        except RuleError as error:
            return {"": error}
        return {}

    def _in_plain_words(self, name: str, error: RuleError) -> RuleError:
        """Say of a value that is still empty that it is, whatever the codec makes of it."""
        about_value = re.search(r"\bvalue(\[[0-9]+\])?$", error.at)
        if not about_value or not self._is_blank(name):
            return error
        return RuleError(error.code, FILL_IN, error.at)

    def settled(self, known: Catalogue) -> "Draft":
        """Return the draft with operators that go with what each condition is about."""
        tree = _settled(self.tree, known)
        return replace(self, tree=tree)

    def _is_blank(self, name: str) -> bool:
        conditions = [part for part in walk(self.tree) if isinstance(part, Condition)]
        filters = [one for part in conditions for one in part.filters]
        return any(part.id == name and part.typed.is_blank for part in conditions) or any(
            one.id == name and one.typed.is_blank for one in filters
        )


def opened(rule: object | None, known: Catalogue, zone: tzinfo) -> Draft:
    """Return the draft of a stored rule; of none, one with a condition to fill in."""
    if rule is None:
        return Draft(BLANK, zone)
    tree = opening.opened(rule, known, zone)
    return Draft(tree, zone) if tree else _as_json(Draft(BLANK, zone), rule)


def read(form: Form, act: str, known: Catalogue, zone: tzinfo) -> Draft:
    """Return what the form holds, whatever it holds, after the button that was pressed."""
    draft = Draft(
        tree=fields.read(form),
        zone=zone,
        json=_text(form, "json"),
        as_json=_text(form, "view") == "json",
        is_cut=fields.is_cut(form),
        undo=_text(form, "undo"),
    )
    match act:
        case "json" if not draft.as_json:
            return _as_json(draft, _chosen(draft).rule(known))
        case "rows" if draft.as_json:
            return _as_tree(draft, known)
        case "undo" if not draft.as_json:
            return _undone(draft)
        case _ if draft.as_json or draft.is_cut:
            return draft
        case _:
            return _acted(draft, act)


def _acted(draft: Draft, act: str) -> Draft:
    tree, focus = acting.acted(draft.tree, act)
    if tree == draft.tree:
        return replace(draft, focus=focus)
    return replace(draft, tree=tree, focus=focus, undo=_kept(draft.tree))


def _undone(draft: Draft) -> Draft:
    """Return the draft before the last act; undoing it again brings that back."""
    before = _form(draft.undo)
    if not fields.is_in(before):
        return draft
    return replace(draft, tree=fields.read(before), undo=_kept(draft.tree), focus="undo")


def _kept(tree: Group) -> str:
    kept = json.dumps(fields.write(tree), ensure_ascii=False, separators=(",", ":"))
    return kept if len(kept) <= MAX_UNDO else ""


def _form(source: str) -> Form:
    """Return the form that was kept as a text; of anything else, none."""
    found = loaded(source)
    if not isinstance(found, dict):
        return {}
    return {name: texts for name, texts in found.items() if _are_texts(texts)}


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)


def _chosen(draft: Draft) -> Draft:
    """Return the draft without the conditions that are about nothing yet."""
    parts = walk(draft.tree)
    blank = {part.id for part in parts if isinstance(part, Condition) and not part.subject}
    left = writing.finished(draft.tree, blank)
    return replace(draft, tree=left or replace(draft.tree, parts=()))


def _as_json(draft: Draft, rule: object) -> Draft:
    source = json.dumps(rule, indent=2, ensure_ascii=False)
    return replace(draft, json=source, as_json=True, focus="json")


def _as_tree(draft: Draft, known: Catalogue) -> Draft:
    """Return the tree of the JSON; where it has none, or would say something else, it stays."""
    errors = draft.complaints(known).values()
    tree = opening.opened_source(draft.json, known, draft.zone)
    if tree is None or any(error.code in UNLIKE for error in errors):
        return draft
    return replace(draft, tree=tree, as_json=False, focus="view")


def _settled(tree: Group, known: Catalogue) -> Group:
    parts: Iterable[Group | Condition] = (
        _settled(part, known) if isinstance(part, Group) else offering.settled(part, known)
        for part in tree.parts
    )
    return replace(tree, parts=tuple(parts))


def _text(form: Form, name: str) -> str:
    found = form.get(name, ())
    return found[-1] if found else ""
