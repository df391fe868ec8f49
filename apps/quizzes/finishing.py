"""Finishing: the score, its receipt, and what the contact learns of it, in one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.contacts import people
from apps.contacts.events import record_event
from apps.contacts.profile import change_profile
from apps.quizzes import leaving, piping
from apps.quizzes.branching import answered, walk
from apps.quizzes.counting import pairs
from apps.quizzes.definition import Definition
from apps.quizzes.models import Response
from apps.quizzes.scoring import Receipt, Result, score
from apps.quizzes.signals import response_finished
from apps.quizzes.traits import profile_traits
from apps.quizzes.wording import answer_text


def finish(
    response: Response,
    quiz: Definition,
    answers: Mapping[str, Any],
    *,
    others: Mapping[str, str],
    now: datetime,
) -> None:
    """Score a locked response whose path is complete, and tell its contact's profile.

    A respondent who left no address becomes an anonymous contact.
    """
    result = score(quiz, answers, response.hidden)
    response.contact = response.contact or people.find_or_make(now=now)
    response.finished_at = now
    response.score, response.percent = result.score, result.percent
    response.tier_key, response.tier_label = result.tier.key, result.tier.label
    response.ending_key = result.ending or ""
    counted = answered(quiz, answers, response.hidden)
    response.receipt = _spoken(response, quiz, result, answers, others).as_json()
    response.save()
    leaving.fill_late(response, pairs(quiz, counted), now=now)
    _tell_contact(response, quiz, result, counted, others, now=now)
    response_finished.send(sender=Response, response=response, now=now)


def _spoken(
    response: Response,
    quiz: Definition,
    result: Result,
    answers: Mapping[str, Any],
    others: Mapping[str, str],
) -> Receipt:
    """Return the receipt with its questions as they were asked."""
    taken = walk(quiz, answers, response.hidden)
    known = piping.known(quiz, taken, hidden=response.hidden, others=others, tier=result.tier.label)
    lines = []
    for line, (question, value) in zip(
        result.receipt.lines, pairs(quiz, taken.counted), strict=True
    ):
        if piping.pipes(question):
            asked = piping.filled(question, known)
            line = replace(line, title=asked.title, answer=answer_text(asked, value))  # noqa: PLW2901
        lines.append(line)
    return replace(result.receipt, lines=tuple(lines))


def _tell_contact(
    response: Response,
    quiz: Definition,
    result: Result,
    counted: Mapping[str, Any],
    others: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    assert response.contact is not None
    change_profile(
        response.contact,
        now=now,
        traits=profile_traits(quiz, response, counted, others, result.scores),
        source=f"quiz {quiz.slug}",
    )
    record_event(
        response.contact,
        name="quiz_finished",
        now=now,
        occurred_at=now,
        message_id=f"response:{response.pk}:finished",
        properties={"quiz": quiz.slug, "tier": result.tier.key, "score": result.score},
    )
