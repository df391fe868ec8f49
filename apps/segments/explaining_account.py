"""The whole account of one contact and one segment, as data: why, since when, until when, and
the least that would have to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.contacts.models import Contact
from apps.rules import codec
from apps.rules.kinds import datetime_text
from apps.rules.nodes import All, Not
from apps.rules.nodes import Any as AnyOf
from apps.rules.verdict import Reason, judge
from apps.segments.calendar import installed
from apps.segments.explaining import NotLive
from apps.segments.explaining_changes import Change, least_change
from apps.segments.explaining_past import Known, known_now, known_then
from apps.segments.models import Pin, Segment
from apps.segments.plan import Plan, live_plan


@dataclass(frozen=True, slots=True)
class Account:
    """`holds` says whether the contact belongs: pins and ladder included, as `because` says.

    Of a moment gone by it is what the transitions say.
    """

    holds: bool
    because: Mapping[str, Any]
    since: datetime | None
    flips_at: datetime | None
    least_change: tuple[Change, ...] | None


def account(
    contact: Contact, segment: Segment, *, now: datetime, at: datetime | None = None
) -> Account:
    """Explain a membership now, at a coming moment (facts as they are) or at one gone by.

    Raises NotLive where the segment is not live now, and the moment is not one gone by.
    """
    moment, plan = at or now, live_plan()
    if moment < now:
        return _then(contact, segment, plan, at=moment)
    planned = plan.by_slug.get(segment.slug)
    if planned is None:
        raise NotLive(f"{segment.name} is not live.")
    return _account(known_now(contact, planned, plan, at=moment), at=moment)


def _then(contact: Contact, segment: Segment, plan: Plan, *, at: datetime) -> Account:
    """Explain a moment gone by; nobody was in what was not live, and nowhere who was not known."""
    if contact.created_at > at:
        return _nowhere("not_yet_known")
    known = known_then(contact, segment, plan, at=at)
    if known is None:
        return _nowhere("not_live")
    told = _account(known, at=at)
    if told.holds is known.member:
        return told
    because = {"recorded": known.member, "holds": known.member, "rule": told.because}
    return Account(bool(known.member), because, known.since, None, None)


def _nowhere(why: str, *, since: datetime | None = None) -> Account:
    return Account(False, {why: True, "holds": False}, since, None, None)  # noqa: FBT003


def _account(known: Known, *, at: datetime) -> Account:
    rule, calendar = known.segment.rule, installed()
    verdict = None
    if rule is not None:
        verdict = judge(rule, known.facts, now=at, calendar=calendar, nested=known.nested)
    tree = _tree(verdict.reason) if verdict else None
    decided = _decided(known)
    if decided is not None:
        holds, why = decided
        return Account(holds, {**why, "holds": holds, "rule": tree}, known.since, None, None)
    if rule is None or verdict is None:
        return _nowhere("static", since=known.since)
    assert tree is not None
    least = least_change(rule, known.facts, now=at, calendar=calendar)
    return Account(verdict.holds, tree, known.since, verdict.flips_at, least)


def _decided(known: Known) -> tuple[bool, dict[str, Any]] | None:
    """Return what decides before the rule is asked: a pin, here or on the ladder, or a rung."""
    segment, pins = known.segment, known.pins
    pinned = next((slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN), None)
    if pinned not in {None, segment.slug}:
        return False, {"pinned_to": pinned}
    if segment.slug in pins:
        return pins[segment.slug] == Pin.Held.IN, {"pin": str(pins[segment.slug])}
    higher = next((slug for slug in segment.higher if slug in known.facts.segments), None)
    return None if higher is None else (False, {"higher_rung": higher})


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
