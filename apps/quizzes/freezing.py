"""Turning a draft into the JSON of a version: definition.py reads what this writes."""

from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from apps.quizzes.definition import MANY, NUMBERS, OFFERING, ONE, Kind, plain
from apps.quizzes.models import Choice, Ending, Jump, Picture, Question, Quiz, Row, Scale, Tier

NPS_ENDS = {"minimum": 0, "maximum": 10}
RATING_ENDS = {"minimum": 1, "maximum": 5}


def freeze(quiz: Quiz) -> dict[str, Any]:
    """Return the whole quiz as plain JSON; a jump is frozen by the key of its target.

    What is as it usually is stays out: so what an older version froze is still the same.
    """
    questions = (
        quiz.questions.select_related("picture")
        .defer("picture__data")
        .prefetch_related(
            Prefetch(
                "choices",
                Choice.objects.select_related("jump_to", "picture").defer("picture__data"),
            ),
            Prefetch("jumps", Jump.objects.select_related("to", "ending")),
            "choices__points__scale",
            "weights__scale",
            "rows",
        )
    )
    usual = {
        "bands": quiz.bands if quiz.bands != Quiz.Bands.POINTS else None,
        "hidden": quiz.hidden,
        "endings": [_ending(ending) for ending in _with_picture(quiz.endings.all())],
        "chart": quiz.chart,
        "shareable": quiz.shareable,
        "downloadable": quiz.downloadable,
        "theme": quiz.theme,
    }
    return {
        "title": quiz.title,
        "slug": quiz.slug,
        "intro": quiz.intro,
        "start_label": quiz.start_label,
        "scoring": quiz.scoring,
        "scales": [_scale(scale) for scale in quiz.scales.all()],
        "questions": [_question(question) for question in questions],
        "tiers": [_tier(tier) for tier in _with_picture(quiz.tiers.select_related("scale"))],
        **_said(usual),
    }


def _with_picture(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("picture").defer("picture__data")


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _scale(scale: Scale) -> dict[str, Any]:
    method = {"method": scale.method} if scale.method != Scale.Method.SUM else {}
    return {"key": scale.key, "label": scale.label, **method}


def _question(question: Question) -> dict[str, Any]:
    common: dict[str, Any] = {
        "key": question.key,
        "kind": question.kind,
        "title": question.title,
        "help": question.help,
        "required": question.required,
    }
    picture = question.picture
    more = {
        "picture": picture.token if picture else "",
        "picture_alt": question.picture_alt or picture.alt if picture else "",
        "jumps": [_jump(jump) for jump in question.jumps.all()],
    }
    if question.visible is not None:
        more["visible"] = question.visible
    return common | _of_its_kind(question) | _said(more)


def _of_its_kind(question: Question) -> dict[str, Any]:
    """Return what only this kind of question has; leftovers of another kind stay behind."""
    kind = Kind(question.kind)
    if kind in OFFERING:
        return _offered(question, kind)
    if kind in NUMBERS:
        return _number(question, kind)
    match kind:
        case Kind.YES_NO:
            return {"reversed": question.reversed, "weights": _weights(question)}
        case Kind.CONSENT:
            own = {"consent": question.consent_wording, "weights": _weights(question)}
            return {**own, "consent_required": question.consent_required}
        case Kind.CONTACT:
            return {
                "fields": question.contact_fields(),
                "consent": question.consent_wording,
                "consent_required": question.consent_required,
            }
        case Kind.TEXT | Kind.LONG_TEXT:
            return _said({"longest": question.longest})
        case _:
            return {}


def _number(question: Question, kind: Kind) -> dict[str, Any]:
    ends: dict[str, float | None] = {
        "minimum": _plain(question.minimum),
        "maximum": _plain(question.maximum),
    }
    if kind is Kind.NPS:
        ends = dict(NPS_ENDS)
    elif kind is Kind.RATING:
        ends = {name: RATING_ENDS[name] if end is None else end for name, end in ends.items()}
    return {
        **ends,
        "step": _plain(question.step) if kind in {Kind.SCALE, Kind.NUMBER} else None,
        "unit": question.unit,
        "low_label": question.low_label,
        "high_label": question.high_label,
        "reversed": question.reversed,
        "weights": _weights(question),
        **_said({"mapping": question.mapping}),
    }


def _offered(question: Question, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"choices": _choices(question, jumps=kind in ONE)}
    if kind in MANY:
        found |= {"least": question.least or 0, "most": question.most or 0}
    if kind is Kind.MATRIX:
        found["rows"] = [_row(row) for row in question.rows.all()]
    elif question.order != Question.Order.LISTED:
        found["order"] = question.order
    return found


def _row(row: Row) -> dict[str, Any]:
    return {"key": row.key, "label": row.label, **_said({"reversed": row.reversed})}


def _choices(question: Question, *, jumps: bool) -> list[dict[str, Any]]:
    return [
        {
            "key": choice.key,
            "label": choice.label,
            "points": {points.scale.key: plain(points.value) for points in choice.points.all()},
            "jump": choice.jump_to.key if jumps and choice.jump_to else None,
            "ends": jumps and choice.jump_to_end,
            **_said({"other": choice.is_other}),
            **_said({"picture": choice.picture.token if choice.picture else ""}),
        }
        for choice in question.choices.all()
    ]


def _jump(jump: Jump) -> dict[str, Any]:
    return {
        "rule": jump.rule,
        "to": jump.to.key if jump.to else None,
        "ending": jump.ending.key if jump.ending else None,
    }


def _ending(ending: Ending) -> dict[str, Any]:
    names = ("key", "label", "headline", "body", "button_label", "button_url", "is_default")
    return {name: getattr(ending, name) for name in names} | _pictured(ending.picture)


def _pictured(picture: Picture | None) -> dict[str, str]:
    return {"picture": picture.token, "picture_alt": picture.alt} if picture else {}


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
        **_pictured(tier.picture),
    }


def _plain(value: Decimal | None) -> int | float | None:
    return None if value is None else plain(value)
