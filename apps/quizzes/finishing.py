"""Finishing: the score, its receipt, and what the contact learns of it, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.contacts import people
from apps.contacts.events import record_event
from apps.contacts.profile import change_profile
from apps.quizzes.branching import answered
from apps.quizzes.definition import Definition
from apps.quizzes.models import Response
from apps.quizzes.scoring import Result, score
from apps.quizzes.signals import response_finished
from apps.quizzes.traits import profile_traits


def finish(
    response: Response, quiz: Definition, answers: Mapping[str, Any], *, now: datetime
) -> None:
    """Score a locked response whose path is complete, and tell its contact's profile.

    A respondent who left no address becomes an anonymous contact.
    """
    result = score(quiz, answers)
    response.contact = response.contact or people.find_or_make(now=now)
    response.finished_at = response.updated_at = now
    response.score, response.percent = result.score, result.percent
    response.tier_key, response.tier_label = result.tier.key, result.tier.label
    response.receipt = result.receipt.as_json()
    response.save()
    _tell_contact(response, quiz, result, answered(quiz, answers), now=now)
    response_finished.send(sender=Response, response=response, now=now)


def _tell_contact(
    response: Response,
    quiz: Definition,
    result: Result,
    counted: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    assert response.contact is not None
    change_profile(
        response.contact,
        now=now,
        traits=profile_traits(quiz, response, counted),
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
