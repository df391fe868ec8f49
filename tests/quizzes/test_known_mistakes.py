"""Scoring mistakes that others have shipped: each is refused, warned of, or cannot be written."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.quizzes import definition, taking
from apps.quizzes.answers import posted
from apps.quizzes.branching import waiting
from apps.quizzes.definition import Tier
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Tier as TierRow
from apps.quizzes.publishing import proof
from apps.quizzes.scoring import band, score
from apps.quizzes.simulating import simulate
from apps.quizzes.worth import extent, points
from tests.quizzes.drafts import NOW, QUALIFY, published, version
from tests.quizzes.graphs import quizzes, ways_to_answer

COUNTRY = {
    "key": "country",
    "title": "Country?",
    "choices": [
        {"key": "se", "label": "Sweden", "points": 10},
        {"key": "no", "label": "Norway", "points": 10},
        {"key": "dk", "label": "Denmark"},
    ],
}
LEAD = {
    "title": "Lead score",
    "slug": "lead",
    "questions": [COUNTRY, {"key": "team", "kind": "yes_no", "title": "Team?", "weights": 5}],
    "tiers": [
        {"key": "cold", "label": "Cold", "headline": "x"},
        {"key": "hot", "label": "Hot", "headline": "x", "starts_at": 15},
    ],
}
FINE = {"key": "x", "label": "X", "headline": "x", "override_only": True}


def messages(problems):
    return " ".join(problem.message for problem in problems)


@pytest.mark.django_db
def test_points_are_only_ever_added_whatever_was_answered_before():
    quiz = definition.load(freeze(draft(LEAD)))
    for team in (True, False):
        found = score(quiz, {"country": "se", "team": team})
        assert found.score == 10 + 5 * team


@pytest.mark.django_db
def test_a_country_that_the_points_forgot_is_warned_of():
    found = proof(draft(LEAD)).warnings
    assert "“Denmark” has no points, though other answers have" in messages(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rule",
    [
        {"trait": "answer.country", "value": "se"},
        {"trait": "answer.country", "op": "", "value": "se"},
        {"trait": "answer.country", "op": "is"},
        {"trait": "answer.land", "op": "is", "value": "se"},
        {"all": [{"trait": "answer.team", "op": "is", "value": 10}]},
    ],
)
def test_a_comparison_without_an_operator_or_with_nothing_to_compare_is_refused(rule):
    tiers = [*LEAD["tiers"], {**FINE, "override": rule}]
    assert "override rule cannot be read" in messages(proof(draft({**LEAD, "tiers": tiers})).errors)


@pytest.mark.django_db
def test_a_tier_that_nobody_from_anywhere_reaches_is_refused():
    tiers = [*LEAD["tiers"], {"key": "top", "label": "Top", "headline": "x", "starts_at": 16}]
    assert "Tier “Top” cannot be reached" in messages(proof(draft({**LEAD, "tiers": tiers})).errors)


@given(st.permutations(range(4)), st.decimals(-5, 105, places=2))
@settings(deadline=None)
def test_the_order_in_which_tiers_are_listed_decides_nothing(order, value):
    starts = [None, Decimal(40), Decimal(80), Decimal("80.01")]
    tiers = [Tier(str(place), str(place), starts_at=starts[place]) for place in range(4)]
    listed = [tiers[place] for place in order]
    expected = sum(start is not None and start <= value for start in starts)
    assert band(listed, value).key == str(expected)


@pytest.mark.django_db
def test_a_band_has_no_end_to_leave_a_gap_or_an_overlap_with():
    names = {field.name for field in TierRow._meta.get_fields()}
    assert "starts_at" in names
    assert not {"ends_at", "maximum", "until"} & names


@given(quizzes(ruled=True), st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_best_answers_always_come_to_a_hundred_percent(quiz, data):
    answers = {}
    while question := waiting(quiz, answers):
        best = extent(question, "main")[1]
        ways = [
            way
            for way in ways_to_answer(question)
            if way is not None and points(question, way, "main") == best
        ]
        answers[question.key] = data.draw(st.sampled_from(ways))
    result = score(quiz, answers)
    assert result.percents["main"] in {0, 100}
    if any(points(quiz.question(key), way, "main") > 0 for key, way in answers.items()):
        assert result.percents["main"] == 100 or result.scores["main"] <= 0


@pytest.mark.django_db
def test_a_maximum_that_nobody_reaches_is_told():
    questions = [{**LEAD["questions"][1], "weights": -5}]
    tiers = LEAD["tiers"][:1]
    found = proof(draft({**LEAD, "questions": questions, "tiers": tiers})).warnings
    assert "100 % cannot be reached" in messages(found)


@pytest.mark.django_db
def test_an_answer_that_nothing_reads_is_warned_of():
    questions = [*LEAD["questions"], {"key": "tea", "kind": "yes_no", "title": "Tea?"}]
    found = proof(draft({**LEAD, "questions": questions})).warnings
    assert "“Tea?”: no score and no rule reads the answer" in messages(found)


@pytest.mark.django_db
def test_what_is_tried_out_is_what_a_published_response_gets():
    quiz = published(QUALIFY)
    source = definition.of_version(version(quiz))
    sizes, tools, sure = ("small", "large", "none"), (None, ["crm"], ["sheets", "paper"]), (1, 3, 5)
    form = {"first_name": "Ada", "email": "ada@example.com", "phone": "", "consent": True}
    for size, used, how in itertools.product(sizes, tools, sure):
        values = {"size": size, "tools": used, "sure": how, "contact": form}
        tried = simulate(source, values)
        response, _ = taking.start(quiz, now=NOW)
        following = source.question("size")
        while following is not None:
            sent = posted(following, values[following.key])
            done = taking.answer(response.token_hash, following.key, sent, revision=0, now=NOW)
            following = done.next
        kept = done.response
        assert tried.complete
        assert (kept.score, kept.percent, kept.tier_key) == (
            tried.result.score,
            tried.result.percent,
            tried.result.tier.key,
        )
        assert kept.receipt == tried.result.receipt.as_json()


@pytest.mark.django_db
def test_going_back_and_forth_never_adds_points_twice():
    quiz = published(LEAD)
    response, _ = taking.start(quiz, now=NOW)
    for revision, country in enumerate(["se", "no", "dk", "se"]):
        raw = {"answer": [country]}
        taking.answer(response.token_hash, "country", raw, revision=revision, now=NOW)
    done = taking.answer(response.token_hash, "team", {"answer": ["yes"]}, revision=0, now=NOW)
    assert done.response.score == 15


@pytest.mark.django_db
def test_an_abandoned_branch_does_not_count():
    choices = [*COUNTRY["choices"][:2], {**COUNTRY["choices"][2], "ends": True}]
    quiz = published({**LEAD, "questions": [{**COUNTRY, "choices": choices}, LEAD["questions"][1]]})
    source = definition.of_version(version(quiz))
    assert score(source, {"country": "dk", "team": True}).score == 0
    assert score(source, {"country": "se", "team": True}).score == 15


@pytest.mark.django_db
def test_a_skipped_question_leaves_the_denominator():
    questions = [COUNTRY, {**LEAD["questions"][1], "required": False}]
    quiz = definition.load(freeze(draft({**LEAD, "questions": questions})))
    assert score(quiz, {"country": "se", "team": None}).percent == 100
    assert score(quiz, {"country": "se", "team": False}).percent == 66.7


@pytest.mark.django_db
def test_a_share_between_whole_numbers_has_its_tier():
    tiers = [
        {"key": "low", "label": "Low", "headline": "x"},
        {"key": "mid", "label": "Mid", "headline": "x", "starts_at": 40},
        {"key": "top", "label": "Top", "headline": "x", "starts_at": 80},
    ]
    number = {"key": "n", "kind": "number", "title": "N", "weights": 1}
    spec = {**LEAD, "bands": "percent", "questions": [{**number, "minimum": 0, "maximum": 200}]}
    quiz = definition.load(freeze(draft({**spec, "tiers": tiers})))
    found = [score(quiz, {"n": value}) for value in (79, 80, 159, 160)]
    assert [(one.percent, one.tier.key) for one in found] == [
        (39.5, "low"),
        (40, "mid"),
        (79.5, "mid"),
        (80, "top"),
    ]
