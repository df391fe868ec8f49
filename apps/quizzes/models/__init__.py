"""What authors write (quiz, question, outcome), what respondents leave (response), and
what a new scoring makes of it (rescoring)."""

from apps.quizzes.models.draft import DraftRevision, ImportReport, Trial
from apps.quizzes.models.files import Picture, Upload
from apps.quizzes.models.jump import Ending, Jump
from apps.quizzes.models.outcome import Points, Scale, Tier, Weight
from apps.quizzes.models.question import Choice, Question, Row
from apps.quizzes.models.quiz import Quiz, Version
from apps.quizzes.models.rescoring import (
    BackTest,
    Rescored,
    Rescoring,
    SegmentMove,
    TierMove,
)
from apps.quizzes.models.response import Answer, Response, Share

__all__ = [
    "Answer",
    "BackTest",
    "Choice",
    "DraftRevision",
    "Ending",
    "ImportReport",
    "Jump",
    "Picture",
    "Points",
    "Question",
    "Quiz",
    "Rescored",
    "Rescoring",
    "Response",
    "Row",
    "Scale",
    "SegmentMove",
    "Share",
    "Tier",
    "TierMove",
    "Trial",
    "Upload",
    "Version",
    "Weight",
]
