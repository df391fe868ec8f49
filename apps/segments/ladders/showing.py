"""What the pages of ladders show: the list, and one ladder in an order that is tried out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.contacts.models import Contact
from apps.segments import rebuilds, sizes
from apps.segments.listing import TONES, in_words
from apps.segments.models import Ladder, Segment
from apps.segments.plan import catalogue

MOST = 200  # rungs of an order that somebody sends


@dataclass(frozen=True, slots=True)
class Summary:
    ladder: Ladder
    rungs: list[Segment]
    default: Segment | None
    members: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the order at hand; the links lead to orders one step away, or are empty."""

    segment: Segment
    number: int
    sentence: str
    members: int
    tone: str
    up: str
    down: str
    without: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A ladder as it is, or as an order that is tried out would have it."""

    ladder: Ladder
    rungs: list[Rung]
    default: Segment | None
    default_members: int
    on_none: int
    candidates: list[Segment]
    order: tuple[int, ...]
    present: tuple[int, ...]
    is_building: bool
    leaving: list[Segment] = field(default_factory=list)

    @property
    def is_tried(self) -> bool:
        return self.order != self.present

    @property
    def order_text(self) -> str:
        return _text(self.order)

    @property
    def present_text(self) -> str:
        return _text(self.present)


def summaries() -> list[Summary]:
    """Return every ladder with its rungs. Three queries."""
    ladders = list(Ladder.objects.order_by("name").prefetch_related("rungs"))
    counts = sizes.members(rung.pk for ladder in ladders for rung in ladder.rungs.all())
    return [_summary(ladder, counts) for ladder in ladders]


def _summary(ladder: Ladder, counts: Mapping[int, int]) -> Summary:
    rungs = sorted(ladder.rungs.all(), key=lambda rung: rung.rung or 0)
    return Summary(
        ladder=ladder,
        rungs=[rung for rung in rungs if not rung.is_default],
        default=next((rung for rung in rungs if rung.is_default), None),
        members=sum(counts[rung.pk] for rung in rungs),
    )


def ladder(row: Ladder, given: Mapping[str, str]) -> Shown:
    """Return the ladder in the order that is given, or as it is. Eight queries."""
    free = Segment.objects.exclude(status=Segment.Status.ARCHIVED).filter(ladder=None)
    there = sorted(row.rungs.all(), key=lambda rung: rung.rung or 0)
    default = next((rung for rung in there if rung.is_default), None)
    rungs = [rung for rung in there if not rung.is_default]
    by_pk = {one.pk: one for one in (*rungs, *free)}
    present = tuple(rung.pk for rung in rungs)
    order = tuple(pk for pk in asked(given, present) if pk in by_pk)
    counts = sizes.members([*by_pk, *([default.pk] if default else [])])
    on_it = sum(counts[rung.pk] for rung in there)
    return Shown(
        ladder=row,
        rungs=_rungs(order, by_pk, counts),
        default=default,
        default_members=counts[default.pk] if default else 0,
        on_none=max(Contact.objects.standing().count() - on_it, 0),
        candidates=[one for pk, one in by_pk.items() if pk not in order],
        order=order,
        present=present,
        is_building=bool(rebuilds.under_way(there)),
        leaving=[rung for rung in rungs if rung.pk not in order],
    )


def asked(given: Mapping[str, str], present: Sequence[int]) -> list[int]:
    """Return the order that somebody asks for, with the segment that is to be added."""
    text = given.get("order")
    order = list(present) if text is None else keys(text)
    return list(dict.fromkeys([*order, *keys(given.get("add", ""))]))


def keys(text: str) -> list[int]:
    """Read keys parted by commas; what is none is left out."""
    found = text.split(",", MOST)[:MOST]
    return [int(key) for key in found if key.isascii() and key.isdecimal() and len(key) < 19]


def _rungs(
    order: Sequence[int], by_pk: Mapping[int, Segment], counts: Mapping[int, int]
) -> list[Rung]:
    known = catalogue()
    return [
        Rung(
            segment=by_pk[pk],
            number=place + 1,
            sentence=in_words(by_pk[pk].rule, known),
            members=counts[pk],
            tone=TONES[by_pk[pk].status],
            up=_link(_swapped(order, place - 1)) if place else "",
            down=_link(_swapped(order, place)) if place + 1 < len(order) else "",
            without=_link([other for other in order if other != pk]),
        )
        for place, pk in enumerate(order)
    ]


def _swapped(order: Sequence[int], place: int) -> list[int]:
    """Return the order with the rung at a place and the next one changed about."""
    return [*order[:place], order[place + 1], order[place], *order[place + 2 :]]


def _link(order: Sequence[int]) -> str:
    return f"?order={_text(order)}"


def _text(order: Sequence[int]) -> str:
    return ",".join(map(str, order))
