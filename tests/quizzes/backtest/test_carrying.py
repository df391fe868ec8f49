"""What becomes of answers that another version would not take."""

import pytest

from apps.quizzes.backtest.carrying import Carrier
from apps.quizzes.definition import load
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.scoring import reckon, score
from tests.quizzes.backtest.building import FIT

pytestmark = pytest.mark.django_db
BUDGET, TOOLS, SURE = FIT["questions"]
SAID = {"budget": "some", "tools": ["crm", "paper"], "sure": 4}


def of(*questions, slug="fit"):
    return load(freeze(draft({**FIT, "slug": slug, "questions": list(questions)})))


def carried(*questions, said=SAID):
    return taken(of(*FIT["questions"]), of(*questions, slug="new"), said)


def taken(old, new, said):
    """Return the score by `new`, how many answers do not fit, how many questions are new."""
    carrier = Carrier(old, new)
    found = carrier.carry(said)
    quick, whole = reckon(new, found.answers), score(new, found.answers)
    assert (quick.score, quick.percent, quick.tier) == (whole.score, whole.percent, whole.tier)
    return whole.score, found.lost, carrier.unasked(quick.counted, said)


def without(question, key):
    return {**question, "choices": [one for one in question["choices"] if one["key"] != key]}


def test_unchanged_questions_score_as_they_did():
    assert score(of(*FIT["questions"], slug="other"), SAID).score == 8
    assert carried(*FIT["questions"]) == (8, 0, 0)


@pytest.mark.parametrize(
    ("questions", "total", "lost"),
    [
        ((TOOLS, SURE), 5, 1),  # a question is gone
        ((without(BUDGET, "some"), TOOLS, SURE), 5, 1),  # the choice is gone
        ((BUDGET, without(TOOLS, "paper"), SURE), 9, 1),  # one of two choices is gone
        ((BUDGET, {**TOOLS, "most": 1}, SURE), 7, 1),  # more than may be picked now
        ((BUDGET, TOOLS, {**SURE, "maximum": 3}), 4, 1),  # off the scale
        ((BUDGET, TOOLS, {**SURE, "maximum": 10}), 8, 0),  # still on it
        ((BUDGET, TOOLS, {**SURE, "kind": "yes_no"}), 4, 1),  # another kind
        ((BUDGET, TOOLS, {**SURE, "kind": "statement", "weights": {}}), 4, 1),
        (({**BUDGET, "kind": "dropdown"}, TOOLS, SURE), 8, 0),  # answered alike
    ],
)
def test_what_does_not_fit_counts_as_skipped(questions, total, lost):
    assert carried(*questions)[:2] == (total, lost)


def test_what_nobody_was_asked_counts_as_skipped_and_is_told():
    new = {"key": "new", "kind": "yes_no", "title": "New?", "weights": 9}
    assert carried(*FIT["questions"], new) == (8, 0, 1)


def test_an_answer_to_a_statement_never_becomes_a_yes():
    old = of({"key": "hello", "kind": "statement", "title": "Hello"}, SURE)
    new = of({"key": "hello", "kind": "yes_no", "title": "Yes?", "weights": 5}, SURE, slug="new")
    assert taken(old, new, {"hello": True, "sure": 1})[0] == 1


def test_rows_of_a_matrix_that_are_left_count():
    rows = [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]
    grid = {
        "key": "grid",
        "kind": "matrix",
        "title": "Grid",
        "rows": rows,
        "choices": [{"key": "x", "label": "X", "points": 2}, {"key": "y", "label": "Y"}],
    }
    old, new = of(grid), of({**grid, "rows": rows[:1]}, slug="new")
    assert taken(old, new, {"grid": {"a": "x", "b": "x"}}) == (2, 1, 0)
