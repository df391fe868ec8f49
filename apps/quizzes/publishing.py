"""Publishing: a draft that passes its proof becomes the next version, frozen for ever."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.contacts import traits
from apps.contacts.models import Trait
from apps.quizzes.definition import Definition, load
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz, Version
from apps.quizzes.problems import Problem
from apps.quizzes.proving import Proof, proof, prove
from apps.quizzes.traits import trait_specs
from apps.rules.kinds import Option

__all__ = ["Outdated", "Problem", "Proof", "PublishError", "proof", "publish"]


class PublishError(Exception):
    """A draft has errors; `problems` lists them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


class Outdated(Exception):
    """The draft is not the one that was tried."""

    def __init__(self) -> None:
        super().__init__(
            "The draft was changed meanwhile. Nothing was published: this is what it does now."
        )


def publish(quiz: Quiz, *, by: User | None, now: datetime, expected: str = "") -> Version:
    """Freeze the draft into its next version, define its traits and open the quiz.

    `expected`: the digest of the draft that is meant. Raises PublishError and Outdated, and
    then changes nothing. Responses under way stay on the version they began.
    """
    with transaction.atomic():
        quiz = Quiz.objects.select_for_update().get(pk=quiz.pk)
        source = freeze(quiz)
        if expected and digest(source) != expected:
            raise Outdated
        definition = load(source)
        errors = prove(definition).errors
        if errors:
            raise PublishError(errors)
        version = _add_version(quiz, source, by=by, now=now)
        _define_traits(definition)
        Quiz.objects.filter(pk=quiz.pk).update(status=Quiz.Status.OPEN, updated_at=now)
    return version


def _add_version(quiz: Quiz, source: dict[str, Any], *, by: User | None, now: datetime) -> Version:
    last = quiz.versions.aggregate(last=Max("number"))["last"] or 0
    return Version.objects.create(
        quiz=quiz,
        number=last + 1,
        definition=source,
        digest=digest(source),
        published_at=now,
        by=by,
    )


def digest(source: dict[str, Any]) -> str:
    """Return what tells one definition from another."""
    return hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()


def _define_traits(definition: Definition) -> None:
    specs = trait_specs(definition)
    known = {trait.key: trait for trait in Trait.objects.filter(key__in=[one.key for one in specs])}
    for spec in specs:
        former = known.get(spec.key)
        traits.define(
            spec.key,
            label=spec.label,
            kind=spec.kind,
            options=_with_former(spec.options, former.options if former else []),
            source=f"Quiz {definition.slug}",
        )


def _with_former(options: tuple[Option, ...], former: list[dict[str, str]]) -> list[Option]:
    """Keep options that older versions had: contacts hold them, and rules may name them."""
    values = {option.value for option in options}
    gone = [Option(one["value"], one["label"]) for one in former if one["value"] not in values]
    return [*options, *gone]
