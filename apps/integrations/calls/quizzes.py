"""Quizzes: proved, published, and tried out with answers."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body as OfBody
from ninja import Query, Router
from pydantic import Field

from apps.integrations import schemas
from apps.integrations.guard import READ, WRITE
from apps.integrations.models import ApiToken
from apps.integrations.refusals import Refusal, not_found
from apps.integrations.schemas import Answer, Body, Text
from apps.quizzes import exchanging, importing, publishing, simulating
from apps.quizzes.definition import plain
from apps.quizzes.models import Quiz
from apps.quizzes.problems import Problem
from apps.quizzes.proving import Proof, proof

router = Router(tags=["quizzes"])

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
MOST_ANSWERS = 500


class RangeAnswer(Answer):
    min: float
    max: float


class TierAnswer(Answer):
    reachable: bool
    share: float | None


class ProofAnswer(Answer):
    scales: dict[str, RangeAnswer]
    tiers: dict[str, TierAnswer]
    errors: list[schemas.Problem]
    warnings: list[schemas.Problem]


class PublishBody(Body):
    """Nothing needs to be sent."""


class VersionAnswer(Answer):
    version: int


class SimulateBody(Body):
    """`version` is left out for the draft. `hidden` is what would come with the address."""

    answers: Annotated[dict[Text, Any], Field(max_length=MOST_ANSWERS)]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    hidden: Annotated[dict[Text, Text], Field(max_length=MOST_ANSWERS)] = {}


class LineAnswer(Answer):
    question: str
    title: str
    answer: str
    points: dict[str, float]


class SimulateAnswer(Answer):
    path: list[str]
    next: str | None
    complete: bool
    ending: str | None
    scores: dict[str, float]
    percent: dict[str, float]
    tier: str
    receipt: list[LineAnswer]


class ReportLine(Answer):
    at: str
    outcome: Literal["imported", "approximated", "refused"]
    why: str


class ImportAnswer(Answer):
    slug: str
    report: list[ReportLine]
    keys: dict[str, str]


@router.post("/quizzes/import", auth=WRITE, response=ImportAnswer)
def import_quiz(
    request: HttpRequest,
    data: Annotated[dict[str, Any], OfBody()],
    source: Annotated[str, Query(alias="format")],
) -> dict[str, Any]:
    """Make a draft of a quiz written elsewhere, and say what became of each of its elements.

    `format` says where it comes from: typeform, surveyjs, or tidemark, which is what this product
    writes out itself.
    """
    reader = importing.FORMATS.get(source)
    if reader is None:
        known = ", ".join(importing.FORMATS)
        raise Refusal("wrong_value", f"Expected one of {known}.", at="format")
    try:
        found = reader(data)
    except exchanging.Unreadable as error:
        raise Refusal("unreadable", str(error), at=error.at) from None
    return {"slug": found.quiz.slug, "report": found.report, "keys": found.keys}


@router.post("/quizzes/{str:slug}/publish", auth=WRITE, response=VersionAnswer)
def publish(
    request: HttpRequest, slug: str, data: PublishBody | None = None
) -> dict[str, int] | HttpResponse:
    """Freeze the draft into its next version. With errors in the proof: 422, and they are listed.

    Whoever has begun stays on the version they began.
    """
    token = cast("ApiToken", getattr(request, "auth"))  # noqa: B009
    try:
        version = publishing.publish(quiz_of(slug), by=token.user, now=timezone.now())
    except publishing.PublishError as error:
        return _unsound(error)
    return {"version": version.number}


@router.get("/quizzes/{str:slug}/proof", auth=READ, response=ProofAnswer)
def get_proof(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Prove the draft as it stands: errors block publishing, warnings explain.

    `share` is the part of all ways to answer that lead to the tier; null while errors are in
    the way. Where it is estimated from a sample, a warning says so.
    """
    quiz = quiz_of(slug)
    found = proof(quiz)
    return {
        "scales": {scale: _range(*ends) for scale, ends in found.ranges.items()},
        "tiers": {tier.key: _tier(tier.key, found) for tier in quiz.tiers.all()},
        "errors": [_problem(problem) for problem in found.errors],
        "warnings": [_problem(problem) for problem in found.warnings],
    }


@router.post("/quizzes/{str:slug}/simulate", auth=READ, response=SimulateAnswer)
def simulate(request: HttpRequest, slug: str, data: SimulateBody) -> dict[str, Any] | HttpResponse:
    """Say where answers lead and what they come to, of the draft or of a version.

    Answers that are not on the path count nothing. Statements need no answer; a question that
    may be skipped counts as skipped where it is left out and a later one is answered.
    """
    try:
        definition = simulating.definition_of(quiz_of(slug), version=data.version)
        found = simulating.simulate(definition, data.answers, data.hidden)
    except simulating.UnknownVersion as error:
        raise not_found(str(error), at="version") from None
    except simulating.BadAnswer as error:
        at = f"answers.{error.at}" if error.at else "hidden"
        raise Refusal("wrong_value", str(error), at=at) from None
    except publishing.PublishError as error:
        return _unsound(error)
    result = found.result
    return {
        "path": found.path,
        "next": found.next,
        "complete": found.complete,
        "ending": result.ending if found.complete else None,
        "scores": result.scores,
        "percent": result.percents,
        "tier": result.tier.key,
        "receipt": list(result.receipt.lines),
    }


def quiz_of(slug: str) -> Quiz:
    """Return the quiz. Raises Refusal."""
    found = Quiz.objects.filter(slug=slug).first() if SLUG.fullmatch(slug) else None
    if found is None:
        raise not_found("There is no such quiz.")
    return found


def _range(low: Decimal, high: Decimal) -> dict[str, float]:
    return {"min": plain(low), "max": plain(high)}


def _tier(key: str, found: Proof) -> dict[str, Any]:
    share = None if found.shares is None else found.shares.get(key, 0)
    return {"reachable": key in found.reached, "share": share}


def _problem(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "message": problem.message, "at": _place(problem)}


def _place(problem: Problem) -> str:
    if problem.question:
        return f"questions.{problem.question}"
    return f"tiers.{problem.tier}" if problem.tier else ""


def _unsound(error: publishing.PublishError) -> HttpResponse:
    """Return the refusal with every error of the proof beside it."""
    first = error.problems[0]
    refusal = Refusal("unsound", first.message, at=_place(first))
    listed = [_problem(problem) for problem in error.problems]
    return JsonResponse({**refusal.as_json(), "errors": listed}, status=422)
