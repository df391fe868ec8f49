from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.quizzes import branching
from apps.quizzes.branching import answered, path, waiting
from apps.quizzes.definition import Choice, Definition, Kind, Question, Scale, Tier
from apps.quizzes.ranges import reachable, score_range, spread
from apps.quizzes.scoring import band, score, total
from apps.quizzes.worth import extent, points
from tests.quizzes.graphs import SCALES, all_paths, quizzes, ways_to_answer

SCALE = Question(
    "sure",
    Kind.SCALE,
    "Sure?",
    minimum=Decimal(1),
    maximum=Decimal(5),
    weights={"main": Decimal(2)},
)


def quiz(*questions, tiers=None, scoring="tiers"):
    return Definition(
        title="Quiz",
        slug="quiz",
        intro="",
        start_label="Start",
        scoring=scoring,
        scales=tuple(Scale(key, key.title()) for key in SCALES),
        questions=questions,
        tiers=tiers or (Tier("low", "Low"), Tier("top", "Top", starts_at=Decimal(4))),
    )


def choices(**worth):
    return tuple(Choice(key, key, {"main": Decimal(value)}) for key, value in worth.items())


def test_a_scale_counts_its_value_times_the_weight():
    assert points(SCALE, 4, "main") == 8
    assert points(SCALE, 4, "side") == 0


def test_a_reversed_scale_counts_from_the_other_end():
    turned = Question(**{**vars(SCALE), "reversed": True})
    assert points(turned, 5, "main") == 2
    assert points(turned, 1, "main") == 10


def test_yes_counts_one_and_reversed_no_does():
    yes_no = {"key": "q", "kind": Kind.YES_NO, "title": "?", "weights": {"main": Decimal(3)}}
    assert [points(Question(**yes_no), value, "main") for value in (True, False)] == [3, 0]
    turned = Question(**yes_no, reversed=True)
    assert [points(turned, value, "main") for value in (True, False)] == [0, 3]


def test_several_choices_add_up_negative_ones_included():
    asked = Question("q", Kind.SEVERAL, "?", choices=choices(a=3, b=-1, c=2))
    assert points(asked, ["a", "b"], "main") == 2
    assert extent(asked, "main") == (-1, 5)


def test_the_attainable_maximum_of_a_single_choice_is_its_best_option():
    asked = Question("q", Kind.SINGLE, "?", choices=choices(a=3, b=5, c=2))
    result = score(quiz(asked), {"q": "a"})
    assert (result.score, result.percent) == (3, 60)


def test_limits_on_how_many_may_be_picked_limit_what_can_be_attained():
    offered = choices(a=3, b=5, c=2)
    assert extent(Question("q", Kind.SEVERAL, "?", choices=offered, most=2), "main") == (2, 8)
    assert extent(Question("q", Kind.SEVERAL, "?", choices=offered, least=3), "main") == (10, 10)


def test_decimals_are_exact():
    asked = Question("q", Kind.SEVERAL, "?", choices=choices(a="0.1", b="0.2"))
    assert score(quiz(asked), {"q": ["a", "b"]}).score == 0.3


def test_a_band_begins_at_its_start_and_ends_below_the_next():
    tiers = quiz(SCALE).tiers
    assert [band(tiers, Decimal(value)).key for value in ("-100", "3.99", "4", "99")] == [
        "low",
        "low",
        "top",
        "top",
    ]


def test_percent_never_leaves_0_to_100():
    asked = Question("q", Kind.SINGLE, "?", choices=choices(a=-5, b=5))
    assert score(quiz(asked), {"q": "a"}).percent == 0
    worst = Question("q", Kind.SINGLE, "?", choices=choices(a=-5, b=-1))
    assert score(quiz(worst), {"q": "b"}).percent == 0


def test_an_override_wins_over_the_score_and_the_first_one_that_holds_decides():
    rule = {"trait": "score", "op": "at_least", "value": 8}
    tiers = (
        Tier("low", "Low"),
        Tier("first", "First", override_only=True, override=rule),
        Tier("second", "Second", override_only=True, override={"all": []}),
    )
    assert score(quiz(SCALE, tiers=tiers), {"sure": 4}).tier.key == "first"
    assert score(quiz(SCALE, tiers=tiers), {"sure": 3}).tier.key == "second"


@given(quizzes(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_score_never_depends_on_going_back_and_forth_or_on_abandoned_branches(quiz, data):
    answers = {}
    for _ in range(data.draw(st.integers(0, 8))):
        key = data.draw(st.sampled_from(path(quiz, answers)))
        answers[key] = data.draw(st.sampled_from(ways_to_answer(quiz.question(key))))
    while question := waiting(quiz, answers):
        answers[question.key] = data.draw(st.sampled_from(ways_to_answer(question)))
    straight = answered(quiz, answers)
    assert score(quiz, answers) == score(quiz, straight)
    assert list(straight) == list(path(quiz, straight))


@given(quizzes())
@settings(max_examples=50, deadline=None)
def test_the_range_of_scores_is_that_of_all_paths_tried_one_by_one(quiz):
    for scale in SCALES:
        scores = [total(quiz, answers, scale) for answers in all_paths(quiz)]
        assert score_range(quiz, scale) == (min(scores), max(scores))


@given(quizzes())
@settings(max_examples=50, deadline=None)
def test_the_spread_of_scores_counts_every_way_to_answer(quiz):
    counted = Counter(
        tuple(total(quiz, answers, scale) for scale in SCALES) for answers in all_paths(quiz)
    )
    found = spread(quiz, SCALES)
    assert found is not None
    assert set(found) == set(counted)
    weighed = all(
        question.kind in {Kind.SINGLE, Kind.SEVERAL} or any(question.weights.values())
        for question in quiz.questions
    )
    if weighed:
        assert found == counted


@given(quizzes())
@settings(max_examples=50, deadline=None)
def test_a_question_is_reachable_if_some_path_asks_it(quiz):
    asked = {key for answers in all_paths(quiz) for key in answers}
    assert reachable(quiz) == asked


@given(quizzes(), st.data())
@settings(max_examples=50, deadline=None)
def test_progress_never_falls_on_the_way(quiz, data):
    answers, seen = {}, []
    while question := waiting(quiz, answers):
        seen.append(branching.progress(quiz, answers, question.key))
        answers[question.key] = data.draw(st.sampled_from(ways_to_answer(question)))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert all(0 <= one < 1 for one in seen)
