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
from apps.quizzes.theming import Theme


class Kind(StrEnum):
    SINGLE = "single"
    SEVERAL = "several"
    PICTURE = "picture"
    PICTURES = "pictures"
    DROPDOWN = "dropdown"
    YES_NO = "yes_no"
    SCALE = "scale"
    RATING = "rating"
    NPS = "nps"
    NUMBER = "number"
    RANKING = "ranking"
    MATRIX = "matrix"
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    CONTACT = "contact"
    CONSENT = "consent"
    FILE = "file"
    STATEMENT = "statement"


ONE = frozenset({Kind.SINGLE, Kind.PICTURE, Kind.DROPDOWN})  # the answer is a choice's key
MANY = frozenset({Kind.SEVERAL, Kind.PICTURES})  # a list of such keys
STEPPED = frozenset({Kind.SCALE, Kind.RATING, Kind.NPS})  # a number out of a few
NUMBERS = STEPPED | {Kind.NUMBER}
TRUTHS = frozenset({Kind.YES_NO, Kind.CONSENT})
WEIGHED = NUMBERS | TRUTHS
PICKED = ONE | MANY | {Kind.MATRIX}
OFFERING = PICKED | {Kind.RANKING}  # has choices


LATER = ("chart", "shareable", "downloadable", "theme")  # what older versions lack


@dataclass(frozen=True, slots=True)
class Choice:
    """An offered answer. Its jump is the short form of a rule; see branching.leads."""

    key: str
    label: str
    points: Mapping[str, Decimal]  # by scale
    jump: str | None = None  # the question it leads to, where that is not the next one
    ends: bool = False
    other: bool = False
    picture: str = ""  # token


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    label: str
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class Jump:
    """Leads to a question or to an ending; with neither, to the end. Rule None: always."""

    rule: Mapping[str, Any] | None = None
    to: str | None = None
    ending: str | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """What a number from here to where the next band begins counts, by scale."""

    start: Decimal
    points: Mapping[str, Decimal]


@dataclass(frozen=True)
class Question:
    key: str
    kind: Kind
    title: str
    help: str = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    rows: tuple[Row, ...] = ()
    weights: Mapping[str, Decimal] = field(default_factory=dict)  # by scale
    mapping: tuple[Band, ...] = ()  # in place of weights, rising
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    unit: str = ""
    low_label: str = ""
    high_label: str = ""
    reversed: bool = False
    least: int = 0
    most: int = 0
    longest: int = 0
    order: str = "listed"  # or "random" or "alphabetical"
    fields: tuple[str, ...] = ()
    consent: str = ""
    consent_required: bool = False
    picture: str = ""  # token
    picture_alt: str = ""
    visible: Mapping[str, Any] | None = None
    jumps: tuple[Jump, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Choice]:
        return {choice.key: choice for choice in self.choices}

    @cached_property
    def extents(self) -> dict[str, tuple[Decimal, Decimal]]:
        """What worth.extent found by scale: it is asked for each answer."""
        return {}

    @cached_property
    def other(self) -> str:
        """Return the key of the choice one writes a text beside, or nothing."""
        return next((choice.key for choice in self.choices if choice.other), "")


@dataclass(frozen=True, slots=True)
class Scale:
    key: str
    label: str
    method: str = "sum"  # or "mean"


@dataclass(frozen=True, slots=True)
class Tier:
    key: str
    label: str
    headline: str = ""
    body: str = ""
    button_label: str = ""
    button_url: str = ""
    picture: str = ""  # token
    picture_alt: str = ""
    starts_at: Decimal | None = None
    scale: str = ""
    override_only: bool = False
    override: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A last page shown in place of the tier's."""

    key: str
    label: str
    headline: str = ""
    body: str = ""
    button_label: str = ""
    button_url: str = ""
    picture: str = ""  # token
    picture_alt: str = ""
    is_default: bool = False


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
    endings: tuple[Ending, ...] = ()
    bands: str = "points"  # or "percent": what "starts at" of a tier is compared with
    hidden: tuple[str, ...] = ()  # names of declared hidden fields
    chart: str = ""  # or "gauge" or "radar": how the result page shows the score
    shareable: bool = False
    downloadable: bool = False
    theme: Mapping[str, Any] = field(default_factory=dict)  # tokens; theming.py

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return where each question stands, by key."""
        return {question.key: place for place, question in enumerate(self.questions)}

    def question(self, key: str) -> Question | None:
        place = self.places.get(key)
        return None if place is None else self.questions[place]

    def tier(self, key: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.key == key), None)

    def ending(self, key: str) -> Ending | None:
        return next((ending for ending in self.endings if ending.key == key), None)

    @cached_property
    def look(self) -> Theme | None:
        return Theme.of(self.theme) if self.theme else None

    @cached_property
    def theme_address(self) -> str:
        """Return the part of an address at which its stylesheet is; nothing without a theme."""
        return self.look.address if self.look else ""

    @cached_property
    def usual_end(self) -> str | None:
        """Return the key of the ending that ends a path without a jump to another one."""
        return next((ending.key for ending in self.endings if ending.is_default), None)


def of(response: Response) -> Definition:
    """Return the definition a response is pinned to, read from the database once a process."""
    return of_version(response.version)


def of_result(response: Response) -> Definition:
    """Return the definition that a response's score and tier are of."""
    if response.scored_by_id is None:
        return of(response)
    return of_version(Version.objects.defer("definition").get(pk=response.scored_by_id))


def of_version(version: Version) -> Definition:
    return _kept(version.digest, version.pk)


@lru_cache(maxsize=256)
def _kept(digest: str, pk: int) -> Definition:
    # by digest, not by id alone: what is kept is right whatever becomes of the row
    return load(Version.objects.values_list("definition", flat=True).get(pk=pk))


def load(source: Mapping[str, Any]) -> Definition:
    """Return the frozen values of a version's JSON; older ones lack what was not there then."""
    return Definition(
        **{name: source[name] for name in ("title", "slug", "intro", "start_label", "scoring")},
        scales=tuple(Scale(**item) for item in source["scales"]),
        questions=tuple(_question(item) for item in source["questions"]),
        tiers=tuple(_tier(item) for item in source["tiers"]),
        endings=tuple(Ending(**item) for item in source.get("endings", ())),
        bands=source.get("bands", "points"),
        hidden=tuple(source.get("hidden", ())),
        **{name: source[name] for name in LATER if name in source},
    )


def _question(item: Mapping[str, Any]) -> Question:
    numbers = {name: decimal(item.get(name)) for name in ("minimum", "maximum", "step")}
    return Question(
        **{
            **item,
            **numbers,
            "kind": Kind(item["kind"]),
            "choices": tuple(_choice(choice) for choice in item.get("choices", ())),
            "rows": tuple(Row(**row) for row in item.get("rows", ())),
            "weights": _points(item.get("weights", {})),
            "mapping": tuple(_band(band) for band in item.get("mapping", ())),
            "fields": tuple(item.get("fields", ())),
            "jumps": tuple(Jump(**jump) for jump in item.get("jumps", ())),
        }
    )


def _choice(item: Mapping[str, Any]) -> Choice:
    return Choice(**{**item, "points": _points(item["points"])})


def _band(item: Mapping[str, Any]) -> Band:
    return Band(Decimal(str(item["from"])), _points(item["points"]))


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
