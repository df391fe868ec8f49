"""What one answer to one question is worth, and what any answer could be."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from apps.quizzes.definition import Kind, Question

ZERO = Decimal(0)
WEIGHED = frozenset({Kind.SCALE, Kind.NUMBER, Kind.YES_NO})
PICKED = frozenset({Kind.SINGLE, Kind.SEVERAL})


def points(question: Question, value: Any, scale: str) -> Decimal:
    """Return what an answer adds to a scale; a skipped question adds nothing."""
    if value is None:
        return ZERO
    if question.kind in WEIGHED:
        return question.weights.get(scale, ZERO) * _counted(question, number(value))
    if question.kind in PICKED:
        keys = value if question.kind is Kind.SEVERAL else [value]
        return sum((question.by_key[key].points.get(scale, ZERO) for key in keys), ZERO)
    return ZERO


def extent(question: Question, scale: str) -> tuple[Decimal, Decimal]:
    """Return the least and the most that answering (not skipping) can add to a scale."""
    if question.kind in WEIGHED:
        low, high = bounds(question)
        ends = [points(question, plainly, scale) for plainly in (low, high)]
        return min(ends), max(ends)
    values = sorted(choice.points.get(scale, ZERO) for choice in question.choices)
    if question.kind is Kind.SINGLE and values:
        return values[0], values[-1]
    if question.kind is Kind.SEVERAL:
        return _sum_of_best(values, question), -_sum_of_best([-one for one in values], question)
    return ZERO, ZERO


def bounds(question: Question) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest number that can be answered; yes counts 1, no 0.

    The highest is the last one that the step reaches. Publishing sees to it that a question
    that counts has both.
    """
    if question.kind is Kind.YES_NO:
        return ZERO, Decimal(1)
    low = question.minimum if question.minimum is not None else ZERO
    high = question.maximum if question.maximum is not None else low
    step = question.step or (Decimal(1) if question.kind is Kind.SCALE else None)
    if step:
        high = low + ((high - low) / step).to_integral_value(ROUND_FLOOR) * step
    return low, high


def number(value: Any) -> Decimal:
    return Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))


def selections(question: Question) -> tuple[int, int]:
    """Return how many choices an answer picks, at least and at most; none would be a skip."""
    offered = len(question.choices)
    return min(max(question.least, 1), offered), min(question.most or offered, offered)


def _counted(question: Question, value: Decimal) -> Decimal:
    if not question.reversed:
        return value
    low, high = bounds(question)
    return low + high - value


def _sum_of_best(values: Iterable[Decimal], question: Question) -> Decimal:
    """Return the least sum of as many values as may be picked; for the most, negate them."""
    least, most = selections(question)
    ranked = sorted(values)
    chosen = [one for place, one in enumerate(ranked[:most]) if place < least or one < 0]
    return sum(chosen, ZERO)
