"""Turning a draft into the JSON of a version: definition.py reads what this writes."""

from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from apps.quizzes.definition import plain
from apps.quizzes.models import Choice, Question, Quiz, Tier


def freeze(quiz: Quiz) -> dict[str, Any]:
    """Return the whole quiz as plain JSON; a jump is frozen by the key of its target."""
    questions = quiz.questions.prefetch_related(
        Prefetch("choices", Choice.objects.select_related("jump_to")),
        "choices__points__scale",
        "weights__scale",
    )
    return {
        "title": quiz.title,
        "slug": quiz.slug,
        "intro": quiz.intro,
        "start_label": quiz.start_label,
        "scoring": quiz.scoring,
        "scales": [{"key": scale.key, "label": scale.label} for scale in quiz.scales.all()],
        "questions": [_question(question) for question in questions],
        "tiers": [_tier(tier) for tier in quiz.tiers.select_related("scale")],
    }


def _question(question: Question) -> dict[str, Any]:
    common: dict[str, Any] = {
        "key": question.key,
        "kind": question.kind,
        "title": question.title,
        "help": question.help,
        "required": question.required,
    }
    return common | _of_its_kind(question)


def _of_its_kind(question: Question) -> dict[str, Any]:
    """Return what only this kind of question has; leftovers of another kind stay behind."""
    kinds = Question.Kind
    match question.kind:
        case kinds.SINGLE:
            return {"choices": _choices(question)}
        case kinds.SEVERAL:
            limits = {"least": question.least or 0, "most": question.most or 0}
            return {"choices": _choices(question, jumps=False), **limits}
        case kinds.SCALE | kinds.NUMBER:
            return {
                "minimum": _plain(question.minimum),
                "maximum": _plain(question.maximum),
                "step": _plain(question.step),
                "unit": question.unit,
                "low_label": question.low_label,
                "high_label": question.high_label,
                "reversed": question.reversed,
                "weights": _weights(question),
            }
        case kinds.YES_NO:
            return {"reversed": question.reversed, "weights": _weights(question)}
        case kinds.CONTACT:
            return {
                "fields": question.contact_fields(),
                "consent": question.consent_wording,
                "consent_required": question.consent_required,
            }
        case _:
            return {}


def _choices(question: Question, *, jumps: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "key": choice.key,
            "label": choice.label,
            "points": {points.scale.key: plain(points.value) for points in choice.points.all()},
            "jump": choice.jump_to.key if jumps and choice.jump_to else None,
            "ends": jumps and choice.jump_to_end,
        }
        for choice in question.choices.all()
    ]


def _weights(question: Question) -> dict[str, float]:
    return {weight.scale.key: plain(weight.value) for weight in question.weights.all()}


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "key": tier.key,
        "label": tier.label,
        "headline": tier.headline,
        "body": tier.body,
        "button_label": tier.button_label,
        "button_url": tier.button_url,
        "starts_at": _plain(tier.starts_at),
        "scale": tier.scale.key if tier.scale else "",
        "override_only": tier.override_only,
        "override": tier.override,
    }


def _plain(value: Decimal | None) -> int | float | None:
    return None if value is None else plain(value)
