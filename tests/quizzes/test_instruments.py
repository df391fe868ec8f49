"""Published instruments score as their authors published them, at every boundary.

PHQ-9: Kroenke, Spitzer, Williams 2001. GAD-7: Spitzer et al. 2006. AUDIT-C: Bush et al. 1998.
K10: the bands of the Australian Bureau of Statistics.
"""

import pytest

from apps.quizzes.definition import load
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.proving import prove
from apps.quizzes.scoring import score

pytestmark = pytest.mark.django_db


def items(count, low, high, **more):
    return [
        {
            "key": f"i{number}",
            "kind": "scale",
            "title": f"Item {number}",
            "minimum": low,
            "maximum": high,
            "weights": 1,
            "required": False,
            **more,
        }
        for number in range(1, count + 1)
    ]


def bands(*starts):
    return [
        {"key": f"t{place}", "label": f"T{place}", "headline": "x", "starts_at": start}
        for place, start in enumerate((None, *starts))
    ]


def quiz(questions, tiers, **more):
    definition = load(
        freeze(draft({"title": "Instrument", "questions": questions, "tiers": tiers, **more}))
    )
    assert prove(definition).errors == []
    return definition


def answers_with(total, count, low, high):
    """Return answers to all items that add up to a total."""
    answers, rest = {}, total - low * count
    for number in range(1, count + 1):
        more = min(rest, high - low)
        answers[f"i{number}"] = low + more
        rest -= more
    assert rest == 0
    return answers


INSTRUMENTS = {  # items, lowest, highest answer, where the bands begin
    "PHQ-9": (9, 0, 3, (5, 10, 15, 20)),
    "GAD-7": (7, 0, 3, (5, 10, 15)),
    "K10": (10, 1, 5, (20, 25, 30)),
}


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_score_of_an_instrument_lies_in_its_band(name):
    count, low, high, starts = INSTRUMENTS[name]
    definition = quiz(items(count, low, high), bands(*starts))
    for total in range(low * count, high * count + 1):
        expected = f"t{sum(start <= total for start in starts)}"
        result = score(definition, answers_with(total, count, low, high))
        assert (result.score, result.tier.key) == (total, expected)
        assert f"{total} point" in result.receipt.why


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_range_of_an_instrument_is_that_of_its_items(name):
    count, low, high, starts = INSTRUMENTS[name]
    definition = quiz(items(count, low, high, required=True), bands(*starts))
    assert prove(definition).ranges["score"] == (low * count, high * count)


def test_a_missing_item_of_phq_9_counts_nothing_and_leaves_the_denominator():
    definition = quiz(items(9, 0, 3), bands(5, 10, 15, 20))
    result = score(definition, {f"i{number}": 3 for number in range(1, 9)} | {"i9": None})
    assert (result.score, result.percent, result.tier.key) == (24, 100, "t4")
    result = score(definition, {"i1": 3, "i2": 2, **{f"i{n}": None for n in range(3, 10)}})
    assert (result.score, result.percent, result.tier.key) == (5, 83.3, "t1")


AUDIT = [
    {
        "key": "sex",
        "title": "Your sex?",
        "choices": [{"key": "man", "label": "Man"}, {"key": "woman", "label": "Woman"}],
    },
    *items(3, 0, 4),
]
POSITIVE = {
    "key": "positive",
    "label": "Positive",
    "headline": "x",
    "starts_at": 4,
    "override": {
        "all": [
            {"trait": "answer.sex", "op": "is", "value": "woman"},
            {"trait": "score", "op": "at_least", "value": 3},
        ]
    },
}


@pytest.mark.parametrize(
    ("sex", "total", "tier"),
    [
        ("man", 3, "t0"),
        ("man", 4, "positive"),
        ("man", 5, "positive"),
        ("woman", 2, "t0"),
        ("woman", 3, "positive"),
        ("woman", 4, "positive"),
    ],
)
def test_the_cut_off_of_audit_c_depends_on_an_answer(sex, total, tier):
    definition = quiz(AUDIT, [*bands(), POSITIVE])
    result = score(definition, {"sex": sex, **answers_with(total, 3, 0, 4)})
    assert (result.score, result.tier.key) == (total, tier)


def test_the_shares_of_audit_c_are_exact():
    definition = quiz([AUDIT[0], *items(3, 0, 4, required=True)], [*bands(), POSITIVE])
    totals = [a + b + c for a in range(5) for b in range(5) for c in range(5)]
    positive = sum(one >= 4 for one in totals) + sum(one >= 3 for one in totals)
    assert prove(definition).shares["positive"] == pytest.approx(positive / (2 * len(totals)))


