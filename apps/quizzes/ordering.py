"""The order in which questions are asked."""

from django.db import transaction
from django.db.models import Max

from apps.quizzes.models import Question, Quiz


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
        for number, one in enumerate(ordered, start=1):
            one.position = number * 10
        Question.objects.bulk_update(ordered, ["position"])
