"""What one answer to one question is worth, and what any answer could be."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from apps.quizzes.definition import (
    MANY,
    ONE,
    PICKED,
    STEPPED,
    TRUTHS,
    WEIGHED,
    Band,
    Kind,
    Question,
    Row,
)

ZERO = Decimal(0)
FINEST = Decimal("0.01")  # a number without a step may have two decimals


def points(question: Question, value: Any, scale: str) -> Decimal:
    """Return what an answer adds to a scale; a skipped question adds nothing."""
    if value is None:
        return ZERO
    kind = question.kind
    if kind in WEIGHED:
        return _of_number(question, number(value), scale)
    if kind in ONE:
        return question.by_key[value].points.get(scale, ZERO)
    if kind in MANY:
        return sum((question.by_key[key].points.get(scale, ZERO) for key in value), ZERO)
    if kind is Kind.MATRIX:
        rows = said(question, value)
        return sum((cell(question, row, value[row.key], scale) for row in rows), ZERO)
    return ZERO


def counts(question: Question, scale: str) -> bool:
    """Return whether any answer counts on a scale: what a mean is taken over."""
    if question.kind in WEIGHED:
        if question.mapping:
            return any(scale in band.points for band in question.mapping)
        return bool(question.weights.get(scale))
    return question.kind in PICKED and any(scale in choice.points for choice in question.choices)


def items(question: Question, value: Any, scale: str) -> int:
    """Return how many answers that count are in this one: a matrix has one a row."""
    if value is None or not counts(question, scale):
        return 0
    return len(said(question, value)) if question.kind is Kind.MATRIX else 1


def most(question: Question, value: Any, scale: str) -> Decimal:
    """Return the most that this question could have given, as far as it was answered."""
    if value is None:
        return ZERO
    if question.kind is Kind.MATRIX:
        return sum((_cells(question, row, scale)[-1] for row in said(question, value)), ZERO)
    return extent(question, scale)[1]


def extent(question: Question, scale: str) -> tuple[Decimal, Decimal]:
    """Return the least and the most that answering (all of it) can add to a scale."""
    found = question.extents.get(scale)
    if found is None:
        found = question.extents[scale] = _extent(question, scale)
    return found


def _extent(question: Question, scale: str) -> tuple[Decimal, Decimal]:
    if question.kind in WEIGHED:
        ends = [_of_number(question, value, scale) for value in _telling(question)]
        return min(ends), max(ends)
    values = sorted(choice.points.get(scale, ZERO) for choice in question.choices)
    if question.kind in ONE and values:
        return values[0], values[-1]
    if question.kind in MANY:
        return _sum_of_best(values, question), -_sum_of_best([-one for one in values], question)
    if question.kind is Kind.MATRIX and values:
        rows = [_cells(question, row, scale) for row in question.rows]
        return sum((row[0] for row in rows), ZERO), sum((row[-1] for row in rows), ZERO)
    return ZERO, ZERO


def said(question: Question, value: Any) -> list[Row]:
    """Return the rows of a matrix that were answered."""
    return [row for row in question.rows if row.key in value]


def cell(question: Question, row: Row, column: str, scale: str) -> Decimal:
    """Return what a column of a matrix counts in a row; a reversed one mirrors the columns."""
    worth = question.by_key[column].points.get(scale, ZERO)
    if not row.reversed:
        return worth
    all_of_them = [choice.points.get(scale, ZERO) for choice in question.choices]
    return min(all_of_them) + max(all_of_them) - worth


def _cells(question: Question, row: Row, scale: str) -> list[Decimal]:
    """Return what the columns count in a row, rising."""
    return sorted(cell(question, row, choice.key, scale) for choice in question.choices)


def bounds(question: Question) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest number that can be answered; yes counts 1, no 0.

    The highest is the last one that the step reaches. Publishing sees to it that a question
    that counts has both.
    """
    if question.kind in TRUTHS:
        return ZERO, Decimal(1)
    low = question.minimum if question.minimum is not None else ZERO
    high = question.maximum if question.maximum is not None else low
    step = question.step or (Decimal(1) if question.kind in STEPPED else None)
    if step:
        high = low + ((high - low) / step).to_integral_value(ROUND_FLOOR) * step
    return low, high


def grain(question: Question) -> Decimal:
    """Return how far the numbers that can be answered lie apart."""
    return question.step or (FINEST if question.kind is Kind.NUMBER else Decimal(1))


def number(value: Any) -> Decimal:
    return Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))


def selections(question: Question) -> tuple[int, int]:
    """Return how many choices an answer picks, at least and at most; none would be a skip."""
    offered = len(question.choices)
    return min(max(question.least, 1), offered), min(question.most or offered, offered)


def first_from(question: Question, value: Decimal) -> Decimal:
    """Return the first number from `value` on that can be answered, were there no highest."""
    start = question.minimum if question.minimum is not None else ZERO
    if question.minimum is not None and value <= start:
        return start
    step = grain(question)
    return start + ((value - start) / step).to_integral_value(ROUND_CEILING) * step


def _telling(question: Question) -> Iterator[Decimal]:
    """Yield numbers among which are those that count least and most."""
    low, high = bounds(question)
    yield low
    yield high
    for band in question.mapping:
        value = first_from(question, band.start)
        below = value - grain(question)  # what an open end leaves below the first band
        for one in (value, below):
            if _within(question, one):
                yield one


def _within(question: Question, value: Decimal) -> bool:
    low, high = question.minimum, question.maximum
    return (low is None or value >= low) and (high is None or value <= bounds(question)[1])


def _of_number(question: Question, value: Decimal, scale: str) -> Decimal:
    if question.mapping:
        band = _band(question, value)
        return band.points.get(scale, ZERO) if band else ZERO
    weight = question.weights.get(scale, ZERO)
    return weight * _counted(question, value) if weight else ZERO


def _band(question: Question, value: Decimal) -> Band | None:
    """Return the band that a number lies in; below the first there is none."""
    under = [band for band in question.mapping if band.start <= value]
    return max(under, key=lambda band: band.start, default=None)


def _counted(question: Question, value: Decimal) -> Decimal:
    if not question.reversed:
        return value
    low, high = bounds(question)
    return low + high - value


def _sum_of_best(values: Iterable[Decimal], question: Question) -> Decimal:
    """Return the least sum of as many values as may be picked; for the most, negate them."""
    least, most_picked = selections(question)
    ranked = sorted(values)
    chosen = [one for place, one in enumerate(ranked[:most_picked]) if place < least or one < 0]
    return sum(chosen, ZERO)