MEANS = {
    "scales": [
        {"key": "calm", "label": "Calm", "method": "mean"},
        {"key": "order", "label": "Order", "method": "mean"},
    ],
    "questions": [
        *[{**item, "weights": {"calm": 1}} for item in items(3, 1, 5)],
        {**items(1, 1, 5)[0], "key": "i4", "weights": {"calm": 1}, "reversed": True},
        {
            "key": "grid",
            "kind": "matrix",
            "title": "Order",
            "required": False,
            "rows": [{"key": "a", "label": "A"}, {"key": "b", "label": "B", "reversed": True}],
            "choices": [
                {"key": f"c{value}", "label": str(value), "points": {"order": value}}
                for value in (1, 2, 3)
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("given", "calm", "tier"),
    [
        ({"i1": 3, "i2": 3, "i3": 3, "i4": 3}, 3, "t1"),
        ({"i1": 5, "i2": 5, "i3": 5, "i4": 1}, 5, "t1"),
        ({"i1": 3, "i2": 3, "i3": 3, "i4": 4}, 2.75, "t0"),  # the reversed 4 counts 2
        ({"i1": 3, "i2": None, "i3": None, "i4": None}, 3, "t1"),  # missing ones are left out
        ({"i1": 2, "i2": 3, "i3": None, "i4": 3}, 8 / 3, "t0"),
        ({"i1": None, "i2": None, "i3": None, "i4": None}, 0, "t0"),
    ],
)
def test_a_category_is_the_mean_of_its_answered_items(given, calm, tier):
    definition = quiz(MEANS["questions"], bands(3), scales=MEANS["scales"])
    result = score(definition, {**given, "grid": None})
    assert result.scores["calm"] == pytest.approx(calm)
    assert result.tier.key == tier


def test_rows_of_a_matrix_are_items_and_may_be_reversed():
    definition = quiz(MEANS["questions"], bands(3), scales=MEANS["scales"])
    said = {f"i{number}": 3 for number in range(1, 5)}
    full = score(definition, {**said, "grid": {"a": "c1", "b": "c1"}})
    assert full.scores["order"] == 2  # 1, and the reversed 1 counts 3
    part = score(definition, {**said, "grid": {"b": "c3"}})
    assert (part.scores["order"], part.percents["order"]) == (1, 33.3)


def test_the_range_of_a_mean_is_that_of_its_items():
    definition = quiz(MEANS["questions"], bands(3), scales=MEANS["scales"])
    assert prove(definition).ranges == {"calm": (0, 5), "order": (0, 3)}


@pytest.mark.parametrize(("points", "tier"), [(39, "t0"), (40, "t1"), (79, "t1"), (80, "t2")])
def test_tiers_by_percent_leave_no_gap(points, tier):
    value = {"key": "n", "kind": "number", "title": "N", "minimum": 0, "maximum": 100, "weights": 1}
    definition = quiz([value], bands(40, 80), bands="percent")
    assert score(definition, {"n": points}).tier.key == tier
    assert score(definition, {"n": 39.5}).tier.key == "t0"
    assert score(definition, {"n": 79.9}).tier.key == "t1"


AT_BOUNDARIES = [
    (name, start, off, missing)
    for name, (count, _, high, starts) in INSTRUMENTS.items()
    for start in starts
    for off in (-1, 0, 1)
    for missing in (1, 2)
    if start + off <= high * (count - missing)
]


@pytest.mark.parametrize(("name", "start", "off", "missing"), AT_BOUNDARIES)
def test_with_items_missing_the_total_of_the_others_decides_at_every_boundary(
    name, start, off, missing
):
    count, low, high, starts = INSTRUMENTS[name]
    total = start + off
    definition = quiz(items(count, low, high), bands(*starts))
    left = count - missing
    given = answers_with(total, left, low, high)
    given |= {f"i{number}": None for number in range(left + 1, count + 1)}
    result = score(definition, given)
    place = starts.index(start) + (off >= 0)
    assert (result.score, result.tier.key) == (total, f"t{place}")
    assert result.percent == pytest.approx(100 * total / (left * high), abs=0.05)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_without_any_answer_scores_nothing(name):
    count, low, high, starts = INSTRUMENTS[name]
    definition = quiz(items(count, low, high), bands(*starts))
    result = score(definition, {f"i{number}": None for number in range(1, count + 1)})
    assert (result.score, result.percent, result.tier.key) == (0, 0, "t0")


@pytest.mark.parametrize("item", range(1, 10))
def test_whichever_item_of_phq_9_is_missing_the_rest_counts(item):
    definition = quiz(items(9, 0, 3), bands(5, 10, 15, 20))
    given = {f"i{number}": 2 for number in range(1, 10)} | {f"i{item}": None}
    result = score(definition, given)
    assert (result.score, result.tier.key, result.percent) == (16, "t3", 66.7)


@pytest.mark.parametrize(
    ("sex", "given", "tier"),
    [
        ("man", (4, None, None), "positive"),
        ("man", (3, None, None), "t0"),
        ("woman", (3, None, None), "positive"),
        ("woman", (2, None, None), "t0"),
        (None, (3, None, None), "t0"),  # who did not say is judged by the higher cut-off
        (None, (4, None, None), "positive"),
        ("woman", (None, None, None), "t0"),
    ],
)
def test_audit_c_with_items_missing_keeps_the_cut_off_of_the_answer(sex, given, tier):
    asked = [{**AUDIT[0], "required": False}, *AUDIT[1:]]
    definition = quiz(asked, [*bands(), POSITIVE])
    said = {"sex": sex} | {f"i{place}": value for place, value in enumerate(given, start=1)}
    assert score(definition, said).tier.key == tier


@pytest.mark.parametrize(
    ("others", "reversed_item", "mean", "tier"),
    [
        ((3, 3, 3), 4, 2.75, "t0"),  # one below the boundary of 3: the reversed 4 counts 2
        ((3, 3, 3), 3, 3, "t1"),
        ((3, 3, 3), 2, 3.25, "t1"),
        ((3, None, None), 3, 3, "t1"),
        ((3, None, None), 4, 2.5, "t0"),
        ((None, None, None), 3, 3, "t1"),
        ((None, None, None), 4, 2, "t0"),
    ],
)
def test_the_mean_of_a_category_at_its_boundary_with_items_missing(
    others, reversed_item, mean, tier
):
    definition = quiz(MEANS["questions"], bands(3), scales=MEANS["scales"])
    said = {f"i{place}": value for place, value in enumerate(others, start=1)}
    result = score(definition, {**said, "i4": reversed_item, "grid": None})
    assert (result.scores["calm"], result.tier.key) == (mean, tier)
