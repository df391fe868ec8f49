"""Writing a whole draft from one plain dict: for the demo, for tests, for imports.

    draft({
        "title": "Is your team ready?",
        "slug": "ready",                        # optional, like every key: made from the title
        "intro": "Markdown ...",
        "scoring": "tiers",                     # or "outcomes"
        "scales": [{"key": "score", "label": "Score"}],        # this one is the default
        "questions": [
            {
                "key": "size", "kind": "single", "title": "How large is your team?",
                "choices": [
                    {"key": "small", "label": "Up to 10", "points": 1},   # on the first scale
                    {"key": "large", "label": "More", "points": {"score": 5}, "jump": "email"},
                    {"key": "none", "label": "No team", "ends": True},
                ],
            },
            {"kind": "scale", "title": "How sure are you?", "minimum": 1, "maximum": 5,
             "low_label": "Not at all", "high_label": "Very", "weights": 2},
            {"key": "email", "kind": "contact", "title": "Where to?",
             "fields": ["first_name", "email"], "consent": "Yes, write to me."},
        ],
        "tiers": [
            {"key": "cold", "label": "Cold", "headline": "Not yet"},
            {"key": "hot", "label": "Hot", "headline": "Go", "starts_at": 5,
             "button_label": "Book a call", "button_url": "https://example.com/"},
            {"key": "no", "label": "No fit", "headline": "Sorry", "override_only": True,
             "override": {"trait": "answer.size", "op": "is", "value": "none"}},
        ],
    })

Other names are the columns of the models. Order in the lists is order in the quiz.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from apps.quizzes.models import Choice, Points, Question, Quiz, Scale, Tier, Weight
from apps.quizzes.models.question import CONTACT_FIELDS

Spec = Mapping[str, Any]
MAIN = {"key": "score", "label": "Score"}


def draft(spec: Spec) -> Quiz:
    """Write a draft quiz. Raises KeyError for a scale or question that is not in the spec."""
    columns = {key: spec[key] for key in spec if key not in {"scales", "questions", "tiers"}}
    with transaction.atomic():
        quiz = Quiz.objects.create(**columns)
        scales = [
            Scale.objects.create(quiz=quiz, position=place, **item)
            for place, item in enumerate(spec.get("scales", [MAIN]))
        ]
        by_key = {scale.key: scale for scale in scales}
        _write_questions(quiz, spec.get("questions", ()), by_key)
        for place, item in enumerate(spec.get("tiers", ())):
            scale = by_key[item["scale"]] if item.get("scale") else None
            Tier.objects.create(**{**item, "quiz": quiz, "position": place, "scale": scale})
    return quiz


def _write_questions(quiz: Quiz, specs: Iterable[Spec], scales: Mapping[str, Scale]) -> None:
    """Write all questions before the first choice: a choice may jump to a later question."""
    written = [(_write_question(quiz, spec, place), spec) for place, spec in enumerate(specs)]
    by_key = {question.key: question for question, _ in written}
    for question, spec in written:
        for scale, value in _by_scale(spec.get("weights"), scales):
            Weight.objects.create(question=question, scale=scale, value=value)
        for place, item in enumerate(spec.get("choices", ())):
            choice = Choice.objects.create(
                question=question,
                key=item.get("key", ""),
                label=item["label"],
                position=place,
                jump_to=by_key[item["jump"]] if item.get("jump") else None,
                jump_to_end=item.get("ends", False),
            )
            for scale, value in _by_scale(item.get("points"), scales):
                Points.objects.create(choice=choice, scale=scale, value=value)


def _write_question(quiz: Quiz, spec: Spec, place: int) -> Question:
    columns = {
        key: spec[key]
        for key in spec
        if key not in {"choices", "weights", "fields", "consent", "consent_required"}
    }
    if "fields" in spec:
        columns |= {f"ask_{name}": name in spec["fields"] for name in CONTACT_FIELDS}
    return Question.objects.create(
        quiz=quiz,
        position=(place + 1) * 10,
        consent_wording=spec.get("consent", ""),
        consent_required=spec.get("consent_required", False),
        **columns,
    )


def _by_scale(given: Any, scales: Mapping[str, Scale]) -> list[tuple[Scale, Any]]:
    """Return what counts on which scale; a bare number counts on the first one."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return [(next(iter(scales.values())), given)]
    return [(scales[key], value) for key, value in given.items()]
