"""Where there are too many ways, the solver proves the same as going through all of them."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from apps.quizzes import exploring
from apps.quizzes.definition import (
    Choice,
    Definition,
    Ending,
    Jump,
    Kind,
    Question,
    Scale,
    Tier,
)
from apps.quizzes.proving import prove
from apps.quizzes.ranges import outlook, score_range, solved
from tests.quizzes.graphs import SCALES, quizzes


@given(quizzes(ruled=True))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_solver_never_contradicts_the_proof_and_finds_its_ranges(quiz):
    exact = outlook(quiz)
    exact_ranges = {scale: score_range(quiz, scale) for scale in SCALES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exploring, "STEPS", 0)
        paths = solved(quiz)
        seen = outlook(quiz) if not exact.empty else None
        found = {scale: score_range(quiz, scale) for scale in SCALES}
    if paths is None:
        return
    for scale in SCALES:
        assert found[scale] in (None, exact_ranges[scale])
    assert found["side"] == exact_ranges["side"]
    if seen is not None and seen.never is not None:
        assert seen.asked == exact.asked
        assert seen.tiers == exact.tiers
        assert seen.endings - {None} == exact.endings - {None}
        assert not seen.never.asked & exact.asked
        assert not seen.never.tiers & exact.tiers
        assert seen.never.tiers | seen.tiers == {tier.key for tier in quiz.tiers}


def long_quiz():
    """Return a quiz whose last jump reads every answer before it, so that none can be let go."""
    worth = [{"main": Decimal(value)} for value in (0, 3, 7)]
    choices = tuple(Choice(f"c{place}", f"C{place}", one) for place, one in enumerate(worth))
    read = [{"trait": f"answer.q{place}", "op": "is", "value": "c1"} for place in range(24)]
    jump = Jump({"any": [{"all": read}, {"all": read[:12]}]}, ending="same")
    questions = [Question(f"q{place}", Kind.SINGLE, "?", choices=choices) for place in range(24)]
    last = Question("last", Kind.YES_NO, "?", jumps=(jump,))
    return Definition(
        title="Long",
        slug="long",
        intro="",
        start_label="Start",
        scoring="tiers",
        scales=(Scale("main", "Main"),),
        questions=(*questions, last),
        tiers=(
            Tier("low", "Low"),
            Tier("top", "Top", starts_at=Decimal(168)),
            Tier("never", "Never", starts_at=Decimal("168.01")),
        ),
        endings=(Ending("same", "Same"),),
    )


@pytest.mark.django_db
def test_a_quiz_with_too_many_ways_is_proved_and_its_shares_are_a_sample(monkeypatch):
    monkeypatch.setattr(exploring, "STEPS", 20_000)
    found = prove(long_quiz())
    assert found.sampled
    assert any(problem.code == "sampled" for problem in found.warnings)
    assert [problem.tier for problem in found.errors] == ["never"]
    assert found.reached == {"low", "top"}
    assert found.ranges["main"] == (0, 168)
