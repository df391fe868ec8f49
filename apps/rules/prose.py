"""A rule as one English clause: "Plan is Pro and did order_completed in the last 30 days".

Groups inside groups stand in brackets. Parts are parted by commas or semicolons where
one of them has an "and" or "or" of its own, so that no two rules read alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.comparing import Operator
from apps.rules.durations import Duration
from apps.rules.fold import fold
from apps.rules.kinds import Kind
from apps.rules.nodes import (
    All,
    Any,
    Compare,
    EventCondition,
    Leaf,
    Not,
    Operand,
    Rule,
    Scalar,
    SegmentCondition,
    TraitCondition,
    Where,
)
from apps.rules.operands import Shape
from apps.rules.operators import COUNTING, operator
from apps.rules.periods import Period

EVERYBODY, NOBODY = "everybody", "nobody"
Say = Callable[[Scalar], str]


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause, and whether it has an "and", "or" or comma outside brackets."""

    text: str
    listed: bool = False
    group: bool = False

    @property
    def enclosed(self) -> str:
        return f"({self.text})" if self.group else self.text


def sentence(rule: Rule, catalogue: Catalogue) -> str:
    """Return the rule as a clause without a full stop."""
    return _clause(_plain(rule), catalogue).text


def _plain(rule: Rule) -> Rule:
    """Return the same rule without groups of one and without `not` of a `not`."""
    match rule:
        case All((part,)) | Any((part,)):
            return _plain(part)
        case All(rules):
            return All(tuple(map(_plain, rules)))
        case Any(rules):
            return Any(tuple(map(_plain, rules)))
        case Not(part):
            inner = _plain(part)
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
            return _joined([_clause(part, catalogue) for part in rules], "and")
        case Any(rules):
            return _joined([_clause(part, catalogue) for part in rules], "or")
        case Not(part):
            return _negated(part, catalogue)
        case TraitCondition() | EventCondition() | SegmentCondition():
            return _leaf(rule, catalogue)
        case _:
            assert_never(rule)


def _joined(parts: Sequence[_Clause], word: str) -> _Clause:
    texts = [part.enclosed for part in parts]
    if any(part.listed and not part.group for part in parts):
        parted = ", " if len(texts) == 2 else "; "
        text = f"{parted.join(texts[:-1])}{parted}{word} {texts[-1]}"
    else:
        text = f"{', '.join(texts[:-1])} {word} {texts[-1]}"
    return _Clause(text, listed=True, group=True)


def _negated(rule: Rule, catalogue: Catalogue) -> _Clause:
    """Say a condition's complement by its twin where it has one."""
    match rule:
        case TraitCondition(trait, op, value, kind) if twin := operator(op, kind).twin:
            return _leaf(TraitCondition(trait, twin.name, value, kind), catalogue)
        case SegmentCondition(segment):
            return _Clause(f"is not in '{_segment(segment, catalogue)}'")
        case EventCondition(count=None, first=None, last=None):
            return _Clause(f"did not do {_event_words(rule)}")
        case _:
            return _Clause(f"not ({_clause(rule, catalogue).text})")


def _leaf(leaf: Leaf, catalogue: Catalogue) -> _Clause:
    match leaf:
        case TraitCondition(trait, op, value, kind):
            spec = catalogue.traits.get(trait) or TraitSpec(trait, trait, kind)
            words = _compared(operator(op, kind), value, say=lambda item: _value(item, spec))
            return _Clause(f"{spec.label} {words}", listed=isinstance(value, tuple))
        case EventCondition():
            return _event(leaf)
        case SegmentCondition(segment):
            return _Clause(f"is in '{_segment(segment, catalogue)}'")
        case _:
            assert_never(leaf)


def _segment(slug: str, catalogue: Catalogue) -> str:
    return catalogue.segments.get(slug, slug)


def _event(leaf: EventCondition) -> _Clause:
    when = leaf.first or leaf.last
    if when is not None:
        return _occurrence(leaf, "first" if leaf.first else "last", when)
    if leaf.count is None:
        return _Clause(f"did {_event_words(leaf)}")
    if leaf.count.value == 0 and leaf.count.op in ("exactly", "at_most"):
        return _Clause(f"never did {_event_words(leaf)}")
    return _Clause(f"did {_event_words(leaf)}", listed=isinstance(leaf.count.value, tuple))


def _occurrence(leaf: EventCondition, which: str, when: Compare) -> _Clause:
    row = operator(when.op, Kind.DATETIME)
    if row.shape is Shape.NONE:
        did = "there was no" if row.negated else "there was a"
        return _Clause(f"{did} {which} {_named(leaf)}")
    words = _compared(row, when.value, say=_scalar, verb="was")
    listed = isinstance(when.value, tuple)
    return _Clause(f"the {which} {_named(leaf)} {words}", listed=listed)


def _named(leaf: EventCondition) -> str:
    """Return the event's name with what is asked of its properties in brackets."""
    if not leaf.where:
        return leaf.event
    return f"{leaf.event} ({'; '.join(map(_where, leaf.where))})"


def _event_words(leaf: EventCondition) -> str:
    words = [_named(leaf)]
    if leaf.count is not None and leaf.count.value != 0:
        words.append(_times(leaf.count))
    if leaf.count is not None and leaf.count.value == 0 and leaf.count.op == "at_least":
        words.append("any number of times")
    if leaf.within is not None:
        words.append(f"in the last {leaf.within.words}")
    return " ".join(words)


def _times(count: Compare) -> str:
    words = _compared(COUNTING[count.op], count.value, say=_scalar)
    return words.removesuffix(" 1") + " once" if count.value == 1 else f"{words} times"


def _where(where: Where) -> str:
    return f"{where.property} {_compared(operator(where.op, where.kind), where.value, say=_scalar)}"


def _compared(row: Operator, value: Operand, *, say: Say, verb: str = "is") -> str:
    words = {"is": verb, "has": "has", "value": "", "all": ""}
    if isinstance(value, tuple):
        paired = row.shape in (Shape.PAIR, Shape.WHOLES)
        words["value"] = _list([say(item) for item in value], "and" if paired else "or")
        words["all"] = _list([say(item) for item in value], "and")
    elif value is not None:
        words["value"] = say(value)
    return row.phrase.format_map(words)


def _list(texts: Sequence[str], word: str) -> str:
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else texts[0]


def _value(item: Scalar, spec: TraitSpec) -> str:
    """Say a trait's value by the label of its option, where there is one."""
    if isinstance(item, str):
        for option in spec.options:
            if fold(option.value) == fold(item):
                return option.label
    return _scalar(item)


def _scalar(item: Scalar) -> str:
    match item:
        case datetime():
            at = item.time().isoformat(timespec="auto").removesuffix(":00")
            return f"{_day(item)} at {at} UTC"
        case date():
            return _day(item)
        case Duration() | Period():
            return item.words
        case str():
            return f"'{item}'"
        case _:
            return str(int(item)) if item == int(item) else str(item)


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
