"""The proof equals brute force on random quizzes with every kind of rule."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.quizzes import exploring, sampling
from apps.quizzes.branching import NOTHING, answered, longest, path, progress, waiting, walk
from apps.quizzes.ranges import outlook, score_range
from apps.quizzes.scoring import score, total
from tests.quizzes.graphs import SCALES, all_paths, quizzes, ways_to_answer

HIDDEN = ({}, {"plan": "pro"})
SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def results(quiz, hidden=NOTHING):
    return [score(quiz, answers, hidden) for answers in all_paths(quiz, None, hidden)]


@given(quizzes(ruled=True))
@SOME
def test_the_proof_is_what_trying_every_way_comes_to(quiz):
    seen = outlook(quiz)
    plain = Counter(result.tier.key for result in results(quiz))
    everything = [result for hidden in HIDDEN for result in results(quiz, hidden)]
    assert not seen.sampled
    for tier in quiz.tiers:
        assert seen.shares[tier.key] == pytest.approx(plain[tier.key] / plain.total())
    assert seen.tiers == {result.tier.key for result in everything}
    assert seen.endings == {result.ending for result in everything}
    ways = [
        answered(quiz, answers, hidden)
        for hidden in HIDDEN
        for answers in all_paths(quiz, None, hidden)
    ]
    assert seen.asked == {quiz.places[key] for way in ways for key in way}
    assert seen.empty == (not all(ways))


@given(quizzes(ruled=True))
@SOME
def test_the_range_of_every_scale_is_that_of_all_ways(quiz):
    ways = [answers for hidden in HIDDEN for answers in all_paths(quiz, None, hidden)]
    for scale in SCALES:
        scores = [
            total(quiz, answered(quiz, answers, hidden), scale)
            for hidden in HIDDEN
            for answers in all_paths(quiz, None, hidden)
        ]
        assert score_range(quiz, scale) == (min(scores), max(scores))
    assert ways


@given(quizzes(ruled=True), st.data())
@SOME
def test_an_abandoned_branch_never_counts_and_is_never_read(quiz, data):
    hidden = data.draw(st.sampled_from(HIDDEN))
    answers = {}
    for _ in range(data.draw(st.integers(0, 8))):
        asked = path(quiz, answers, hidden)
        if not asked:
            break
        key = data.draw(st.sampled_from(asked))
        answers[key] = data.draw(st.sampled_from(ways_to_answer(quiz.question(key))))
    while question := waiting(quiz, answers, hidden):
        answers[question.key] = data.draw(st.sampled_from(ways_to_answer(question)))
    straight = answered(quiz, answers, hidden)
    assert score(quiz, answers, hidden) == score(quiz, straight, hidden)
    assert list(straight) == list(walk(quiz, straight, hidden).path)


@given(quizzes(ruled=True), st.data())
@SOME
def test_progress_never_falls_whatever_the_rules(quiz, data):
    answers, seen = {}, []
    while question := waiting(quiz, answers):
        seen.append(progress(quiz, answers, question.key))
        assert longest(quiz)[quiz.places[question.key]] >= 1
        answers[question.key] = data.draw(st.sampled_from(ways_to_answer(question)))
    assert seen == sorted(seen)


@given(quizzes(ruled=True))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_sample_of_ways_comes_near_to_all_of_them(quiz):
    exact = outlook(quiz)
    if exact.empty:
        return
    found = sampling.sample(quiz, size=1_500)
    assert found["tiers"] <= exact.tiers
    for tier in quiz.tiers:
        assert found["shares"][tier.key] == pytest.approx(exact.shares[tier.key], abs=0.15)


@given(quizzes())
@settings(max_examples=3, deadline=None)
def test_what_outgrows_the_bound_is_sampled_and_says_so(quiz):
    exact = score_range(quiz, "main")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exploring, "STEPS", 0)
        seen = outlook(quiz)
        assert score_range(quiz, "main") in (None, exact)  # the solver may know it all the same
    assert seen.sampled
    assert sum(seen.shares.values()) == pytest.approx(1)
