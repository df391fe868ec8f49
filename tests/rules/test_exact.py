import random
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from apps.rules.exact import exactly, plain, sortable, total

NUMBERS = [0.1, 0.2, 0.3, -0.1, 19.99, 5e-324, -5e-324, 2.2250738585072014e-308, 1e15, -(10**15), 7]


@pytest.mark.parametrize(
    ("numbers", "sum_of_them"),
    [
        ([], 0),
        ([1, 2], 3),
        ([0.1, 0.2], Decimal("0.3")),
        ([0.1] * 10, 1),
        ([1e15, 5e-324, -1e15], Decimal("5e-324")),
        ([19.99, 0.01], 20),
    ],
)
def test_numbers_add_up_as_they_are_written(
    numbers: list[float], sum_of_them: int | Decimal
) -> None:
    assert total(numbers) == total(numbers[::-1]) == sum_of_them


def test_no_digit_is_lost_among_many_numbers_of_any_size() -> None:
    chance = random.Random(1)
    numbers = [chance.choice(NUMBERS) for _ in range(5000)]
    assert Fraction(total(numbers)) == sum(Fraction(repr(number)) for number in numbers)


def test_the_texts_of_sums_are_in_the_order_of_the_numbers() -> None:
    chance = random.Random(2)
    sums = [total(chance.choices(NUMBERS, k=chance.randint(0, 9))) for _ in range(2000)]
    sums += [10**39, -(10**39), 0, Decimal("-0.0"), Decimal("0.10")]
    for lower, higher in pairwise(sorted(sums)):
        assert (sortable(lower) < sortable(higher)) is (lower < higher)
        assert (sortable(lower) == sortable(higher)) is (lower == higher)


def test_a_bound_is_the_decimal_it_is_written_as() -> None:
    assert exactly(0.3) == total([0.1, 0.2])
    assert exactly((1, 0.3)) == (Decimal(1), Decimal("0.3"))
    assert exactly(None) is None


def test_a_sum_is_shown_as_a_number() -> None:
    assert [plain(total([0.1, 0.2])), plain(total([0.5, 0.5]))] == [0.3, 1]
    assert isinstance(plain(Decimal("2.00")), int)
