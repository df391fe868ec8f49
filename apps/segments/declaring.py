"""Making a segment what somebody declares it to be: rule, status, place on a ladder, pins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db import transaction

from apps.accounts.models import User
from apps.contacts import people
from apps.segments import editing, pinning
from apps.segments.marks import mark
from apps.segments.models import Ladder, Pin, Segment

TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A rung of a ladder that may be yet to be made."""

    ladder: str
    rung: int


@dataclass(frozen=True, slots=True)
class Held:
    """Who is held in and out by hand: contact ids."""

    inside: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()


class Declaration(TypedDict, total=False):
    """What is said of a segment; what is not said stays as it is. A rule of None: static."""

    name: str
    rule: object | None
    status: str
    ladder: Place | None
    pins: Held


class DeclarationError(editing.SegmentError):
    """A declaration that cannot be kept; `at` names the part of it."""

    def __init__(self, message: str, *, at: str) -> None:
        super().__init__(message)
        self.at = at


class RungTaken(DeclarationError):
    """Another segment stands on that rung."""


class UnknownContact(DeclarationError):
    """A pin is of nobody."""


class PinnedTwice(DeclarationError):
    """A contact is held in and out."""


class RuleMissing(DeclarationError):
    """A new segment says nothing of its rule."""


def declare(
    slug: str,
    said: Declaration,
    *,
    by: User | None,
    now: datetime,
    enrol_existing: bool = False,
) -> Segment:
    """Make or edit the segment; a declaration of what is so already makes no new revision.

    Of two at once that make the same segment, the later one edits it. Raises RuleError,
    located, SegmentError and DeclarationError; nothing is kept then.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            with transaction.atomic():
                return _declare(slug, said, by=by, now=now, enrol_existing=enrol_existing)
        except editing.SavedMeanwhile:
            if last:
                raise
    raise AssertionError("unreachable")


def _declare(
    slug: str, said: Declaration, *, by: User | None, now: datetime, enrol_existing: bool
) -> Segment:
    editing.lock_all()
    segment = Segment.objects.filter(slug=slug).first()
    if segment is None:
        if "rule" not in said:
            raise RuleMissing("A new segment needs its rule; null makes it static.", at="rule")
        segment = Segment(slug=slug, name=_words(slug), status=Segment.Status.LIVE)
    segment.name = said.get("name", segment.name)
    segment.status = said.get("status", segment.status)
    if "ladder" in said:
        _place(segment, said["ladder"])
    rule = said.get("rule", segment.rule)
    editing.save(segment, rule=rule, by=by, now=now, enrol_existing=enrol_existing)
    if "pins" in said:
        _hold(segment, said["pins"], by=by, now=now)
    return segment


def _place(segment: Segment, place: Place | None) -> None:
    """Put the segment on a rung; a ladder nobody has made is made."""
    if place is None:
        segment.ladder = segment.rung = None
        return
    ladder, _ = Ladder.objects.get_or_create(
        slug=place.ladder, defaults={"name": _words(place.ladder)}
    )
    others = Segment.objects.filter(ladder=ladder, rung=place.rung).exclude(pk=segment.pk)
    taken = others.first()
    if taken is not None and taken.slug == segment.slug:  # made while we waited for the ladder
        raise editing.SavedMeanwhile(editing.SOMEBODY_ELSE)
    if taken is not None:
        message = f"'{taken.slug}' stands on rung {place.rung} of '{place.ladder}'."
        raise RungTaken(message, at="ladder.rung")
    segment.ladder, segment.rung = ladder, place.rung


def _hold(segment: Segment, held: Held, *, by: User | None, now: datetime) -> None:
    """Let the segment's pins be these and no others, with a mark for whoever they change."""
    wanted = _wanted(held)
    there = dict(Pin.objects.filter(segment=segment).values_list("contact_id", "held"))
    gone = there.keys() - wanted.keys()
    fresh = {pk: how for pk, how in wanted.items() if there.get(pk) != how}
    rows = Pin.objects.filter(segment=segment, contact__in=gone | fresh.keys())
    rows._raw_delete(rows.db)  # one mark for all, below
    Pin.objects.bulk_create(
        [
            Pin(segment=segment, contact_id=pk, held=how, by=by, at=now)
            for pk, how in sorted(fresh.items())
        ]
    )
    changed = {pk: wanted.get(pk) for pk in sorted(gone | fresh.keys())}
    pinning.keep(segment, changed, by=by, now=now)
    mark({pk: {f"pin:{segment.slug}"} for pk in changed})


def _wanted(held: Held) -> dict[int, str]:
    survivors = people.surviving_ids({*held.inside, *held.outside})
    inside = _resolved(held.inside, survivors, at="pins.in")
    outside = _resolved(held.outside, survivors, at="pins.out")
    both = set(inside) & set(outside)
    if both:
        raise PinnedTwice("A contact is held in or out, not both.", at="pins.out")
    return {pk: str(Pin.Held.IN) for pk in inside} | {pk: str(Pin.Held.OUT) for pk in outside}


def _resolved(ids: Iterable[int], survivors: Mapping[int, int], *, at: str) -> list[int]:
    found = []
    for index, pk in enumerate(ids):
        if pk not in survivors:
            raise UnknownContact(f"There is no contact {pk}.", at=f"{at}[{index}]")
        found.append(survivors[pk])
    return found


def _words(slug: str) -> str:
    return slug.replace("-", " ").replace("_", " ").capitalize()
