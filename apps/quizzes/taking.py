"""Taking a quiz: starting, answering, finishing.

Each verb is one transaction under the lock of its response; what it acknowledges is
committed. Order of locks: the response, then its one contact.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.crashpoints import reached
from apps.quizzes import answers as reading
from apps.quizzes import branching, definition, finishing, leaving
from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.models import Answer, Quiz, Response
from apps.quizzes.problems import asks_email

HIDDEN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
HIDDEN_LENGTH = 200


class TakingError(Exception):
    """A respondent asked for what cannot be done; the message says what to do instead."""


class QuizClosed(TakingError):
    """The quiz takes no new respondents."""


class UnknownToken(TakingError):
    """No response has this token."""


class UnknownQuestion(TakingError):
    """The version has no such question."""


class BadHidden(TakingError):
    """What came with the start cannot be kept."""


class Conflict(TakingError):
    """The answer comes too early, too late, or against a newer one; nothing was changed."""


class Stale(Conflict):
    """The question was answered otherwise after the page was shown."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer led to: the next question, or None at the end."""

    response: Response
    next: Question | None
    changed: bool


def start(
    quiz: Quiz, *, now: datetime, hidden: Mapping[str, str] | None = None
) -> tuple[Response, str]:
    """Begin a response on the latest version; return it with its token, kept only as a hash.

    Raises QuizClosed, and BadHidden where a utm_ value is no text both databases can hold.
    """
    version = quiz.versions.first()
    if quiz.status != Quiz.Status.OPEN or version is None:
        raise QuizClosed("This quiz is not open.")
    token = secrets.token_urlsafe(24)
    response = Response.objects.create(
        version=version,
        token_hash=hashed(token),
        started_at=now,
        updated_at=now,
        hidden=kept_hidden(hidden or {}),
    )
    return response, token


def kept_hidden(given: Mapping[str, str]) -> dict[str, str]:
    """Return the declared hidden values; others are dropped. Raises BadHidden."""
    kept = {name: given[name] for name in HIDDEN if given.get(name)}
    for name, text in kept.items():
        if len(text) > HIDDEN_LENGTH or not text.isprintable():
            raise BadHidden(f"{name} is not a text of at most {HIDDEN_LENGTH} characters.")
    return kept


def find(token: str) -> Response:
    """Return the response of a token, with its version; raises UnknownToken."""
    try:
        return Response.objects.with_version().get(token_hash=hashed(token))
    except Response.DoesNotExist:
        raise UnknownToken("There is no such page.") from None


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def given(response: Response) -> dict[str, Any]:
    """Return every answer by question key, those on abandoned branches too."""
    return dict(response.answers.values_list("question_key", "value"))


def answer(
    response: Response, question_key: str, raw: reading.Raw, *, revision: int, now: datetime
) -> Outcome:
    """Keep one answer, and finish the response when it is the last on its path.

    `revision` is the one the page showed (0: none yet). The same value again changes nothing
    and leads on as before. Raises UnknownQuestion, AnswerError, Conflict and Stale.
    """
    quiz = definition.of(response)
    question = quiz.question(question_key)
    if question is None:
        raise UnknownQuestion("This quiz has no such question.")
    value = reading.read(question, raw)
    with transaction.atomic():
        held = Response.objects.with_version().select_for_update(of=("self",)).get(pk=response.pk)
        rows = {row.question_key: row for row in held.answers.all()}
        if _is_replay(quiz, held, rows, question, value):
            return Outcome(held, _next(quiz, _values(rows), question), changed=False)
        _check_revision(rows.get(question.key), revision)
        former = rows[question.key].value if question.key in rows else None
        rows[question.key] = _keep(held, rows.get(question.key), question, value, now=now)
        _leave_contact(held, question, value, former, now=now)
        following = _go_on(quiz, held, _values(rows), question, now=now)
        reached("answer.before_commit")
    reached("answer.committed")
    return Outcome(held, following, changed=True)


def _is_replay(
    quiz: Definition,
    response: Response,
    rows: Mapping[str, Answer],
    question: Question,
    value: object,
) -> bool:
    """Return whether this very answer is kept already; raises Conflict where it cannot be."""
    path = branching.path(quiz, _values(rows))
    row = rows.get(question.key)
    same = row is not None and row.value == value
    if response.is_finished:
        if same and question.key == path[-1]:
            return True
        raise Conflict("This quiz is finished; its answers can no longer be changed.")
    if question.key not in path:
        raise Conflict("This question comes later, or not at all on your way.")
    return same


def _check_revision(row: Answer | None, revision: int) -> None:
    if revision != (row.revision if row else 0):
        raise Stale("This question was answered in the meantime, perhaps in another window.")


def _keep(
    response: Response, row: Answer | None, question: Question, value: object, *, now: datetime
) -> Answer:
    if row is None:
        return Answer.objects.create(
            response=response, question_key=question.key, value=value, answered_at=now
        )
    row.value, row.revision, row.answered_at = value, row.revision + 1, now
    row.save(update_fields=["value", "revision", "answered_at"])
    return row


def _leave_contact(
    response: Response, question: Question, value: Any, former: Any, *, now: datetime
) -> None:
    if asks_email(question) or question.kind is Kind.CONTACT:
        leaving.leave(response, question, value, former=former, now=now)


def _go_on(
    quiz: Definition,
    response: Response,
    values: Mapping[str, Any],
    question: Question,
    *,
    now: datetime,
) -> Question | None:
    """Save the response, finished if its path has come to the end; return the next question."""
    response.updated_at = now
    if branching.waiting(quiz, values) is None:
        finishing.finish(response, quiz, values, now=now)
        return None
    response.save(update_fields=["updated_at", "contact"])
    return _next(quiz, values, question)


def _next(quiz: Definition, values: Mapping[str, Any], question: Question) -> Question | None:
    return branching.following(quiz, values, question.key)


def _values(rows: Mapping[str, Answer]) -> dict[str, Any]:
    return {key: row.value for key, row in rows.items()}
