"""The last step of every import: the spec becomes a draft, whole or not at all."""

from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from apps.quizzes.definition import load
from apps.quizzes.drafting import draft
from apps.quizzes.exchanging import UNREADABLE, Imported, Unreadable
from apps.quizzes.freezing import freeze
from apps.quizzes.importing.pruning import pruned, without_pages
from apps.quizzes.importing.report import Report
from apps.quizzes.models import Question, Quiz, Row
from apps.quizzes.models.question import Choice
from apps.quizzes.naming import free_key
from apps.quizzes.proving import prove
from apps.quizzes.ranges import outlook

MOST_QUESTIONS = 500
MOST_CHOICES = 5_000
MOST_PROVED = 120  # questions, and those of them that are shown by a rule
MOST_SHOWN = 20
UNSCORED = "no answers lead to this result, so nobody was shown it: it is left out."
NOWHERE = "No way of the source leads here, so nobody came to it: it is left out."


@dataclass(frozen=True)
class Places:
    """Where questions and endings stand in the source, by key."""

    questions: dict[str, str]
    endings: dict[str, str]
    tiers: dict[str, str] = field(default_factory=dict)


def written(spec: dict[str, Any], report: Report, keys: dict[str, str], places: Places) -> Imported:
    """Write the draft of a spec, as drafting.py describes it.

    Raises Unreadable, and then nothing is kept.
    """
    _check_size(spec)
    spec, lost, unused = pruned(spec)
    _check_size(spec)
    taken = set(Quiz.objects.values_list("slug", flat=True))
    slug = free_key(spec["title"], taken=taken, fallback="quiz")
    try:
        with transaction.atomic():
            quiz = draft({**spec, "slug": slug})
            _check(quiz)
            missed = _missed(quiz) if _is_soon_proved(spec) else None
            if missed:
                spec, later, besides = pruned(spec, missed.questions)
                lost |= later
                unused |= besides | missed.endings
                quiz.delete()
                quiz = draft({**without_pages(spec, missed.endings, missed.tiers), "slug": slug})
    except UNREADABLE:
        raise Unreadable("This form holds something that cannot be kept.") from None
    for told, gone in ((places.questions, lost), (places.endings, unused)):
        for key in told.keys() & gone:
            report.refused(told[key], NOWHERE)
    for key in sorted(missed.tiers) if missed else ():
        report.refused(places.tiers.get(key, "logic"), f"“{key}”: {UNSCORED}")
    left = {ref: key for ref, key in keys.items() if key not in lost}
    return Imported(quiz, report.lines, left)


@dataclass(frozen=True)
class Missed:
    """What no answers lead to, by key: a quiz that has such cannot be published."""

    questions: frozenset[str]
    endings: frozenset[str]
    tiers: frozenset[str]


def _is_soon_proved(spec: dict[str, Any]) -> bool:
    """Return whether all ways are looked through in seconds; nobody waits for more in an import."""
    shown = [one for one in spec["questions"] if one.get("visible") is not None]
    return len(spec["questions"]) <= MOST_PROVED and len(shown) <= MOST_SHOWN


def _missed(quiz: Quiz) -> Missed | None:
    definition = load(freeze(quiz))
    if not any(problem.code == "unreachable" for problem in prove(definition).errors):
        return None
    seen = outlook(definition)
    return Missed(
        questions=frozenset(
            one.key for place, one in enumerate(definition.questions) if seen.misses(place=place)
        ),
        endings=frozenset(one.key for one in definition.endings if seen.misses(ending=one.key)),
        tiers=frozenset(one.key for one in definition.tiers if seen.misses(tier=one.key)),
    )


def _check_size(spec: dict[str, Any]) -> None:
    if not spec["questions"]:
        raise Unreadable("There is no question in this file that could be imported.")
    if len(spec["questions"]) > MOST_QUESTIONS:
        raise Unreadable(f"At most {MOST_QUESTIONS} questions can be imported.")
    lists = [one.get(name, ()) for one in spec["questions"] for name in ("choices", "rows")]
    offered = sum(len(one) for one in lists)
    if offered > MOST_CHOICES:
        raise Unreadable(f"At most {MOST_CHOICES} choices can be imported.")


def _check(quiz: Quiz) -> None:
    """Raise ValidationError for a value that a form would not take."""
    rows: list[models.Model] = [quiz, *quiz.scales.all(), *quiz.tiers.all(), *quiz.endings.all()]
    rows += Question.objects.filter(quiz=quiz)
    rows += Choice.objects.filter(question__quiz=quiz)
    rows += Row.objects.filter(question__quiz=quiz)
    for row in rows:
        related = [field.name for field in row._meta.fields if field.is_relation]
        row.clean_fields(exclude=related)
