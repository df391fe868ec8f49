"""What an edit did to a rule: which conditions came, went and changed, and which groups.

Two rules that say the same in another order do not differ. Every condition that only one of
them has is named once: on its own, beside the one it took the place of, or within a group.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.rules.catalogue import Catalogue
from apps.rules.keys import leaves
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.prose import plain, sentence

Group = All | Any


@dataclass(frozen=True, slots=True)
class Added:
    rule: Rule
    within: Group | None = None  # the group below the top that it came into


@dataclass(frozen=True, slots=True)
class Removed:
    rule: Rule
    within: Group | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """One condition took the place of another about the same trait or event."""

    before: Rule
    after: Rule


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What had to hold all together need hold only in part, or the other way round."""

    before: Group
    after: Group


Difference = Added | Removed | Changed | Regrouped


def differences(before: Rule, after: Rule) -> list[Difference]:
    """Return what makes the one rule of the other; nothing where they say the same."""
    return list(_differ(plain(before), plain(after), within=None))


def _differ(before: Rule, after: Rule, *, within: Group | None) -> Iterator[Difference]:
    if _same(before, after):
        return
    match before, after:
        case (Not(one), Not(other)) if _subject(before) is None or _subject(after) is None:
            yield from _differ(one, other, within=within)
        case _ if _group(before) or _group(after):
            yield from _of_groups(before, after, within=within)
        case _ if _subject(before) == _subject(after) is not None:
            yield Changed(before, after)
        case _:
            yield Removed(before, within)
            yield Added(after, within)


def _of_groups(before: Rule, after: Rule, *, within: Group | None) -> Iterator[Difference]:
    """Compare two groups; a condition beside a group is one of a single part."""
    old, new = _as_group(before, like=after), _as_group(after, like=before)
    if type(old) is not type(new):
        yield Regrouped(old, new)
    yield from _of_parts(old.rules, new.rules, within=within)


def _as_group(rule: Rule, *, like: Rule) -> Group:
    if isinstance(rule, All | Any):
        return rule
    return Any((rule,)) if isinstance(like, Any) else All((rule,))


def _of_parts(
    before: Sequence[Rule], after: Sequence[Rule], *, within: Group | None
) -> Iterator[Difference]:
    gone, come = _unmatched(before, after), _unmatched(after, before)
    for one in list(gone):
        other = _successor(one, come)
        if other is None:
            continue
        gone.remove(one)
        come.remove(other)
        inner = other if isinstance(other, All | Any) else None
        yield from _differ(one, other, within=inner or within)
    yield from (Removed(rule, within) for rule in gone)
    yield from (Added(rule, within) for rule in come)


def _unmatched(rules: Iterable[Rule], others: Iterable[Rule]) -> list[Rule]:
    """Return the rules that the others do not have, or have less often."""
    there = Counter(_in_order(rule) for rule in others)
    found = []
    for rule in rules:
        if there[_in_order(rule)]:
            there[_in_order(rule)] -= 1
        else:
            found.append(rule)
    return found


def _successor(rule: Rule, among: Sequence[Rule]) -> Rule | None:
    """Return what most likely took its place: of one kind with it, and about the same."""
    subject = _subject(rule)
    if subject is not None:
        alike = [other for other in among if _subject(other) == subject]
        return next((one for one in alike if type(one) is type(rule)), alike[0] if alike else None)
    about = set(map(_subject, leaves(rule)))
    groups = [other for other in among if _subject(other) is None]
    shared = [(len(about & set(map(_subject, leaves(other)))), other) for other in groups]
    most, best = max(shared, key=lambda found: found[0], default=(0, None))
    return best if most else None


def _subject(rule: Rule) -> tuple[str, str] | None:
    """Return what a condition, or the opposite of one, is about; None for a group."""
    match rule:
        case TraitCondition(trait=name):
            return ("trait", name)
        case EventCondition(event=name):
            return ("event", name)
        case SegmentCondition(segment=name):
            return ("segment", name)
        case Not(TraitCondition() | EventCondition() | SegmentCondition() as leaf):
            return _subject(leaf)
        case _:
            return None


def _group(rule: Rule) -> bool:
    return isinstance(rule, All | Any)


def _same(one: Rule, other: Rule) -> bool:
    return _in_order(one) == _in_order(other)


def _in_order(rule: Rule) -> str:
    """Return a text that is the same for two rules where only the order of parts differs."""
    match rule:
        case All(rules) | Any(rules):
            return f"{type(rule).__name__}({', '.join(sorted(map(_in_order, rules)))})"
        case Not(part):
            return f"Not({_in_order(part)})"
        case leaf:
            return repr(leaf)


def in_words(difference: Difference, catalogue: Catalogue) -> str:
    """Say one difference as a clause: "added: Plan is Pro"."""
    match difference:
        case Added(rule, within):
            return f"added: {sentence(rule, catalogue)}{_where(within, catalogue)}"
        case Removed(rule, within):
            return f"removed: {sentence(rule, catalogue)}{_where(within, catalogue)}"
        case Changed(before, after):
            return _instead(sentence(before, catalogue), sentence(after, catalogue))
        case Regrouped(before, after):
            names = {All: "all of", Any: "any of"}
            text = sentence(before, catalogue)
            return f"{names[type(after)]} instead of {names[type(before)]}: {text}"


def _where(within: Group | None, catalogue: Catalogue) -> str:
    return f" (in the group: {sentence(within, catalogue)})" if within else ""


def _instead(before: str, after: str) -> str:
    """Say a sentence and what it had instead: "bought in the last 60 days instead of 30 days"."""
    old, new = before.split(" "), after.split(" ")
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    if end and old[-end - 1].isdecimal() and new[-end - 1].isdecimal():
        end -= 1  # a number goes with what is counted
    was, now = old[start : len(old) - end], new[start : len(new) - end]
    said = " ".join(was) if was and now and (start or end) else before
    return f"{after} instead of {said}"


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return with how many words both begin."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
