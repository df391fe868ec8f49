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
            {
                "key": "habits", "kind": "matrix", "title": "How often?",
                "rows": [{"key": "run", "label": "You run", "reversed": True}],
                "choices": [{"label": "Never", "points": 0}, {"label": "Daily", "points": 3}],
                "visible": {"trait": "answer.size", "op": "is_not", "value": "none"},
                "jumps": [
                    {"rule": {"trait": "score", "op": "less_than", "value": 2}, "to": "email"},
                    {"rule": {"trait": "answer.habits.run", "op": "is_set"}, "ending": "thanks"},
                ],
            },
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
        "endings": [{"key": "thanks", "label": "Thanks", "headline": "Thank you"}],
    })

A jump without a rule always leads away; with neither "to" nor "ending" it leads to the end.
Other names are the columns of the models. Order in the lists is order in the quiz.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from apps.quizzes.models import (
    Choice,
    Ending,
    Jump,
    Points,
    Question,
    Quiz,
    Row,
    Scale,
    Tier,
    Weight,
)
from apps.quizzes.models.question import CONTACT_FIELDS

Spec = Mapping[str, Any]
PARTS = frozenset({"scales", "questions", "tiers", "endings"})
OF_QUESTIONS = frozenset(
    {"choices", "rows", "jumps", "weights", "fields", "consent", "consent_required"}
)
MAIN = {"key": "score", "label": "Score"}


def draft(spec: Spec) -> Quiz:
    """Write a draft quiz. Raises KeyError for a scale, question or ending not in the spec."""
    with transaction.atomic():
        quiz = Quiz.objects.create(**_columns(spec))
        _write_parts(quiz, spec)
    return quiz


def rewrite(quiz: Quiz, spec: Spec) -> None:
    """Write a draft anew in place of what it is. Parts may say their "id"; raises as draft()."""
    with transaction.atomic():
        Jump.objects.filter(question__quiz=quiz).delete()
        for parts in (quiz.questions, quiz.tiers, quiz.endings, quiz.scales):
            parts.all().delete()
        for name, value in _columns(spec).items():
            setattr(quiz, name, value)
        quiz.save()
        _write_parts(quiz, spec)


def add_question(quiz: Quiz, spec: Spec, *, place: int) -> Question:
    """Write one more question, asked at that place (0: first); those behind it move on."""
    scales = {scale.key: scale for scale in quiz.scales.all()}
    endings = {ending.key: ending for ending in quiz.endings.all()}
    with transaction.atomic():
        ordered = list(quiz.questions.all())
        question = _write_question(quiz, spec, len(ordered))
        ordered.insert(place, question)
        for number, one in enumerate(ordered, start=1):
            one.position = number * 10
        Question.objects.bulk_update(ordered, ["position"])
        _write_inside(question, spec, {one.key: one for one in ordered}, scales, endings)
    return question


def _columns(spec: Spec) -> dict[str, Any]:
    return {key: spec[key] for key in spec if key not in PARTS}


def _write_parts(quiz: Quiz, spec: Spec) -> None:
    scales = [
        Scale.objects.create(quiz=quiz, position=place, **item)
        for place, item in enumerate(spec.get("scales", [MAIN]))
    ]
    by_key = {scale.key: scale for scale in scales}
    endings = {
        ending.key: ending
        for place, item in enumerate(spec.get("endings", ()))
        for ending in [Ending.objects.create(quiz=quiz, position=place, **item)]
    }
    _write_questions(quiz, spec.get("questions", ()), by_key, endings)
    for place, item in enumerate(spec.get("tiers", ())):
        scale = by_key[item["scale"]] if item.get("scale") else None
        Tier.objects.create(**{**item, "quiz": quiz, "position": place, "scale": scale})


def _write_questions(
    quiz: Quiz,
    specs: Iterable[Spec],
    scales: Mapping[str, Scale],
    endings: Mapping[str, Ending],
) -> None:
    """Write all questions before the first jump: it may lead to a later question."""
    written = [(_write_question(quiz, spec, place), spec) for place, spec in enumerate(specs)]
    by_key = {question.key: question for question, _ in written}
    for question, spec in written:
        _write_inside(question, spec, by_key, scales, endings)


def _write_inside(
    question: Question,
    spec: Spec,
    by_key: Mapping[str, Question],
    scales: Mapping[str, Scale],
    endings: Mapping[str, Ending],
) -> None:
    for scale, value in _by_scale(spec.get("weights"), scales):
        Weight.objects.create(question=question, scale=scale, value=value)
    for place, item in enumerate(spec.get("choices", ())):
        _write_choice(question, item, place, by_key, scales)
    for place, item in enumerate(spec.get("rows", ())):
        Row.objects.create(question=question, position=place, **item)
    for place, item in enumerate(spec.get("jumps", ())):
        Jump.objects.create(
            question=question,
            position=place,
            rule=item.get("rule"),
            to=by_key[item["to"]] if item.get("to") else None,
            ending=endings[item["ending"]] if item.get("ending") else None,
        )


def _write_choice(
    question: Question,
    item: Spec,
    place: int,
    by_key: Mapping[str, Question],
    scales: Mapping[str, Scale],
) -> None:
    choice = Choice.objects.create(
        question=question,
        key=item.get("key", ""),
        label=item["label"],
        position=place,
        jump_to=by_key[item["jump"]] if item.get("jump") else None,
        jump_to_end=item.get("ends", False),
        is_other=item.get("other", False),
        picture=item.get("picture"),
    )
    for scale, value in _by_scale(item.get("points"), scales):
        Points.objects.create(choice=choice, scale=scale, value=value)


def _write_question(quiz: Quiz, spec: Spec, place: int) -> Question:
    columns = {key: spec[key] for key in spec if key not in OF_QUESTIONS}
    # a version says 0 where the author sets no limit
    columns |= {name: None for name in ("least", "most") if columns.get(name) == 0}
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
