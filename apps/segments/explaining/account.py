"""The whole account of one contact and one segment, as data: why, since when, until when, and
the least that would have to change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q

from apps.contacts.models import Contact
from apps.rules import codec
from apps.rules.kinds import datetime_text
from apps.rules.nodes import All, Not
from apps.rules.nodes import Any as AnyOf
from apps.rules.verdict import Reason, Verdict, judge
from apps.segments.calendar import installed
from apps.segments.explaining.changes import Change, least_change
from apps.segments.explaining.past import Known, Past, known_now, known_then, read_pasts
from apps.segments.explaining.revisions import Archive, Unreadable
from apps.segments.models import Pin, Segment, Transition
from apps.segments.plan import Plan, compile_plan, live_plan


class NotLive(ValueError):
    """A segment that is not live holds nobody, so there is nothing to explain."""


class By(StrEnum):
    """What decides where a contact stands; the values are the words of the API."""

    RULE = "rule"
    STATIC = "static"  # no rule is asked, and nobody is held in
    PIN = "pin"
    PINNED_TO = "pinned_to"  # in by hand on another rung
    HIGHER_RUNG = "higher_rung"
    NOT_LIVE = "not_live"
    NOT_YET_KNOWN = "not_yet_known"
    UNREADABLE = "unreadable"  # the rule of then speaks of what is gone


class Gap(StrEnum):
    """Why the record of a moment gone by may differ from what is known of it."""

    PROFILE = "profile"  # before changes of the profile were kept
    MERGE = "merge"  # before two contacts became this one
    SETTLING = "settling"  # between a fact, an edit or an instant and the move it made
    HAND = "hand"  # a pin from before changes of pins were kept


@dataclass(frozen=True, slots=True)
class Decided:
    """Where a contact belongs by pins, ladder and rule, and which of them decides."""

    holds: bool
    by: By
    what: str = ""  # how it is pinned, or the slug of the rung
    verdict: Verdict | None = None

    @property
    def reason(self) -> Reason | None:
        return self.verdict.reason if self.verdict else None


@dataclass(frozen=True, slots=True)
class Missed:
    """The record differs from what is known of that moment: why, and at what moment it ends."""

    gap: Gap
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """`holds` says whether the contact belongs: pins and ladder included, as `decided` says.

    Of a moment gone by it is what the transitions say; where that is not what was decided by
    what is known of then, `missed` says why.
    """

    at: datetime
    holds: bool
    decided: Decided
    since: datetime | None = None
    known: Known | None = None
    missed: Missed | None = None

    @property
    def because(self) -> dict[str, Any]:
        """Return what decided as the API has it: the rule with every outcome, or what was first."""
        tree = _tree(self.decided.reason) if self.decided.reason else None
        told = _told(self.decided, tree)
        if self.missed is None:
            return told
        recorded = {"recorded": self.holds, "holds": self.holds, "why": str(self.missed.gap)}
        return {**recorded, "until": _plain(self.missed.at), "rule": told}

    @property
    def decides_by_rule(self) -> bool:
        return self.decided.by == By.RULE and self.missed is None

    @property
    def flips_at(self) -> datetime | None:
        """Return when time alone turns the rule, where the rule decides."""
        verdict = self.decided.verdict
        return verdict.flips_at if verdict and self.decides_by_rule else None

    def least_change(self) -> tuple[Change, ...] | None:
        """Search for the fewest facts that would turn the rule: it takes a while."""
        if not self.decides_by_rule or self.known is None:
            return None
        known, rule = self.known, self.known.segment.rule
        assert rule is not None
        return least_change(
            rule, known.facts, now=self.at, calendar=installed(), nested=known.nested
        )


def account(
    contact: Contact, segment: Segment, *, now: datetime, at: datetime | None = None
) -> Account:
    """Explain a membership now, at a coming moment (facts as they are) or at one gone by.

    Raises NotLive where the segment is not live now, and the moment is not one gone by.
    """
    moment = at or now
    if moment < now:
        archive = Archive()
        past = read_pasts([contact], reading=archive.reading(segment.slug))[contact.pk]
        return account_then(past, segment, archive, at=moment)
    plan = live_plan()
    planned = plan.by_slug.get(segment.slug)
    if planned is None:
        raise NotLive(f"{segment.name} is not live.")
    return account_of(known_now(contact, planned, plan, at=moment), at=moment)


def account_if_live(contact: Contact, segment: Segment, *, at: datetime) -> Account | None:
    """Explain where the contact would stand if the segment were live; None if it cannot be."""
    plan: Plan = compile_plan(
        Segment.objects.filter(Q(status=Segment.Status.LIVE) | Q(pk=segment.pk)).order_by(
            "ladder_id", "rung", "pk"
        )
    )
    planned = plan.by_slug.get(segment.slug)
    if planned is None:
        return None
    return account_of(known_now(contact, planned, plan, at=at), at=at)


def account_then(past: Past, segment: Segment, archive: Archive, *, at: datetime) -> Account:
    """Explain a moment gone by, from what was read of it."""
    if past.contact.created_at > at:
        return _nowhere(By.NOT_YET_KNOWN, at=at)
    try:
        known = known_then(past, segment, archive, at=at)
    except Unreadable:
        holds = segment.slug in past.standing_at(at)
        return Account(at, holds, Decided(holds, By.UNREADABLE))
    if known is None:
        told = _nowhere(By.NOT_LIVE, at=at)
        stood = segment.slug in past.standing_at(at)  # what was archived is left by and by
        return _recorded(told, past, segment, holds=True) if stood else told
    told = account_of(known, at=at)
    if told.holds is known.member:
        return told
    return _recorded(told, past, segment, holds=known.member)


def _nowhere(by: By, *, at: datetime) -> Account:
    return Account(at, False, Decided(False, by))  # noqa: FBT003


def _recorded(told: Account, past: Past, segment: Segment, *, holds: bool) -> Account:
    """Return the account with what the record says, and why that is not what was decided."""
    missed = _missed(told, past, segment)
    return Account(told.at, holds, told.decided, told.since, told.known, missed)


def _missed(told: Account, past: Past, segment: Segment) -> Missed:
    at, merged_at = told.at, past.profile.merged_after(told.at)
    if merged_at is not None:
        return Missed(Gap.MERGE, merged_at)
    if at < past.profile.known_from:
        return Missed(Gap.PROFILE, past.profile.known_from)
    moves = past.moves_of(segment.slug)
    last = next((move for move in reversed(moves) if move.at <= at), None)
    following = next((move for move in moves if move.at > at), None)
    if any(_by_a_pin_not_kept(move, past) for move in (last, following) if move):
        return Missed(Gap.HAND)
    entered = following is not None and following.kind == Transition.Kind.ENTERED
    follows = following is not None and entered is told.decided.holds
    return Missed(Gap.SETTLING, following.at if following and follows else None)


def _by_a_pin_not_kept(move: Transition, past: Past) -> bool:
    pinned = {key[4:] for key in move.cause.split(", ") if key.startswith("pin:")}
    kept = {change.segment.slug for change in past.pins if change.at <= move.at}
    return bool(pinned) and kept.isdisjoint(pinned)


def account_of(known: Known, *, at: datetime) -> Account:
    decided = decide(known, at=at)
    return Account(at, decided.holds, decided, known.since, known)


def decide(known: Known, *, at: datetime) -> Decided:
    """Say where the contact belongs by what is known: pins first, then the ladder, then the rule.

    The rule is judged in any case.
    """
    rule, verdict = known.segment.rule, None
    if rule is not None:
        verdict = judge(rule, known.facts, now=at, calendar=installed(), nested=known.nested)
    first = _before_the_rule(known)
    if first is not None:
        holds, by, what = first
        return Decided(holds, by, what, verdict)
    if verdict is None:
        return Decided(False, By.STATIC)  # noqa: FBT003
    return Decided(verdict.holds, By.RULE, verdict=verdict)


def _before_the_rule(known: Known) -> tuple[bool, By, str] | None:
    """Return what decides before the rule is asked: a pin, here or on the ladder, or a rung."""
    segment, pins = known.segment, known.pins
    pinned = next((slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN), None)
    if pinned not in {None, segment.slug}:
        return False, By.PINNED_TO, str(pinned)
    if segment.slug in pins:
        return pins[segment.slug] == Pin.Held.IN, By.PIN, str(pins[segment.slug])
    higher = next((slug for slug in segment.higher if slug in known.facts.segments), None)
    return None if higher is None else (False, By.HIGHER_RUNG, higher)


def _told(decided: Decided, tree: dict[str, Any] | None) -> dict[str, Any]:
    match decided.by:
        case By.RULE:
            assert tree is not None
            return tree
        case By.PIN | By.PINNED_TO | By.HIGHER_RUNG:
            return {str(decided.by): decided.what, "holds": decided.holds, "rule": tree}
        case _:
            return {str(decided.by): True, "holds": decided.holds}


def _tree(reason: Reason) -> dict[str, Any]:
    """Return the rule as it is written, with the outcome at every node."""
    parts = [_tree(part) for part in reason.parts]
    match reason.rule:
        case All():
            return {"all": parts, "holds": reason.holds}
        case AnyOf():
            return {"any": parts, "holds": reason.holds}
        case Not():
            return {"not": parts[0], "holds": reason.holds}
        case leaf:
            return {
                **codec.dumps(leaf),
                "actual": _plain(reason.actual),
                "holds": reason.holds,
                "flips_at": _plain(reason.flips_at),
            }


def _plain(actual: object) -> object:
    match actual:
        case datetime():
            return datetime_text(actual)
        case tuple():
            return [_plain(item) for item in actual]
        case _:
            return actual
