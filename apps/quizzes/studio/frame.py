"""What stands around the part that is edited: the questions, the proof, the preview."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.quizzes import previewing, revising
from apps.quizzes.definition import load
from apps.quizzes.exchanging import FORMAT, MARK
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Question, Quiz
from apps.quizzes.panels import Found, bands, reaches
from apps.quizzes.problems import Problem
from apps.quizzes.proving import Proof, prove
from apps.quizzes.publishing import digest
from apps.quizzes.studio.ruler import ruler

Json = dict[str, Any]
MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A question in the list, and how much is wrong with it."""

    question: Question
    errors: int
    warnings: int
    current: bool


def frame(quiz: Quiz, *, place: str, user: User, now: datetime, question: int = 0) -> Json:
    """Return what every page of the studio shows."""
    source = freeze(Quiz.objects.get(pk=quiz.pk))
    token = previewing.token_for(quiz, by=user, now=now, question=question)
    proof = prove(load(source))
    counts = Counter((problem.question, problem.blocks) for problem in proof.problems)
    return {
        "quiz": quiz,
        "place": place,
        "entries": [
            Entry(one, counts[one.key, True], counts[one.key, False], one.pk == question)
            for one in quiz.questions.all()
        ],
        "kinds": Question.Kind.choices,
        "public_url": settings.PUBLIC_URL + quiz.get_absolute_url(),
        "whole": revising.stamp({MARK: FORMAT, **source}),
        **side(quiz, source, proof=proof, token=token),
    }


def side(quiz: Quiz, source: Json, *, proof: Proof, token: str) -> Json:
    """Return the proof of a draft and the address at which it is tried out."""
    definition = load(source)
    ids = dict(quiz.questions.values_list("key", "pk"))
    last = quiz.versions.defer("definition").first()
    return {
        "quiz": quiz,
        "problems": [_found(quiz, one, ids) for one in proof.problems[:MOST_PROBLEMS]],
        "error_count": len(proof.errors),
        "reaches": list(reaches(definition, proof)),
        "bands": list(bands(definition, proof)),
        "ruler": ruler(definition, proof),
        "sampled": proof.sampled,
        "last_version": last,
        "next_number": last.number + 1 if last else 1,
        "unpublished": last is None or last.digest != digest(source),
        "shown": digest(source),
        "preview_url": "" if proof.errors else reverse("quiz-resume", args=[token]),
    }


def _found(quiz: Quiz, problem: Problem, ids: Mapping[str, int]) -> Found:
    if problem.question in ids:
        url = reverse("studio:question", args=[quiz.pk, ids[problem.question]])
    elif problem.tier or "tier" in problem.message.lower():
        url = reverse("studio:tiers", args=[quiz.pk])
    else:
        url = reverse("studio:settings", args=[quiz.pk])
    return Found(problem.message, problem.blocks, url)
