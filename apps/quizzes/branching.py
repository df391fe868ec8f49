"""Which questions are asked, in which order: pure functions of a definition and answers.

Answers are values by question key; a key that is there was answered, None means skipped.
Jumps lead forward only (publishing sees to it), so every path ends.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from apps.quizzes.definition import Definition, Kind, Question

Answers = Mapping[str, Any]


def path(definition: Definition, answers: Answers) -> tuple[str, ...]:
    """Return the keys of the questions asked, in order.

    Of an unfinished response the last one is the question that waits for its answer.
    """
    keys = []
    place: int | None = 0
    while place is not None and place < len(definition.questions):
        question = definition.questions[place]
        keys.append(question.key)
        if question.key not in answers:
            break
        place = after(definition, place, answers[question.key])
    return tuple(keys)


def answered(definition: Definition, answers: Answers) -> dict[str, Any]:
    """Return the answers that count: those on the path taken, in its order."""
    return {key: answers[key] for key in path(definition, answers) if key in answers}


def waiting(definition: Definition, answers: Answers) -> Question | None:
    """Return the first question without an answer, or None at the end of the path."""
    keys = path(definition, answers)
    if not keys or keys[-1] in answers:
        return None
    return definition.question(keys[-1])


def following(definition: Definition, answers: Answers, key: str) -> Question | None:
    """Return the question asked after `key`, answered before or not; None at the end."""
    keys = path(definition, answers)
    place = keys.index(key) + 1
    return definition.question(keys[place]) if place < len(keys) else None


def previous(definition: Definition, answers: Answers, key: str) -> Question | None:
    """Return the question asked before `key`; None for the first one."""
    keys = path(definition, answers)
    place = keys.index(key) if key in keys else 0
    return definition.question(keys[place - 1]) if place else None


def progress(definition: Definition, answers: Answers, key: str) -> float:
    """Return how much of the longest way through `key` lies behind it, from 0 to 1.

    It never falls while a respondent goes on: an answer can only shorten what remains.
    """
    keys = path(definition, answers)
    behind = keys.index(key) if key in keys else 0
    place = definition.places.get(key)
    ahead = longest(definition)[place] if place is not None else 0
    return behind / (behind + ahead) if behind + ahead else 1.0


def after(definition: Definition, place: int, value: object) -> int | None:
    """Return the place that an answer at `place` leads to, or None for the end."""
    question = definition.questions[place]
    picked = None
    if question.kind is Kind.SINGLE and isinstance(value, str):
        picked = question.by_key.get(value)
    if picked and picked.ends:
        return None
    if picked and picked.jump is not None:
        return definition.places[picked.jump]
    return place + 1 if place + 1 < len(definition.questions) else None


def exits(definition: Definition, place: int) -> Iterator[tuple[int | None, object]]:
    """Yield the ways on from a question, each as (place or None for the end, an answer).

    A single choice has one way for each choice, and one more where it may be skipped;
    every other kind leads to one place only.
    """
    question = definition.questions[place]
    values: list[object] = [None] if not question.required else []
    if question.kind is Kind.SINGLE:
        values += [choice.key for choice in question.choices]
    for value in values or [None]:
        yield after(definition, place, value), value


@lru_cache(maxsize=256)
def longest(definition: Definition) -> tuple[int, ...]:
    """Return, by place, how many questions the longest way from there asks, itself included."""
    ways = [0] * (len(definition.questions) + 1)
    for place in reversed(range(len(definition.questions))):
        ahead = (ways[to] if to is not None else 0 for to, _ in exits(definition, place))
        ways[place] = 1 + max(ahead)
    return tuple(ways)
