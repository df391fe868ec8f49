"""Where the members of a segment came from, and where those who left went: counted exactly.

Each entering has one origin: the segment the contact left last within the hour up to it, on a
ladder the rung; else it is a new contact, not known an hour before; else it came from no other
segment. Each leaving has one destination: the segment entered first within the hour from it on,
or none. So origins add up to the enterings and destinations to the leavings.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.lookups import GreaterThan
from django.utils.timezone import make_aware

from apps.contacts.models import Contact
from apps.segments.models import Segment, Transition

A_WHILE = timedelta(hours=1)
MOST = 20_000  # enterings, and leavings, that are looked at: the latest
Kind = Transition.Kind
NEW, NONE = "new", "none"
WORDS: dict[int | str, str] = {NEW: "New contacts", NONE: "No other segment"}
_Where = int | str  # a segment, or one of these


@dataclass(frozen=True, slots=True)
class End:
    """One origin or destination and how many moves it had; `segment` is None for what is none."""

    name: str
    number: int
    segment: int | None = None

    def share(self, of: int) -> int:
        return round(100 * self.number / of) if of else 0


@dataclass(frozen=True, slots=True)
class Side:
    """Enterings with their origins, or leavings with their destinations, the largest first.

    `is_cut`: there were more moves than are looked at.
    """

    ends: tuple[End, ...]
    is_cut: bool

    @property
    def total(self) -> int:
        return sum(end.number for end in self.ends)

    @property
    def with_shares(self) -> list[tuple[End, int]]:
        return [(end, end.share(self.total)) for end in self.ends]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the installation, both ends included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return make_aware(datetime.combine(self.first, time.min))

    @property
    def until(self) -> datetime:
        return make_aware(datetime.combine(self.last + timedelta(days=1), time.min))


@dataclass(frozen=True, slots=True)
class Flow:
    came: Side
    went: Side

    @property
    def finding(self) -> str:
        """Say what the chart shows."""
        if not self.came.total and not self.went.total:
            return "Nobody entered or left in this time"
        parts = [_most(self.came, "entered", "came from"), _most(self.went, "left", "went to")]
        return "; ".join(filter(None, parts))


def flow(segment: Segment, period: Period) -> Flow:
    """Count the moves of a segment in a period by where from and where to. Three queries."""
    names = _others(segment)
    came = _moves(segment, Kind.ENTERED, period).annotate(other=_origin(names), is_new=_IS_NEW)
    went = _moves(segment, Kind.LEFT, period).annotate(other=_destination(names))
    return Flow(
        _side(_came_from(came.values_list("other", "is_new")), names),
        _side(_went_to(went.values_list("other", flat=True)), names),
    )


# Not by a join: of a table of millions it would read all, for the few that are shown.
_CREATED_AT = Subquery(Contact.objects.filter(pk=OuterRef("contact")).values("created_at"))
_IS_NEW = ExpressionWrapper(
    GreaterThan(_CREATED_AT, F("at") - A_WHILE), output_field=BooleanField()
)


def _others(segment: Segment) -> dict[int, str]:
    """Return the names of the other rungs of its ladder, or of all other live segments."""
    rows = Segment.objects.exclude(pk=segment.pk)
    rows = rows.filter(ladder=segment.ladder_id) if segment.ladder_id else rows.live()
    return dict(rows.values_list("pk", "name"))


def _moves(segment: Segment, kind: str, period: Period) -> QuerySet[Transition]:
    rows = Transition.objects.filter(
        segment=segment, kind=kind, at__gte=period.since, at__lt=period.until
    )
    return rows.order_by("-at", "-pk")


def _origin(others: Iterable[int]) -> Subquery:
    """Of several left at one instant, the segment that was made first."""
    left = _beside(Kind.LEFT, others).filter(at__lte=OuterRef("at"), at__gt=_shifted(-A_WHILE))
    return Subquery(left.order_by("-at", "segment").values("segment")[:1])


def _destination(others: Iterable[int]) -> Subquery:
    entered = _beside(Kind.ENTERED, others)
    entered = entered.filter(at__gte=OuterRef("at"), at__lt=_shifted(A_WHILE))
    return Subquery(entered.order_by("at", "segment").values("segment")[:1])


def _beside(kind: str, others: Iterable[int]) -> QuerySet[Transition]:
    return Transition.objects.filter(
        contact=OuterRef("contact"), kind=kind, segment__in=list(others)
    )


def _shifted(by: timedelta) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(OuterRef("at") + by, output_field=DateTimeField())


def _came_from(moves: QuerySet[Transition, tuple[int | None, bool]]) -> list[_Where]:
    return [other or (NEW if is_new else NONE) for other, is_new in moves[: MOST + 1]]


def _went_to(moves: QuerySet[Transition, int | None]) -> list[_Where]:
    return [other or NONE for other in moves[: MOST + 1]]


def _side(found: Sequence[_Where], names: Mapping[int, str]) -> Side:
    counted = Counter(found[:MOST])
    words = WORDS | dict(names.items())
    ends = [
        End(words[where], number, where if isinstance(where, int) else None)
        for where, number in counted.items()
    ]
    ends.sort(key=lambda end: (end.segment is None, -end.number, end.name))
    return Side(tuple(ends), is_cut=len(found) > MOST)


def _most(side: Side, did: str, how: str) -> str:
    if not side.ends:
        return f"nobody {did}"
    most = max(side.ends, key=lambda end: end.number)
    name = most.name if most.segment else most.name.lower()
    if did == "entered" and name == WORDS[NEW].lower():
        return f"{most.number:,} of {side.total:,} who entered were new contacts"
    return f"{most.number:,} of {side.total:,} who {did} {how} {name}"
