"""Random small quizzes, and every way to answer them: what the proof is compared with."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations, product
from typing import Any

from hypothesis import strategies as st

from apps.quizzes.branching import NOTHING, waiting
from apps.quizzes.definition import (
    Choice,
    Definition,
    Ending,
    Jump,
    Kind,
    Question,
    Row,
    Scale,
    Tier,
)
from apps.quizzes.worth import bounds, selections

SCALES = ("main", "side")
KINDS = [Kind.SINGLE, Kind.SINGLE, Kind.SEVERAL, Kind.SCALE, Kind.YES_NO, Kind.MATRIX]
POINTS = st.integers(-3, 5).map(Decimal)


def by_scale() -> st.SearchStrategy[dict[str, Decimal]]:
    return st.dictionaries(st.sampled_from(SCALES), POINTS)


@st.composite
def questions(draw: st.DrawFn, place: int, count: int) -> Question:
    kind = draw(st.sampled_from(KINDS))
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
    if kind is Kind.MATRIX:
        limits = {"rows": tuple(Row(f"r{n}", f"Row {n}", draw(st.booleans())) for n in range(2))}
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
def quizzes(draw: st.DrawFn, *, ruled: bool = False) -> Definition:
    """Return a small quiz; a ruled one has jumps, visibility and overrides by rules."""
    count = draw(st.integers(1, 4))
    asked = [draw(questions(place, count)) for place in range(count)]
    method = draw(st.sampled_from(["sum", "sum", "mean"])) if ruled else "sum"
    tiers = [
        Tier("low", "Low"),
        Tier("mid", "Mid", starts_at=Decimal(2)),
        Tier("top", "Top", starts_at=Decimal(6)),
    ]
    if ruled:
        asked = [draw(_ruled(asked, place)) for place in range(count)]
        override = draw(rules(asked, with_score=True))
        tiers.append(Tier("by-rule", "By rule", override_only=True, override=override))
    return Definition(
        title="Random",
        slug="random",
        intro="",
        start_label="Start",
        scoring="tiers",
        bands=draw(st.sampled_from(["points", "percent"])) if ruled else "points",
        scales=(Scale("main", "Main", method), Scale("side", "Side")),
        questions=tuple(asked),
        tiers=tuple(tiers),
        endings=(Ending("one", "One"), Ending("two", "Two")),
        hidden=("plan",),
    )


@st.composite
def _ruled(draw: st.DrawFn, asked: list[Question], place: int) -> Question:
    """Return the question with a rule of visibility and jumps forward, now and then."""
    own = vars(asked[place])
    fields = {name: own[name] for name in Question.__dataclass_fields__}
    before = asked[: place + 1]
    if place and draw(st.booleans()):
        fields["visible"] = draw(rules(asked[:place], with_score=True))
    jumps = []
    for _ in range(draw(st.integers(0, 2))):
        targets = [*(later.key for later in asked[place + 1 :]), "one", "two", None]
        target = draw(st.sampled_from(targets))
        ending = target if target in {"one", "two"} else None
        rule = draw(st.none() | rules(before, with_score=True))
        jumps.append(Jump(rule, to=None if ending else target, ending=ending))
    return Question(**{**fields, "jumps": tuple(jumps)})


@st.composite
def rules(draw: st.DrawFn, asked: list[Question], *, with_score: bool) -> dict[str, Any]:
    parts = [draw(_condition(asked, with_score=with_score)) for _ in range(draw(st.integers(1, 2)))]
    rule = {draw(st.sampled_from(["all", "any"])): parts}
    return {"not": rule} if draw(st.booleans()) else rule


@st.composite
def _condition(draw: st.DrawFn, asked: list[Question], *, with_score: bool) -> dict[str, Any]:
    if with_score and draw(st.integers(0, 3)) == 0:
        trait = draw(st.sampled_from(["score", "percent", "score.side", "percent.side"]))
        op = draw(st.sampled_from(["at_least", "less_than"]))
        return {"trait": trait, "op": op, "value": draw(st.integers(-2, 60))}
    if draw(st.integers(0, 5)) == 0:
        return {"trait": "hidden.plan", "op": "is", "value": "pro"}
    question = draw(st.sampled_from(asked))
    key = f"answer.{question.key}"
    if draw(st.integers(0, 3)) == 0:
        trait = f"{key}.r0" if question.kind is Kind.MATRIX else key
        return {"trait": trait, "op": "is_set"}
    match question.kind:
        case Kind.SINGLE:
            return {"trait": key, "op": "is", "value": draw(_key(question))}
        case Kind.SEVERAL:
            return {"trait": key, "op": "has_any", "value": [draw(_key(question))]}
        case Kind.MATRIX:
            return {"trait": f"{key}.r0", "op": "is", "value": draw(_key(question))}
        case Kind.SCALE:
            return {"trait": key, "op": "at_least", "value": draw(st.integers(-1, 4))}
        case Kind.TEXT:
            op = draw(st.sampled_from(["is", "contains", "starts_with"]))
            return {"trait": key, "op": op, "value": draw(st.sampled_from(["a", "b", "ab"]))}
        case _:
            return {"trait": key, "op": "is_true"}


def _key(question: Question) -> st.SearchStrategy[str]:
    return st.sampled_from([choice.key for choice in question.choices])


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
    if question.kind is Kind.MATRIX:
        columns = keys if question.required else [*keys, ""]
        grids = product(columns, repeat=len(question.rows))
        filled = ({row.key: c for row, c in zip(question.rows, g, strict=True) if c} for g in grids)
        return found + [grid for grid in filled if grid]
    least, most = selections(question)
    return found + [list(some) for n in range(least, most + 1) for some in combinations(keys, n)]


def all_paths(
    quiz: Definition,
    answers: dict[str, Any] | None = None,
    hidden: Mapping[str, str] = NOTHING,
) -> Iterator[dict[str, Any]]:
    """Yield the answers of every complete way through a quiz."""
    answers = answers or {}
    question = waiting(quiz, answers, hidden)
    if question is None:
        yield answers
        return
    for value in ways_to_answer(question):
        yield from all_paths(quiz, {**answers, question.key: value}, hidden)
