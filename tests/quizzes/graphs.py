"""Random small quizzes, and every way to answer them: what the proof is compared with."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from apps.quizzes.branching import waiting
from apps.quizzes.definition import Choice, Definition, Kind, Question, Scale, Tier
from apps.quizzes.worth import bounds, selections

SCALES = ("main", "side")
POINTS = st.integers(-3, 5).map(Decimal)


def by_scale() -> st.SearchStrategy[dict[str, Decimal]]:
    return st.dictionaries(st.sampled_from(SCALES), POINTS)


@st.composite
def questions(draw: st.DrawFn, place: int, count: int) -> Question:
    kind = draw(st.sampled_from([Kind.SINGLE, Kind.SINGLE, Kind.SEVERAL, Kind.SCALE, Kind.YES_NO]))
    common: dict[str, Any] = {
        "key": f"q{place}",
        "kind": kind,
        "title": f"Question {place}",
        "required": draw(st.booleans()),
    }
    if kind in {Kind.SCALE, Kind.YES_NO}:
        limits = {"minimum": Decimal(draw(st.integers(-1, 1))), "maximum": Decimal(3)}
        return Question(**common, **limits, reversed=draw(st.booleans()), weights=draw(by_scale()))
    offered = draw(st.integers(1, 3))
    choices = tuple(draw(_choice(number, place, count, kind)) for number in range(offered))
    limits = {}
    if kind is Kind.SEVERAL:
        limits = {"least": draw(st.integers(0, offered)), "most": 0}
    return Question(**common, **limits, choices=choices)


@st.composite
def _choice(draw: st.DrawFn, number: int, place: int, count: int, kind: Kind) -> Choice:
    jump, ends = None, False
    if kind is Kind.SINGLE:
        targets = [None, None, "end", *(f"q{later}" for later in range(place + 1, count))]
        target = draw(st.sampled_from(targets))
        jump, ends = (None, True) if target == "end" else (target, False)
    return Choice(f"c{number}", f"Choice {number}", draw(by_scale()), jump=jump, ends=ends)


@st.composite
def quizzes(draw: st.DrawFn) -> Definition:
    count = draw(st.integers(1, 4))
    return Definition(
        title="Random",
        slug="random",
        intro="",
        start_label="Start",
        scoring="tiers",
        scales=tuple(Scale(key, key.title()) for key in SCALES),
        questions=tuple(draw(questions(place, count)) for place in range(count)),
        tiers=(
            Tier("low", "Low"),
            Tier("mid", "Mid", starts_at=Decimal(2)),
            Tier("top", "Top", starts_at=Decimal(6)),
        ),
    )


def ways_to_answer(question: Question) -> list[Any]:
    found: list[Any] = [] if question.required else [None]
    keys = [choice.key for choice in question.choices]
    if question.kind is Kind.SINGLE:
        return found + keys
    if question.kind is Kind.YES_NO:
        return [*found, True, False]
    if question.kind is Kind.SCALE:
        low, high = bounds(question)
        return [*found, *range(int(low), int(high) + 1)]
    least, most = selections(question)
    return found + [list(some) for n in range(least, most + 1) for some in combinations(keys, n)]


def all_paths(quiz: Definition, answers: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the answers of every complete way through a quiz."""
    answers = answers or {}
    question = waiting(quiz, answers)
    if question is None:
        yield answers
        return
    for value in ways_to_answer(question):
        yield from all_paths(quiz, {**answers, question.key: value})
