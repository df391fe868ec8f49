"""Segments that are nearly one: by who stands in them, else by what they say.

By heads: of the contacts in either, at least nine in ten are in both. Where fewer than ten
contacts are in either, heads say nothing; then it is two rules of at least three conditions
that are alike but for one, about the same trait or event, and can hold together.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from apps.rules.keys import keys, leaves
from apps.rules.nodes import All, Any, Leaf, Not, Rule

ALIKE = 90  # percent
ENOUGH = 10  # contacts in either
CONDITIONS = 3


@dataclass(frozen=True, slots=True)
class OneApart:
    """Two rules, by their places, and the conditions in which alone they differ."""

    one: int
    other: int
    here: Leaf
    there: Leaf


def percent(shared: int, one: int, other: int) -> int:
    """Return how many in a hundred of those in either are in both; none where there are too few."""
    either = one + other - shared
    return 100 * shared // either if either >= ENOUGH else 0


def one_apart(rules: Mapping[int, Rule]) -> Iterator[OneApart]:
    """Yield the rules that are alike but for one condition about the same thing."""
    alike: dict[str, list[tuple[int, Leaf]]] = {}
    for place, rule in rules.items():
        for masked, leaf in _masked(rule):
            alike.setdefault(masked, []).append((place, leaf))
    seen: set[tuple[int, int]] = set()
    for group in alike.values():
        for (one, here), (other, there) in combinations(group, 2):
            if here != there and one != other and (one, other) not in seen:
                seen.add((one, other))
                yield OneApart(one, other, here, there)


def _masked(rule: Rule) -> Iterable[tuple[str, Leaf]]:
    """Yield the rule in words with each of its conditions left open in turn."""
    found = list(leaves(rule))
    if len(found) < CONDITIONS:
        return
    for leaf in dict.fromkeys(found):
        yield _words(rule, {leaf: f"about {sorted(keys(leaf).as_marks())}"}), leaf


def _words(rule: Rule, instead: Mapping[Leaf, str]) -> str:
    """Return a text that is the same for rules whose groups differ only in their order."""
    match rule:
        case All(rules):
            return f"all({', '.join(sorted(_words(part, instead) for part in rules))})"
        case Any(rules):
            return f"any({', '.join(sorted(_words(part, instead) for part in rules))})"
        case Not(part):
            return f"not({_words(part, instead)})"
        case _:
            return instead.get(rule) or repr(rule)
