import random
import re
import time

import pytest

from apps.rules.wildcards import like_pattern, matches


def by_regex(text: str, pattern: str) -> bool:
    return bool(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.S)
    )


def test_wildcards_match_what_the_same_regular_expression_matches() -> None:
    chance = random.Random(2)
    outcomes = set()
    for _ in range(20_000):
        text = "".join(chance.choices("ab\n*?", k=chance.randint(0, 7)))
        pattern = "".join(chance.choices("ab*?\n", k=chance.randint(0, 6)))
        assert matches(text, pattern) == by_regex(text, pattern), (text, pattern)
        outcomes.add(matches(text, pattern))
    assert outcomes == {True, False}


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "?*" * 200 + "b", "*" * 400 + "b"])
def test_no_pattern_is_slow(pattern: str) -> None:
    began = time.process_time()
    assert not matches("a" * 1500, pattern)
    assert time.process_time() - began < 0.5


def test_what_is_special_to_sql_is_escaped() -> None:
    assert like_pattern(r"50%_a\*b?") == r"50\%\_a\\%b_"
