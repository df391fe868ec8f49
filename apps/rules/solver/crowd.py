"""A crowd: contacts put together of those who meet rules, each judged by every rule at once.

Of most rules that overlap somebody in it shows it, for the price of looking at three numbers.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from apps.rules.facts import Facts

T = TypeVar("T")
Marks = frozenset[str]
EACH = 2  # contacts put together for each rule there is
OF_MANY = 20  # rules, of whose people one is put together
NOBODY = Facts()


def put_together(people: Sequence[tuple[Facts, Marks]]) -> Iterator[Facts]:
    """Yield contacts like several of these people, each with what matters of them; always alike."""
    chance = random.Random(1)  # noqa: S311  not a secret
    for _ in range(EACH * len(people)):
        found = NOBODY
        for one, marks in chance.sample(people, min(OF_MANY, len(people))):
            found = all_of(found, one) if chance.random() < 0.4 else mixed(found, one, marks)
        yield found


def judged(crowd: Sequence[Facts], judge: Callable[[Facts], bool]) -> int:
    """Return who of a crowd meets a rule: a number with a bit for each."""
    return sum(1 << place for place, facts in enumerate(crowd) if judge(facts))


def mixed(one: Facts, other: Facts, marks: Marks) -> Facts:
    """Return a contact like the one, but for what is marked: that is like the other."""
    traits, events, segments = _by_kind(marks)
    return Facts(
        _either(one.traits, other.traits, traits),
        _either(one.events, other.events, events),
        one.segments - segments | other.segments & segments,
    )


def all_of(one: Facts, other: Facts) -> Facts:
    """Return a contact with the events of both."""
    names = {*one.events, *other.events}
    events = {name: [*one.events.get(name, ()), *other.events.get(name, ())] for name in names}
    return Facts({**one.traits, **other.traits}, events, one.segments | other.segments)


@lru_cache(maxsize=50_000)
def _by_kind(marks: Marks) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the keys of the traits, events and segments that are marked."""
    parted = [mark.partition(":") for mark in marks]
    traits, events, segments = (
        frozenset(key for kind, _, key in parted if kind == wanted)
        for wanted in ("trait", "event", "segment")
    )
    return traits, events, segments


def _either(one: Mapping[str, T], other: Mapping[str, T], keys: frozenset[str]) -> Mapping[str, T]:
    if not keys:
        return one
    found = {key: value for key, value in one.items() if key not in keys}
    for key in keys:
        if key in other:
            found[key] = other[key]
    return found
