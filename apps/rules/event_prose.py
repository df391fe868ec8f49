"""A condition on events as a clause: "bought at least 2 times in the last 30 days"."""

from collections.abc import Sequence
from dataclasses import replace

from apps.rules.kinds import Kind
from apps.rules.nodes import Compare, EventCondition, Measure, Then, Where
from apps.rules.operands import Shape
from apps.rules.operators import COUNTING, MEASURING, operator
from apps.rules.wording import a_while, compared, deed, named, scalar

MEASURES = {"sum": "sum of", "min": "lowest", "max": "highest"}
OPPOSITES = {  # of what is never missing
    "at_least": "less_than",
    "less_than": "at_least",
    "at_most": "more_than",
    "more_than": "at_most",
}


def event_words(leaf: EventCondition, *, negated: bool = False) -> str:
    """Say the condition, or that it does not hold, in one clause."""
    for which, when in (("first", leaf.first), ("last", leaf.last)):
        if when is not None:
            return _moment(leaf, which, when, negated=negated)
    for name in MEASURES:
        measure: Measure | None = getattr(leaf, name)
        if measure is not None:
            return _measured(leaf, name, measure, negated=negated)
    if leaf.count is None:
        return _never(leaf) if negated else _once(leaf)
    return _counted(leaf, leaf.count, negated=negated)


def is_listed(leaf: EventCondition) -> bool:
    """Tell whether the clause has an "and" or "or" of its own."""
    asked = leaf.count or leaf.first or leaf.last or leaf.measured
    if asked is None or asked.op == "is_set":
        return leaf.then is not None and leaf.within is None
    return isinstance(asked.value, tuple)


def _once(leaf: EventCondition) -> str:
    if leaf.then is None or leaf.within is not None:
        return _did(leaf) + _within(leaf)
    then = leaf.then
    first = _did(replace(leaf, then=None))
    return f"{first} and then {_did(EventCondition(then.event, then.where))}{_after(then)}"


def _never(leaf: EventCondition) -> str:
    never = f"never {_did(leaf)}" if leaf.within is None else f"did not {_do(leaf)}"
    return never + _within(leaf)


def _counted(leaf: EventCondition, count: Compare, *, negated: bool) -> str:
    match count:
        case Compare("exactly" | "at_most", 0):
            return _once(leaf) if negated else _never(leaf)
        case Compare("at_least", 0):
            times = "an impossible number of times" if negated else "any number of times"
        case Compare("at_least", int() as least) if negated:
            return _counted(leaf, Compare("at_most", least - 1), negated=False)
        case Compare("at_most", int() as most) if negated:
            return _counted(leaf, Compare("at_least", most + 1), negated=False)
        case _:
            times = _times(count)
            if negated:
                return f"did not {_do(leaf)} {times}{_within(leaf)}"
    return f"{_did(leaf)} {times}{_within(leaf)}"


def _times(count: Compare) -> str:
    words = compared(COUNTING[count.op], count.value, say=scalar)
    return words.removesuffix(" 1") + " once" if count.value == 1 else f"{words} times"


def _moment(leaf: EventCondition, which: str, when: Compare, *, negated: bool) -> str:
    row = operator(when.op, Kind.DATETIME)
    if row.shape is Shape.NONE:
        plain = replace(leaf, first=None, last=None)
        return _never(plain) if row.negated is not negated else _once(plain)
    subject = f"the {which} {_noun(leaf)}{_qualified(leaf)}"
    if negated and row.twin is not None:
        row, negated = operator(row.twin.name, Kind.DATETIME), False
    return f"{subject} {compared(row, when.value, say=scalar, verb='was', negated=negated)}"


def _measured(leaf: EventCondition, name: str, measure: Measure, *, negated: bool) -> str:
    row = MEASURING[measure.op]
    if negated and row.twin is not None:
        row, negated = MEASURING[row.twin.name], False
    elif negated and name == "sum" and measure.op in OPPOSITES:
        row, negated = MEASURING[OPPOSITES[measure.op]], False
    known = deed(leaf.event)
    events = known.plural if known else named(leaf.event)
    subject = f"the {MEASURES[name]} {named(measure.property)} of {events}{_qualified(leaf)}"
    words = compared(row, measure.value, say=scalar, negated=negated)
    return f"{subject}{_within(leaf)} {words}"


def _did(leaf: EventCondition) -> str:
    known = deed(leaf.event)
    return (known.did if known else f"did {named(leaf.event)}") + _qualified(leaf)


def _do(leaf: EventCondition) -> str:
    known = deed(leaf.event)
    return (known.do if known else f"do {named(leaf.event)}") + _qualified(leaf)


def _noun(leaf: EventCondition) -> str:
    known = deed(leaf.event)
    return known.noun if known else named(leaf.event)


def _qualified(leaf: EventCondition | Then) -> str:
    """Say in brackets which of the events are meant."""
    parts = [_wheres(leaf.where)] if leaf.where else []
    if isinstance(leaf, EventCondition) and leaf.then is not None:
        parts.append(f"followed by {_follower(leaf.then)}{_after(leaf.then)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _follower(then: Then) -> str:
    known = deed(then.event)
    return (known.one if known else named(then.event)) + _qualified(then)


def _after(then: Then) -> str:
    return "" if then.within is None else f" within {then.within.words}"


def _within(leaf: EventCondition) -> str:
    return "" if leaf.within is None else f" in the last {a_while(leaf.within)}"


def _wheres(wheres: Sequence[Where]) -> str:
    return "where " + ", and ".join(map(_where, wheres))


def _where(where: Where) -> str:
    row = operator(where.op, where.kind)
    return f"{named(where.property)} {compared(row, where.value, say=scalar)}"
