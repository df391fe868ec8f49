"""What authors write (quiz, question, outcome) and what respondents leave (response)."""

from apps.quizzes.models.outcome import Points, Scale, Tier, Weight
from apps.quizzes.models.question import Choice, Question
from apps.quizzes.models.quiz import Quiz, Version
from apps.quizzes.models.response import Answer, Response

__all__ = [
    "Answer",
    "Choice",
    "Points",
    "Question",
    "Quiz",
    "Response",
    "Scale",
    "Tier",
    "Version",
    "Weight",
]
