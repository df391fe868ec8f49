"""The rule as a tree of lines: what each condition found, whether it holds, which decided."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.rules.catalogue import Catalogue
from apps.rules.nodes import All, Any, EventCondition, Not, SegmentCondition, TraitCondition
from apps.rules.prose import sentence
from apps.rules.verdict import Reason
from apps.segments.why import facts
from apps.segments.why.moments import day_and_time


@dataclass(frozen=True, slots=True)
class Line:
    """One node; a group has `parts`, a condition what it found and what time does to it."""

    words: str
    holds: bool
    decides: bool
    found: str = ""
    turns: str = ""
    parts: tuple["Line", ...] = ()


def lines(reason: Reason, known: Catalogue, *, decides: bool = True) -> Line:
    """Return the tree. A `not` of one condition is a line that says the opposite."""
    match reason.rule:
        case All() | Any():
            return _group(reason, known, decides=decides)
        case Not(All() | Any() | Not()):
            return _negated(reason, known, decides=decides)
        case _:
            return _leaf(reason, known, decides=decides)


def _group(reason: Reason, known: Catalogue, *, decides: bool) -> Line:
    every = isinstance(reason.rule, All)
    if not reason.parts:
        return Line("Everybody" if every else "Nobody", reason.holds, decides)
    parts = [lines(part, known, decides=decides and _tips(reason, part)) for part in reason.parts]
    return Line("All of these" if every else "Any of these", reason.holds, decides, parts=(*parts,))


def _negated(reason: Reason, known: Catalogue, *, decides: bool) -> Line:
    (inner,) = reason.parts
    shown = lines(inner, known, decides=decides)
    match inner.rule:
        case All() if inner.parts:
            return Line("Not all of these", reason.holds, decides, parts=shown.parts)
        case Any() if inner.parts:
            return Line("None of these", reason.holds, decides, parts=shown.parts)
        case Not():
            return lines(inner.parts[0], known, decides=decides)
        case _:
            return Line("Nobody" if inner.holds else "Everybody", reason.holds, decides)


def _leaf(reason: Reason, known: Catalogue, *, decides: bool) -> Line:
    leaf = reason.parts[0] if isinstance(reason.rule, Not) else reason
    turns = ""
    if leaf.flips_at is not None:
        turns = f"time alone turns this {'off' if reason.holds else 'on'}"
        turns += f" on {day_and_time(leaf.flips_at)}"
    assert isinstance(leaf.rule, TraitCondition | EventCondition | SegmentCondition)
    return Line(
        words=_capital(sentence(reason.rule, known)),
        holds=reason.holds,
        decides=decides,
        found=facts.value(leaf.rule, leaf.actual, known),
        turns=turns,
    )


def _tips(group: Reason, part: Reason) -> bool:
    """Return whether a part decides its group: all where it took all, else those that did it."""
    if isinstance(group.rule, All) is group.holds:
        return True
    return part.holds is group.holds


def deciding(reason: Reason) -> Iterator[Reason]:
    """Yield the conditions that decided, in the rule's order."""
    match reason.rule:
        case All() | Any() if reason.parts:
            for part in reason.parts:
                if _tips(reason, part):
                    yield from deciding(part)
        case Not():
            yield from deciding(reason.parts[0])
        case _:
            yield reason


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
