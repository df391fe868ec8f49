"""The order in which questions are asked: moving, adding, copying and removing them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.quizzes import drafting
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Jump, Picture, Question, Quiz

COPY = " (copy)"


def last_position(quiz: Quiz) -> int:
    return quiz.questions.aggregate(last=Max("position"))["last"] or 0


def move(question: Question, *, by: int) -> None:
    """Move a question one place up (-1) or down (1) and number all of them anew."""
    with transaction.atomic():
        Quiz.objects.select_for_update().get(pk=question.quiz_id)
        ordered = list(Question.objects.filter(quiz=question.quiz_id))
        place = ordered.index(question)
        target = min(max(place + by, 0), len(ordered) - 1)
        ordered.insert(target, ordered.pop(place))
        _number(ordered)


def order(quiz: Quiz, wanted: Sequence[int]) -> None:
    """Ask the questions in the order of these ids; those that are not named come last."""
    places = {pk: place for place, pk in enumerate(wanted)}
    ordered = sorted(quiz.questions.all(), key=lambda one: places.get(one.pk, len(places)))
    _number(ordered)


def _number(ordered: Iterable[Question]) -> None:
    rows = list(ordered)
    for number, one in enumerate(rows, start=1):
        one.position = number * 10
    Question.objects.bulk_update(rows, ["position"])


def add(quiz: Quiz, spec: dict[str, Any], *, after: int = 0) -> Question:
    """Add a question behind the one of that id, or at the end; return it."""
    ids = list(quiz.questions.values_list("pk", flat=True))
    place = ids.index(after) + 1 if after in ids else len(ids)
    return drafting.add_question(quiz, spec, place=place)


def copy(question: Question) -> Question:
    """Ask a question once more, behind it: with its answers, points and rules."""
    quiz = question.quiz
    item = next(one for one in freeze(quiz)["questions"] if one["key"] == question.key)
    pictures = {one.pk: one for one in Picture.objects.filter(pk__in=_pictures(question))}
    choices = [
        {**choice, "picture": pictures.get(row.picture_id or 0)}
        for choice, row in zip(item.get("choices", ()), question.choices.all(), strict=False)
    ]
    spec = {
        **{name: value for name, value in item.items() if name != "key"},
        "title": question.title[: 300 - len(COPY)] + COPY,
        "picture": question.picture,
        "choices": choices,
    }
    return add(quiz, spec, after=question.pk)


def _pictures(question: Question) -> list[int]:
    found = question.choices.exclude(picture=None).values_list("picture_id", flat=True)
    return [pk for pk in found if pk is not None]


def remove(question: Question) -> None:
    """Remove a question with its jumps. Raises RestrictedError where another leads to it."""
    with transaction.atomic():
        Jump.objects.filter(question=question).delete()
        question.delete()


def last_jump(question: Question) -> int:
    return question.jumps.aggregate(last=Max("position"))["last"] or 0


def move_jump(jump: Jump, *, by: int) -> None:
    """Look at a jump one place earlier (-1) or later (1)."""
    with transaction.atomic():
        ordered = list(Jump.objects.select_for_update().filter(question=jump.question_id))
        place = ordered.index(jump)
        target = min(max(place + by, 0), len(ordered) - 1)
        ordered.insert(target, ordered.pop(place))
        for number, one in enumerate(ordered, start=1):
            one.position = number * 10
        Jump.objects.bulk_update(ordered, ["position"])
