"""Tiers out of a chain of conditions on one score: each says from where on it is the one."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from apps.quizzes.importing.judging import edges
from apps.quizzes.importing.rules import Rule

Decide = Callable[[Decimal], str | None]


def bands(rules: Iterable[Rule | None], decide: Decide) -> list[tuple[Decimal | None, str | None]]:
    """Return (starts at, outcome) from the bottom up, whatever order the chain was written in.

    The first start is None: the bottom. Scores have two decimals.
    """
    starts = edges(rules)
    lowest = (starts[0] if starts else Decimal(0)) - 1
    found: list[tuple[Decimal | None, str | None]] = [(None, decide(lowest))]
    for start in starts:
        outcome = decide(start)
        if outcome != found[-1][1]:
            found.append((start, outcome))
    return found
