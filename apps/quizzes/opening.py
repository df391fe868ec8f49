"""Whether a quiz takes respondents now: its status, its dates, and how many have finished it.

Whoever has begun may finish, however late; but no more finish than the limit says.
"""

from dataclasses import dataclass
from datetime import datetime

from apps.quizzes.models import Quiz, Response

CLOSED = "This quiz is closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nobody can begin. `opens_at`: when they can, if that is to come."""

    headline: str
    text: str
    opens_at: datetime | None = None


FULL = Closed(CLOSED, "It has had as many answers as it takes. Thank you for your interest.")
OVER = Closed(
    CLOSED,
    "It takes no new answers. If you have begun already, the address of your own page still"
    " works, and you may finish.",
)


def closed(quiz: Quiz, *, now: datetime) -> Closed | None:
    """Return why the quiz takes no new respondents, or None where it does."""
    if quiz.status != Quiz.Status.OPEN or (quiz.closes_at and now >= quiz.closes_at):
        return OVER
    if is_full(quiz):
        return FULL
    if quiz.opens_at and now < quiz.opens_at:
        return Closed("This quiz is not open yet", "", quiz.opens_at)
    return None


def is_full(quiz: Quiz) -> bool:
    if quiz.most_responses is None:
        return False
    return Response.objects.finished().filter(version__quiz=quiz).count() >= quiz.most_responses


def has_room(quiz_id: int) -> bool:
    """Return whether one more may finish. Where there is a limit, others wait until we commit."""
    limited = Quiz.objects.filter(pk=quiz_id).exclude(most_responses=None)
    if not limited.exists():
        return True
    held = limited.select_for_update().first()
    return held is None or not is_full(held)
