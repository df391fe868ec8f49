"""A rule as one English clause: "Plan is Pro and bought in the last 30 days, unless Tier is Cold".

Groups inside groups stand in brackets. Parts are parted by commas or semicolons where
one of them has an "and" or "or" of its own, so that no two rules read alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.event_prose import event_words, is_listed
from apps.rules.fold import fold
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Leaf,
    Not,
    Rule,
    Scalar,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.operators import operator
from apps.rules.wording import compared, labelled, quoted, scalar

EVERYBODY, NOBODY = "everybody", "nobody"


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause, and whether it has an "and", "or" or comma outside brackets."""

    text: str
    listed: bool = False
    group: bool = False
    excepting: bool = False  # it has an "unless"

    @property
    def enclosed(self) -> str:
        return f"({self.text})" if self.group else self.text


def sentence(rule: Rule, catalogue: Catalogue) -> str:
    """Return the rule as a clause without a full stop."""
    return _clause(plain(rule), catalogue).text


def plain(rule: Rule) -> Rule:
    """Return the same rule without groups of one and without `not` of a `not`."""
    match rule:
        case All((part,)) | Any((part,)):
            return plain(part)
        case All(rules):
            return All(tuple(map(plain, rules)))
        case Any(rules):
            return Any(tuple(map(plain, rules)))
        case Not(part):
            inner = plain(part)
            return inner.rule if isinstance(inner, Not) else Not(inner)
        case TraitCondition() | EventCondition() | SegmentCondition():
            return rule
        case _:
            assert_never(rule)


def _clause(rule: Rule, catalogue: Catalogue) -> _Clause:
    match rule:
        case All(()) | Not(Any(())):
            return _Clause(EVERYBODY)
        case Any(()) | Not(All(())):
            return _Clause(NOBODY)
        case All(rules):
            return _all(rules, catalogue)
        case Any(rules):
            return _joined([_clause(part, catalogue) for part in rules], "or")
        case Not(part):
            return _negated(part, catalogue)
        case TraitCondition() | EventCondition() | SegmentCondition():
            return _leaf(rule, catalogue)
        case _:
            assert_never(rule)


def _all(rules: Sequence[Rule], catalogue: Catalogue) -> _Clause:
    """Join by "and"; what is excluded stands behind "unless" where it reads better so."""
    kept = [rule for rule in rules if not _is_exception(rule)]
    if not kept or len(kept) == len(rules):
        return _joined([_clause(part, catalogue) for part in rules], "and")
    excluded = [rule.rule for rule in rules if isinstance(rule, Not) and _is_exception(rule)]
    main = _clause(_one(All, kept), catalogue)
    is_plain = isinstance(_one(All, kept), All) and not main.excepting
    text = main.text if is_plain else main.enclosed
    unless = _clause(plain(_one(Any, excluded)), catalogue)
    return _Clause(f"{text}, unless {_tail(unless)}", listed=True, group=True, excepting=True)


def _one(group: type[All | Any], rules: Sequence[Rule]) -> Rule:
    return rules[0] if len(rules) == 1 else group(tuple(rules))


def _is_exception(rule: Rule) -> bool:
    """Tell whether a part is a `not` better said by "unless": of a trait or of a group."""
    match rule:
        case Not(TraitCondition()):
            return True
        case Not(All(parts) | Any(parts)):
            return bool(parts)
        case _:
            return False


def _tail(clause: _Clause) -> str:
    """Return it as the end of a sentence, where a plain group needs no brackets."""
    return clause.enclosed if clause.excepting or "(" in clause.text else clause.text


def _joined(parts: Sequence[_Clause], word: str) -> _Clause:
    texts = [part.enclosed for part in parts]
    if any(part.listed and not part.group for part in parts):
        parted = ", " if len(texts) == 2 else "; "
        text = f"{parted.join(texts[:-1])}{parted}{word} {texts[-1]}"
    else:
        text = f"{', '.join(texts[:-1])} {word} {texts[-1]}"
    return _Clause(text, listed=True, group=True)


def _negated(rule: Rule, catalogue: Catalogue) -> _Clause:
    """Say the opposite: of a group by the opposites of its parts."""
    match rule:
        case All(rules):
            return _joined([_clause(plain(Not(part)), catalogue) for part in rules], "or")
        case Any(rules):
            return _joined([_clause(plain(Not(part)), catalogue) for part in rules], "and")
        case Not(part):
            return _clause(part, catalogue)
        case TraitCondition() | EventCondition() | SegmentCondition():
            return _leaf(rule, catalogue, negated=True)
        case _:
            assert_never(rule)


def _leaf(leaf: Leaf, catalogue: Catalogue, *, negated: bool = False) -> _Clause:
    match leaf:
        case TraitCondition():
            return _trait(leaf, catalogue, negated=negated)
        case EventCondition():
            return _Clause(event_words(leaf, negated=negated), listed=is_listed(leaf))
        case SegmentCondition(segment):
            verb = "is not in" if negated else "is in"
            return _Clause(f"{verb} {_segment(segment, catalogue)}")
        case _:
            assert_never(leaf)


def labelled_trait(leaf: TraitCondition, catalogue: Catalogue) -> str:
    """Return what its sentence begins with."""
    return _label(_spec(leaf, catalogue), catalogue)


def _spec(leaf: TraitCondition, catalogue: Catalogue) -> TraitSpec:
    return catalogue.traits.get(leaf.trait) or TraitSpec(leaf.trait, leaf.trait, leaf.kind)


def _trait(leaf: TraitCondition, catalogue: Catalogue, *, negated: bool) -> _Clause:
    spec = _spec(leaf, catalogue)
    row = operator(leaf.op, leaf.kind)
    if negated and row.twin is not None:
        row, negated = operator(row.twin.name, leaf.kind), False
    words = compared(row, leaf.value, say=lambda item: _value(item, spec), negated=negated)
    return _Clause(f"{_label(spec, catalogue)} {words}", listed=isinstance(leaf.value, tuple))


def _label(spec: TraitSpec, catalogue: Catalogue) -> str:
    """Say a trait by its label, and by its key too where another has that label."""
    alike = (other.key for other in catalogue.traits.values() if other.label == spec.label)
    return labelled(spec.label) + ("" if set(alike) <= {spec.key} else f" [{spec.key}]")


def _segment(slug: str, catalogue: Catalogue) -> str:
    name = catalogue.segments.get(slug, slug)
    alike = {other for other, its_name in catalogue.segments.items() if its_name == name}
    return quoted(name) + ("" if alike <= {slug} else f" [{slug}]")


def _value(item: Scalar, spec: TraitSpec) -> str:
    """Say a trait's value by the label of its option, where there is one."""
    if isinstance(item, str):
        labels = [option.label for option in spec.options if fold(option.value) == fold(item)]
        known = [option.label for option in spec.options]
        if labels and known.count(labels[0]) == 1:
            return labelled(labels[0])
    return scalar(item)
