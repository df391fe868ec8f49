"""Trying a draft out: the respondent's own pages and verbs, and nothing stays of it.

Each request of a trial begins a response on the draft, frozen as publishing would freeze it,
repeats in it what was sent so far, answers, and rolls everything back: no version, no response,
no contact, no event. What is kept between two requests is what the author sent, for a day.

A token names the quiz, the question to begin at and the author, and is signed: showing the
first page stores nothing.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from csp.constants import SELF
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.accounts.models import User
from apps.quizzes import sampling, taking
from apps.quizzes.answers import AnswerError
from apps.quizzes.definition import Kind, load
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Answer, Quiz, Response, Trial, Version
from apps.quizzes.proving import prove
from apps.quizzes.publishing import digest

PREFIX = "preview-"
LASTS = timedelta(days=1)
MOST_SENT = 300  # forms
LONGEST_SENT = 300_000  # characters of them together
MOST_TRIALS = 20  # of one author
STAND_IN = b"%PDF-"
Json = dict[str, Any]


class TooLong(taking.Conflict):
    """So much was sent in this trial that it is not kept any longer."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says."""

    quiz: int
    question: int  # to begin at; 0: at the first
    user: int
    nonce: str
    made: int  # seconds


def is_token(token: str) -> bool:
    return token.startswith(PREFIX)


def token_for(quiz: Quiz, *, by: User, now: datetime, question: int = 0) -> str:
    ticket = (quiz.pk, question, by.pk, secrets.token_hex(8), int(now.timestamp()))
    words = "-".join(map(str, ticket))
    return f"{PREFIX}{words}-{_signature(words)}"


def _signature(words: str) -> str:
    return salted_hmac("quizzes.preview", words, algorithm="sha256").hexdigest()[:40]


def _ticket(token: str, *, now: datetime) -> Ticket:
    words, _, signature = token.removeprefix(PREFIX).rpartition("-")
    if not constant_time_compare(signature, _signature(words)):
        raise taking.UnknownToken("There is no such page.")
    quiz, question, user, nonce, made = words.split("-")
    if not timedelta() <= now - datetime.fromtimestamp(int(made), tz=now.tzinfo) <= LASTS:
        raise taking.UnknownToken("This preview has ended: open it again in the studio.")
    return Ticket(int(quiz), int(question), int(user), nonce, int(made))


def begin(quiz: Quiz, definition: Json, *, by: User, now: datetime, question: int = 0) -> str:
    """Keep a draft that is not saved, to be tried out; return the token."""
    token = token_for(quiz, by=by, now=now, question=question)
    _store(token, quiz.pk, by.pk, definition, now=now)
    return token


def _store(token: str, quiz: int, user: int, definition: Json, *, now: datetime) -> Trial:
    trials = Trial.objects.filter(by=user)
    forget(now=now)
    trials.filter(pk__in=list(trials.values_list("pk", flat=True)[MOST_TRIALS - 1 :])).delete()
    return Trial.objects.create(
        quiz_id=quiz,
        by_id=user,
        token_hash=taking.hashed(token),
        definition=definition,
        begun_at=now,
    )


def forget(*, now: datetime) -> None:
    """Forget trials that have ended, with what was sent in them."""
    Trial.objects.filter(begun_at__lt=now - LASTS).delete()


@contextmanager
def played(token: str, *, now: datetime) -> Iterator[None]:
    """Let the token's response be there inside, as far as it has come; then undo it all.

    Raises UnknownToken; also where the draft has errors, for then nobody can take it.
    """
    ticket = _ticket(token, now=now)
    with transaction.atomic():
        trial = Trial.objects.filter(token_hash=taking.hashed(token)).first()
        quiz = Quiz.objects.filter(pk=ticket.quiz).first()
        if quiz is None:
            raise taking.UnknownToken("This quiz is not there any more.")
        source = trial.definition if trial else freeze(quiz)
        _replay(quiz, source, token, ticket, trial.sent if trial else [], now=now)
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _replay(
    quiz: Quiz, source: Json, token: str, ticket: Ticket, sent: list[Any], *, now: datetime
) -> None:
    definition = load(source)
    if prove(definition).errors:
        raise taking.UnknownToken("This draft has errors: mend them to try it out.")
    version = Version.objects.create(
        quiz=quiz, number=0, definition=source, digest=digest(source), published_at=now
    )
    response = Response.objects.create(
        version=version, token_hash=taking.hashed(token), started_at=now
    )
    first = quiz.questions.filter(pk=ticket.question).values_list("key", flat=True).first()
    before = sampling.way_to(definition, first, seed=ticket.nonce) if first else {}
    for key, value in before.items():
        Answer.objects.create(response=response, question_key=key, value=value, answered_at=now)
    for key, form in sent:
        asked = definition.question(key)
        file = _stand_in(form) if asked and asked.kind is Kind.FILE else None
        revision = int(form.get("revision", ["0"])[0])
        with suppress(taking.TakingError, AnswerError):  # as it was answered then
            taking.answer(response.token_hash, key, form, revision=revision, now=now, file=file)


def _stand_in(form: Mapping[str, list[str]]) -> SimpleUploadedFile | None:
    """Return a file of that name without what was in it."""
    name = form.get("file", [""])[0]
    return SimpleUploadedFile(name, STAND_IN) if name else None


def keep(
    token: str, key: str, form: Mapping[str, list[str]], *, file: str = "", now: datetime
) -> None:
    """Keep what was sent, to be repeated. Raises TooLong."""
    ticket = _ticket(token, now=now)
    fields = {**form, "file": [file]} if file else dict(form)
    with transaction.atomic():
        trials = Trial.objects.select_for_update()
        trial = trials.filter(token_hash=taking.hashed(token)).first()
        if trial is None:
            quiz = Quiz.objects.get(pk=ticket.quiz)
            trial = _store(token, quiz.pk, ticket.user, freeze(quiz), now=now)
        sent = [*trial.sent, [key, fields]]
        if len(sent) > MOST_SENT or len(str(sent)) > LONGEST_SENT:
            raise TooLong("This preview has become too long: open it again in the studio.")
        trial.sent = sent
        trial.save(update_fields=["sent"])


def framed(response: HttpResponse) -> HttpResponse:
    """Let the studio, and nobody else, show a page in a frame."""
    response["X-Frame-Options"] = "SAMEORIGIN"
    response._csp_replace = {"frame-ancestors": [SELF]}  # type: ignore[attr-defined]
    return response
