"""What the list of segments shows, and what the API tells of each in brief."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import QuerySet

from apps.contacts.models import MAX_SEARCH
from apps.core import sparkline
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.errors import RuleError
from apps.rules.prose import sentence
from apps.segments import rebuilds, sizes
from apps.segments.models import Ladder, Segment
from apps.segments.plan import catalogue
from apps.segments.rebuilds import Applied
from apps.segments.sizes import Course
from apps.segments.sprawl import noticed
from apps.segments.sprawl.noticed import Noticed

TONES = {"live": "success", "draft": "quiet", "archived": "quiet"}


@dataclass(frozen=True, slots=True)
class Line:
    """One segment in the list."""

    segment: Segment
    sentence: str
    course: Course
    spark: sparkline.Line
    tone: str
    rebuild: Applied | None
    warnings: Sequence[Noticed] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The rungs of one ladder in their order, or all segments that are on none."""

    ladder: Ladder | None
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Overview:
    """`is_warned`: there is a report on the segments, and so a column for what it found."""

    groups: list[Group]
    is_warned: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Which segments the list is to show: those of a status, those whose words hold these."""

    words: str = ""
    status: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Asked":
        status = given.get("status", "")
        words = given.get("q", "").strip()[:MAX_SEARCH]
        return cls(words, status if status in Segment.Status.values else "")

    def fits(self, line: Line) -> bool:
        """Return whether every word stands in the name, the ladder's name or the rule."""
        ladder = line.segment.ladder
        text = f"{line.segment.name} {ladder or ''} {line.sentence}".casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True, slots=True)
class Brief:
    """One segment in a few words and figures."""

    slug: str
    revision: int
    state: str  # building, or built
    members: int
    prose: str


def overview(asked: Asked, *, now: datetime) -> Overview:
    """Return the segments that are asked for, ladders first. The number of queries is fixed."""
    chosen = Segment.objects.select_related("ladder")
    if asked.status:
        chosen = chosen.filter(status=asked.status)
    rows = sorted(chosen, key=_place)
    found = noticed.warnings()
    lines = _lines(rows, found or {}, now=now)
    fitting = [line for line in lines if asked.fits(line)]
    grouped = groupby(fitting, key=lambda line: line.segment.ladder)
    groups = [Group(ladder, list(found)) for ladder, found in grouped]
    return Overview(groups, is_warned=found is not None)


def _place(row: Segment) -> tuple[object, ...]:
    """Return what sorts ladders before the rest, and what is archived to the end."""
    if row.ladder is not None:
        return (False, row.ladder.name.casefold(), row.ladder_id, row.rung)
    return (True, row.status == Segment.Status.ARCHIVED, row.name.casefold(), row.pk)


def _lines(
    rows: Sequence[Segment], warnings: Mapping[int, Sequence[Noticed]], *, now: datetime
) -> Iterable[Line]:
    known = catalogue()
    courses = sizes.courses([row.pk for row in rows], now=now)
    applied = rebuilds.latest(rows)
    for row in rows:
        yield Line(
            segment=row,
            sentence=in_words(row.rule, known),
            course=courses[row.pk],
            spark=sparkline.line([day.members for day in courses[row.pk].days]),
            tone=TONES[row.status],
            rebuild=applied.get(row.pk),
            warnings=warnings.get(row.pk, ()),
        )


def in_words(rule: object | None, known: Catalogue) -> str:
    """Return a stored rule as a sentence; one that cannot be read any more says so."""
    if rule is None:
        return "held by hand"
    try:
        return sentence(codec.loads(rule, known), known)
    except RuleError as error:
        return f"cannot be read: {error}"


def briefs(segments: QuerySet[Segment]) -> list[Brief]:
    """Return these segments in brief, by slug. Five queries, however many."""
    known = catalogue()
    rows = list(segments.order_by("slug"))
    members = sizes.members([row.pk for row in rows])
    building = rebuilds.under_way(rows)
    return [
        Brief(
            slug=row.slug,
            revision=row.revision,
            state="building" if row.pk in building else "built",
            members=members[row.pk],
            prose=in_words(row.rule, known),
        )
        for row in rows
    ]
