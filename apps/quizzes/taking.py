"""Taking a quiz: starting, answering, finishing.

Each verb is one transaction under the lock of its response; what it acknowledges is
committed. Order of locks: the response, then its one contact.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.crashpoints import reached
from apps.quizzes import answers as reading
from apps.quizzes import branching, definition, finishing, holding, leaving, opening, uploading
from apps.quizzes.conditions import HIDDEN, hidden_names
from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.holding import Rows, Said
from apps.quizzes.models import Quiz, Response
from apps.quizzes.problems import asks_email
from apps.quizzes.screens import spoken
from apps.quizzes.uploading import Checked, File

HIDDEN_LENGTH = 200
NOWHERE = "There is no such page."


class TakingError(Exception):
    """A respondent asked for what cannot be done; the message says what to do instead."""


class QuizClosed(TakingError):
    """The quiz takes no new respondents."""


class QuizFull(QuizClosed):
    """As many have finished as may; this response stays unfinished."""


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
    rows: Rows  # every answer
    next: Question | None
    changed: bool


def start(
    quiz: Quiz, *, now: datetime, hidden: Mapping[str, str] | None = None
) -> tuple[Response, str]:
    """Begin a response on the latest version; return it with its token, kept only as a hash.

    Raises QuizClosed, and BadHidden where a utm_ value is no text both databases can hold.
    """
    version = quiz.versions.first()
    if version is None or opening.closed(quiz, now=now):
        raise QuizClosed("This quiz is not open.")
    token = secrets.token_urlsafe(24)
    response = Response.objects.create(
        version=version,
        token_hash=hashed(token),
        started_at=now,
        hidden=kept_hidden(hidden or {}, hidden_names(definition.of_version(version))),
    )
    return response, token


def kept_hidden(given: Mapping[str, str], names: Iterable[str] = HIDDEN) -> dict[str, str]:
    """Return the declared hidden values; others are dropped. Raises BadHidden."""
    kept = {name: given[name] for name in names if given.get(name)}
    for name, text in kept.items():
        if not is_kept(text):
            raise BadHidden(f"{name} is not a text of at most {HIDDEN_LENGTH} characters.")
    return kept


def is_kept(text: str) -> bool:
    """Return whether a hidden value is a short text that both databases can hold."""
    return len(text) <= HIDDEN_LENGTH and text.isprintable()


def find(token: str) -> Response:
    """Return the response of a token, with its version; raises UnknownToken."""
    return _find(hashed(token))


def _find(token_hash: str) -> Response:
    try:
        return Response.objects.with_version().get(token_hash=token_hash)
    except Response.DoesNotExist:
        raise UnknownToken(NOWHERE) from None


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def given(response: Response) -> dict[str, Any]:
    """Return every answer by question key, those on abandoned branches too."""
    return dict(response.answers.values_list("question_key", "value"))


def answer(
    token_hash: str,
    question_key: str,
    raw: reading.Raw,
    *,
    revision: int,
    now: datetime,
    file: File | None = None,
) -> Outcome:
    """Keep one answer, and finish the response when it is the last on its path.

    `revision` is the one the page showed (0: none yet). The same value again changes nothing
    and leads on as before. Raises UnknownQuestion, AnswerError, Conflict, Stale, and QuizFull
    where this would finish one response too many; UnknownToken where no response has this hash.
    """
    checked = _checked(token_hash, question_key, file) if file else None
    with transaction.atomic():
        held = holding.hold(token_hash)
        if held is None:
            raise UnknownToken(NOWHERE)
        quiz = definition.of(held)
        question = quiz.question(question_key)
        if question is None:
            raise UnknownQuestion("This quiz has no such question.")
        value = None if question.kind is Kind.FILE else reading.read(question, raw)
        other = reading.read_other(question, raw, value)
        rows = holding.said(held)
        if question.kind is Kind.FILE:
            value = _sent(held, rows.get(question.key), question, checked, now=now)
        if _is_replay(quiz, held, rows, question, (value, other)):
            return Outcome(held, rows, _next(quiz, held, rows, question), changed=False)
        _check_revision(rows.get(question.key), revision)
        former = rows[question.key].value if question.key in rows else None
        shown = spoken(held, question, rows)  # with the consent's wording as it was read
        kept = _keep(held, rows.get(question.key), question, (value, other), now=now)
        rows[question.key] = kept
        _leave_contact(held, shown, value, former, now=now)
        following = _go_on(quiz, held, rows, question, now=now)
        reached("answer.before_commit")
    reached("answer.committed")
    return Outcome(held, rows, following, changed=True)


def _checked(token_hash: str, question_key: str, file: File) -> Checked | None:
    """Return a file fit to be kept, where one is asked for; that takes a while, so no lock."""
    response = _find(token_hash)
    asked = definition.of(response).question(question_key)
    return uploading.check(file) if asked and asked.kind is Kind.FILE else None


def _sent(
    response: Response,
    row: Said | None,
    question: Question,
    file: Checked | None,
    *,
    now: datetime,
) -> Any:
    """Return what tells of a file: of the one that comes, or else of the one that is there."""
    if response.is_finished or file is None:
        former = row.value if row else None
        if former is None:
            reading.skip(question)
        return former
    return uploading.keep(response, question.key, file, now=now)


def _is_replay(
    quiz: Definition,
    response: Response,
    rows: Rows,
    question: Question,
    said: tuple[object, str],
) -> bool:
    """Return whether this very answer is kept already; raises Conflict where it cannot be."""
    path = branching.path(quiz, _values(rows), response.hidden)
    row = rows.get(question.key)
    same = row is not None and (row.value, row.other) == said
    if response.is_finished:
        if same and question.key == path[-1]:
            return True
        raise Conflict("This quiz is finished; its answers can no longer be changed.")
    if question.key not in path:
        raise Conflict("This question comes later, or not at all on your way.")
    return same


def _check_revision(row: Said | None, revision: int) -> None:
    if revision != (row.revision if row else 0):
        raise Stale("This question was answered in the meantime, perhaps in another window.")


def _keep(
    response: Response,
    row: Said | None,
    question: Question,
    said: tuple[object, str],
    *,
    now: datetime,
) -> Said:
    value, other = said
    if row is None:
        return holding.keep(response, question.key, value, other, now=now)
    changed = Said(value, other, row.revision + 1)
    return holding.change(response, question.key, changed, now=now)


def _leave_contact(
    response: Response, question: Question, value: Any, former: Any, *, now: datetime
) -> None:
    if not asks_email(question) and question.kind not in {Kind.CONTACT, Kind.PHONE}:
        return
    owner = response.contact_id
    leaving.leave(response, question, value, former=former, now=now)
    if response.contact_id != owner:
        response.save(update_fields=["contact"])


def _go_on(
    quiz: Definition,
    response: Response,
    rows: Rows,
    question: Question,
    *,
    now: datetime,
) -> Question | None:
    """Finish the response if its path has come to the end; return the next question."""
    values = _values(rows)
    if branching.waiting(quiz, values, response.hidden) is None:
        if not opening.has_room(response.version.quiz_id):
            raise QuizFull(opening.FULL.text)
        others = {key: row.other for key, row in rows.items() if row.other}
        finishing.finish(response, quiz, values, others=others, now=now)
        return None
    return _next(quiz, response, rows, question)


def _next(quiz: Definition, response: Response, rows: Rows, question: Question) -> Question | None:
    return branching.following(quiz, _values(rows), question.key, response.hidden)


def _values(rows: Rows) -> dict[str, Any]:
    return {key: row.value for key, row in rows.items()}
