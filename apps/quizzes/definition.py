"""A published quiz as frozen values, read from the JSON of its version.

Branching, scoring and the pages know a quiz only in this form. The JSON is written by
freezing.py; the two are tested against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from apps.quizzes.models import Response, Version


class Kind(StrEnum):
    SINGLE = "single"
    SEVERAL = "several"
    SCALE = "scale"
    NUMBER = "number"
    YES_NO = "yes_no"
    TEXT = "text"
    EMAIL = "email"
    CONTACT = "contact"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    label: str
    points: Mapping[str, Decimal]  # by scale
    jump: str | None = None  # the question it leads to, where that is not the next one
    ends: bool = False


@dataclass(frozen=True)
class Question:
    key: str
    kind: Kind
    title: str
    help: str = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    weights: Mapping[str, Decimal] = field(default_factory=dict)  # by scale
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    unit: str = ""
    low_label: str = ""
    high_label: str = ""
    reversed: bool = False
    least: int = 0
    most: int = 0
    fields: tuple[str, ...] = ()
    consent: str = ""
    consent_required: bool = False

    @cached_property
    def by_key(self) -> Mapping[str, Choice]:
        return {choice.key: choice for choice in self.choices}


@dataclass(frozen=True, slots=True)
class Scale:
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Tier:
    key: str
    label: str
    headline: str = ""
    body: str = ""
    button_label: str = ""
    button_url: str = ""
    starts_at: Decimal | None = None
    scale: str = ""
    override_only: bool = False
    override: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Definition:
    """One version; compared by identity, since it is kept in memory once."""

    title: str
    slug: str
    intro: str
    start_label: str
    scoring: str  # "tiers" or "outcomes"
    scales: tuple[Scale, ...]
    questions: tuple[Question, ...]
    tiers: tuple[Tier, ...]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return where each question stands, by key."""
        return {question.key: place for place, question in enumerate(self.questions)}

    def question(self, key: str) -> Question | None:
        place = self.places.get(key)
        return None if place is None else self.questions[place]

    def tier(self, key: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.key == key), None)


def of(response: Response) -> Definition:
    """Return the definition a response is pinned to, read from the database once a process."""
    return of_version(response.version)


def of_version(version: Version) -> Definition:
    return _kept(version.digest, version.pk)


@lru_cache(maxsize=256)
def _kept(digest: str, pk: int) -> Definition:
    # by digest, not by id alone: what is kept is right whatever becomes of the row
    return load(Version.objects.values_list("definition", flat=True).get(pk=pk))


def load(source: Mapping[str, Any]) -> Definition:
    """Return the frozen values of a version's JSON."""
    return Definition(
        **{name: source[name] for name in ("title", "slug", "intro", "start_label", "scoring")},
        scales=tuple(Scale(**item) for item in source["scales"]),
        questions=tuple(_question(item) for item in source["questions"]),
        tiers=tuple(_tier(item) for item in source["tiers"]),
    )


def _question(item: Mapping[str, Any]) -> Question:
    numbers = {name: decimal(item.get(name)) for name in ("minimum", "maximum", "step")}
    return Question(
        **{
            **item,
            **numbers,
            "kind": Kind(item["kind"]),
            "choices": tuple(_choice(choice) for choice in item.get("choices", ())),
            "weights": _points(item.get("weights", {})),
            "fields": tuple(item.get("fields", ())),
        }
    )


def _choice(item: Mapping[str, Any]) -> Choice:
    return Choice(**{**item, "points": _points(item["points"])})


def _tier(item: Mapping[str, Any]) -> Tier:
    return Tier(**{**item, "starts_at": decimal(item.get("starts_at"))})


def _points(source: Mapping[str, Any]) -> dict[str, Decimal]:
    return {scale: Decimal(str(value)) for scale, value in source.items()}


def decimal(value: float | str | None) -> Decimal | None:
    """Return an exact number: 0.1 in JSON means 0.1, not the float next to it."""
    return None if value is None else Decimal(str(value))


def plain(value: Decimal) -> int | float:
    """Return a number as JSON and people write it: 3, not 3.00."""
    return int(value) if value == value.to_integral_value() else float(value)
