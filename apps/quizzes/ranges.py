"""What scores a quiz can give: exact, over all paths, by dynamic programming over its graph."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from apps.quizzes.branching import exits
from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.worth import PICKED, WEIGHED, ZERO, bounds, extent, points, selections

Sums = tuple[Decimal, ...]  # one score for each scale asked about
Spread = Counter[Sums]  # how many ways of answering give these scores
Way = tuple[int | None, Decimal, Decimal]  # where to, and the least and most it adds
LIMIT = 20_000  # different scores: past them only the range is known
FINEST = Decimal("0.01")  # a number without a step may have two decimals


class TooMany(Exception):
    """There are more different scores than one lists."""


def score_range(definition: Definition, scale: str) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest score that any path can give on a scale."""
    ahead: dict[int | None, tuple[Decimal, Decimal]] = {None: (ZERO, ZERO)}
    for place in reversed(range(len(definition.questions))):
        ways = list(_ways(definition, place, scale))
        ahead[place] = (
            min(low + ahead[to][0] for to, low, _ in ways),
            max(high + ahead[to][1] for to, _, high in ways),
        )
    return ahead.get(0, ahead[None])


def reachable(definition: Definition) -> set[str]:
    """Return the keys of the questions that some path asks."""
    found: set[int] = {0} if definition.questions else set()
    for place in range(len(definition.questions)):
        if place in found:
            found |= {to for to, _ in exits(definition, place) if to is not None}
    return {definition.questions[place].key for place in found}


def spread(definition: Definition, scales: Sequence[str]) -> Spread | None:
    """Return how many ways of answering give each combination of scores.

    A question that counts nowhere is taken as answered in one way. None when there are too
    many different scores to list.
    """
    arriving: dict[int | None, Spread] = {0: Counter({(ZERO,) * len(scales): 1})}
    try:
        for place in range(len(definition.questions)):
            before = arriving.pop(place, Counter())
            for to, worths in _worths(definition, place, scales):
                _add(arriving.setdefault(to, Counter()), before, worths)
    except TooMany:
        return None
    return arriving.get(None, Counter())


def _ways(definition: Definition, place: int, scale: str) -> Iterator[Way]:
    question = definition.questions[place]
    for to, value in exits(definition, place):
        if question.kind is Kind.SINGLE:
            worth = points(question, value, scale)
            yield to, worth, worth
        else:
            low, high = extent(question, scale)
            yield to, low, high
            if not question.required:
                yield to, ZERO, ZERO


def _worths(
    definition: Definition, place: int, scales: Sequence[str]
) -> Iterator[tuple[int | None, Spread]]:
    """Yield where each way on leads, with what answering so can give."""
    question = definition.questions[place]
    for to, value in exits(definition, place):
        if question.kind is Kind.SINGLE:
            yield to, Counter({_sums(question, value, scales): 1})
        else:
            yield to, _answers(question, scales)


def _answers(question: Question, scales: Sequence[str]) -> Spread:
    nothing = (ZERO,) * len(scales)
    found: Spread = Counter({nothing: 1})
    if question.kind is Kind.SEVERAL:
        found = _selected(question, scales)
    elif question.kind in WEIGHED and any(question.weights.get(scale) for scale in scales):
        found = Counter(_sums(question, value, scales) for value in _values(question))
    if not question.required and question.kind in WEIGHED | PICKED:
        found[nothing] += 1
    return found


def _selected(question: Question, scales: Sequence[str]) -> Spread:
    """Return the sums of all permitted selections, choice by choice."""
    nothing = (ZERO,) * len(scales)
    by_count: dict[int, Spread] = {0: Counter({nothing: 1})}
    least, most = selections(question)
    for choice in question.choices:
        own = Counter({_sums(question, [choice.key], scales): 1})
        for count in sorted(by_count, reverse=True):
            if count < most:
                _add(by_count.setdefault(count + 1, Counter()), by_count[count], own)
    found: Spread = Counter()
    for count in range(least, most + 1):
        found.update(by_count.get(count, Counter()))
    return found


def _values(question: Question) -> Iterator[Decimal]:
    low, high = bounds(question)
    step = question.step or (FINEST if question.kind is Kind.NUMBER else Decimal(1))
    count = int((high - low) / step) + 1
    if count > LIMIT:
        raise TooMany
    return (low + step * place for place in range(count))


def _sums(question: Question, value: Any, scales: Sequence[str]) -> Sums:
    return tuple(points(question, value, scale) for scale in scales)


def _add(target: Spread, before: Spread, worths: Spread) -> None:
    """Add to `target` every sum of one of each."""
    if len(before) * len(worths) > 20 * LIMIT:
        raise TooMany
    for (one, ways), (other, times) in product(before.items(), worths.items()):
        target[tuple(a + b for a, b in zip(one, other, strict=True))] += ways * times
    if len(target) > LIMIT:
        raise TooMany
