"""What stands beside a quiz while it is written: its questions, the proof, its versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse

from apps.quizzes import conditions, overrides
from apps.quizzes.backtest.reading import finished
from apps.quizzes.branching import answered
from apps.quizzes.definition import Definition, Tier, load, of, plain
from apps.quizzes.freezing import freeze
from apps.quizzes.holding import said
from apps.quizzes.models import Quiz, Rescoring, Response
from apps.quizzes.problems import Problem
from apps.quizzes.proving import Proof, prove
from apps.quizzes.publishing import digest
from apps.quizzes.scoring import reach
from apps.quizzes.screens import spoken
from apps.quizzes.taking import given
from apps.quizzes.theming import Preview, Theme, previews
from apps.quizzes.wording import answer_text, share_text
from apps.rules.catalogue import TraitSpec
from apps.rules.errors import RuleError

MOST_RESCORINGS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A problem with the address where it is mended."""

    message: str
    blocks: bool
    url: str


@dataclass(frozen=True, slots=True)
class Reach:
    """A scale with the lowest and highest score any path gives."""

    label: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """A tier, how one comes to it, and its share of all ways to answer."""

    label: str
    way: str
    share: str | None


def proof_panel(quiz: Quiz) -> dict[str, Any]:
    """Return what the quiz's page shows beside its form."""
    questions = list(quiz.questions.prefetch_related("choices__jump_to"))
    source = freeze(quiz)
    definition = load(source)
    proof = prove(definition)
    ids = {question.key: question.pk for question in questions}
    versions = list(quiz.versions.defer("definition").select_related("by"))
    return {
        "questions": questions,
        "problems": [_found(problem, ids) for problem in proof.problems],
        "errors_in_the_way": len(proof.errors),
        "reaches": list(reaches(definition, proof)),
        "bands": list(bands(definition, proof)),
        "theme_previews": _previews(quiz),
        "override_traits": _traits(definition),
        "versions": versions,
        "responses_finished": finished(quiz).count(),
        "rescorings": list(_rescorings(quiz)),
        "next_number": versions[0].number + 1 if versions else 1,
        "unpublished": not versions or versions[0].digest != digest(source),
        "public_url": settings.PUBLIC_URL + quiz.get_absolute_url(),
    }


def _previews(quiz: Quiz) -> list[Preview]:
    try:
        return previews(Theme.of(quiz.theme)) if quiz.theme else []
    except ValidationError:  # the proof says what is wrong with it
        return []


def _rescorings(quiz: Quiz) -> QuerySet[Rescoring]:
    rows = quiz.rescorings.select_related("version", "by").defer("version__definition")
    return rows[:MOST_RESCORINGS]


def _found(problem: Problem, ids: Mapping[str, int]) -> Found:
    url = "#questions"
    if problem.question in ids:
        url = reverse("admin:quizzes_question_change", args=[ids[problem.question]])
    elif problem.tier:
        url = "#tiers-group"
    return Found(problem.message, problem.blocks, url)


def reaches(definition: Definition, proof: Proof) -> Iterator[Reach]:
    for scale in definition.scales:
        if scale.key in proof.ranges:
            low, high = proof.ranges[scale.key]
            yield Reach(scale.label, plain(low), plain(high))


def bands(definition: Definition, proof: Proof) -> Iterator[Band]:
    for tier in definition.tiers:
        share = None if proof.shares is None else share_text(proof.shares[tier.key])
        yield Band(tier.label, _way(definition, tier), share)


def _way(definition: Definition, tier: Tier) -> str:
    """Return in words how one comes to a tier."""
    if tier.override_only:
        way = ""
    elif definition.scoring == Quiz.Scoring.OUTCOMES:
        labels = {scale.key: scale.label for scale in definition.scales}
        way = f"most points on {labels.get(tier.scale, '…')}"
    else:
        way = reach(definition.tiers, tier)
    try:
        rule = overrides.sentence(tier, definition) if tier.override is not None else ""
    except RuleError:
        rule = "a rule that cannot be read"
    return "; or whatever the score: ".join(filter(None, (way, rule))) or "nothing leads here"


def _traits(definition: Definition) -> list[TraitSpec]:
    return list(conditions.catalogue(definition).traits.values())


def receipt_panel(response: Response) -> dict[str, Any]:
    """Return the receipt of a finished response, or the answers of one under way."""
    receipt = response.receipt
    if receipt is None:
        return {"receipt_lines": list(_answers_so_far(response))}
    scales = [total["scale"] for total in receipt["totals"]]
    lines = [
        {**line, "points": [line["points"][scale] for scale in scales]} for line in receipt["lines"]
    ]
    return {
        "receipt_lines": lines,
        "receipt_totals": receipt["totals"],
        "receipt_scales": [total["label"] for total in receipt["totals"]],
    }


def _answers_so_far(response: Response) -> Iterator[dict[str, str]]:
    quiz = of(response)
    rows = said(response)
    for key, value in answered(quiz, given(response), response.hidden).items():
        question = spoken(response, quiz.questions[quiz.places[key]], rows)
        yield {"title": question.title, "answer": answer_text(question, value)}
