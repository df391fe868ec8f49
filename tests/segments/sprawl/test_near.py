import pytest

from apps.rules import codec
from apps.rules.nodes import Rule
from apps.segments.sprawl.near import one_apart, percent
from tests.rules.population import CATALOGUE

PRO = {"trait": "plan", "op": "is", "value": "pro"}
HIGH = {"trait": "score", "op": "at_least", "value": 50}
BOUGHT = {"event": "order_completed", "within": "30d"}
BOUGHT_LATELY = {"event": "order_completed", "within": "15m"}


def rule(source: object) -> Rule:
    return codec.loads(source, CATALOGUE)


@pytest.mark.parametrize(
    ("shared", "one", "other", "found"),
    [
        (9, 9, 10, 90),
        (9, 10, 10, 81),
        (5, 5, 5, 0),
        (0, 0, 0, 0),
        (10, 10, 10, 100),
        (90, 100, 90, 90),
    ],
)
def test_heads_are_compared_where_there_are_enough(
    shared: int, one: int, other: int, found: int
) -> None:
    assert percent(shared, one, other) == found


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ({"all": [PRO, HIGH, BOUGHT]}, {"all": [BOUGHT_LATELY, PRO, HIGH]}, True),
        ({"all": [PRO, HIGH, {"not": BOUGHT}]}, {"all": [PRO, HIGH, BOUGHT_LATELY]}, False),
        ({"all": [PRO, HIGH, BOUGHT]}, {"any": [PRO, HIGH, BOUGHT_LATELY]}, False),
        ({"all": [PRO, BOUGHT]}, {"all": [PRO, BOUGHT_LATELY]}, False),  # too few conditions
        ({"all": [PRO, HIGH, BOUGHT]}, {"all": [HIGH, BOUGHT, PRO]}, False),  # the same
        ({"all": [PRO, HIGH, BOUGHT]}, {"all": [PRO, HIGH, {"event": "page viewed"}]}, False),
    ],
)
def test_rules_that_differ_in_one_condition_are_found(
    one: object, other: object, apart: bool
) -> None:
    found = list(one_apart({1: rule(one), 2: rule(other)}))
    assert bool(found) is apart
    for difference in found:
        assert {difference.here, difference.there} == {rule(BOUGHT), rule(BOUGHT_LATELY)}
