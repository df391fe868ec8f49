"""Why a contact is in each of its segments, in brief: the reasons, since when, until when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.contacts.models import Contact
from apps.rules.catalogue import Catalogue
from apps.rules.facts import Facts
from apps.rules.nodes import All, Any, Not, Rule
from apps.rules.prose import sentence
from apps.rules.verdict import Reason, judge
from apps.rules.wording import number
from apps.segments import facts as loading
from apps.segments.calendar import installed
from apps.segments.models import Pin
from apps.segments.plan import Plan, Planned, catalogue, live_plan
from apps.segments.settling import pins_of, standing_of
from apps.segments.standing import Pins, rules_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reason` is None where no rule was asked: a static segment."""

    segment: Planned
    member: bool
    holds: bool
    sentence: str
    because: str
    since: datetime | None
    flips_at: datetime | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of one contact, read once for all its explanations."""

    known: Catalogue
    plan: Plan
    pins: Pins
    facts: Facts
    nested: Mapping[str, Rule]  # the rules of what the segments refer to
    now: datetime


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One node of the reasons as a page shows it, indented by `depth`."""

    depth: int
    words: str
    holds: bool
    actual: str
    flips_at: datetime | None


def explain_all(contact: Contact, *, now: datetime) -> list[Explanation]:
    """Explain every live segment the contact is in, by name; the number of queries is fixed."""
    plan = live_plan()
    rows = contact.memberships.values_list("segment__slug", flat=True)
    inside = [plan.by_slug[slug] for slug in rows if slug in plan.by_slug]
    return _explained(contact, sorted(inside, key=lambda planned: planned.name), plan, now=now)


def _explained(
    contact: Contact, segments: Sequence[Planned], plan: Plan, *, now: datetime
) -> list[Explanation]:
    """Read what is stored of the contact once, and explain each segment from it."""
    since = dict(contact.memberships.values_list("segment_id", "since"))
    standing = standing_of([contact.pk], plan)
    below = plan.below(segments)
    read = [*segments, *below]
    pins = pins_of([contact.pk], plan).get(contact.pk, {})
    context = Context(
        known=catalogue(),
        plan=plan,
        pins=pins,
        facts=loading.load([contact], segments=read, standing=standing)[contact.pk],
        nested=rules_of(below, pins),
        now=now,
    )
    return [_explanation(planned, context, since.get(planned.pk)) for planned in segments]


def _explanation(segment: Planned, context: Context, since: datetime | None) -> Explanation:
    rule = segment.rule
    verdict = None
    if rule is not None:
        verdict = judge(
            rule, context.facts, now=context.now, calendar=installed(), nested=context.nested
        )
    holds = verdict is not None and verdict.holds
    return Explanation(
        segment=segment,
        member=since is not None,
        holds=holds,
        sentence="held by hand" if rule is None else sentence(rule, context.known),
        because=_because(segment, context, holds=holds),
        since=since,
        flips_at=verdict.flips_at if verdict else None,
        reason=verdict.reason if verdict else None,
    )


def reason_lines(reason: Reason, known: Catalogue, depth: int = 0) -> Iterator[ReasonLine]:
    """Yield the tree of reasons from the top, groups before their parts."""
    match reason.rule:
        case All():
            words, actual = "All of these", ""
        case Any():
            words, actual = "Any of these", ""
        case Not():
            words, actual = "Not", ""
        case _:
            words, actual = sentence(reason.rule, known), _found(reason.actual)
    yield ReasonLine(depth, words, reason.holds, actual, reason.flips_at)
    for part in reason.parts:
        yield from reason_lines(part, known, depth + 1)


def _found(actual: object) -> str:
    match actual:
        case None:
            return "nothing known"
        case bool():
            return "yes" if actual else "no"
        case datetime():
            return f"{timezone.localtime(actual):%Y-%m-%d %H:%M}"
        case int() | float():
            return number(actual)
        case list() | tuple():
            return ", ".join(map(str, actual))
        case _:
            return str(actual)


def _because(segment: Planned, context: Context, *, holds: bool) -> str:
    """Say in a sentence what decided: a pin, a higher rung, or the rule."""
    pins, standing = context.pins, context.facts.segments
    names = {slug: planned.name for slug, planned in context.plan.by_slug.items()}
    pinned = next((slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN), None)
    if pinned not in {None, segment.slug}:
        return f"Pinned by hand to '{names[pinned or '']}' on the same ladder."
    if pins.get(segment.slug) == Pin.Held.IN:
        return "Held in by hand."
    if pins.get(segment.slug) == Pin.Held.OUT:
        return "Held out by hand."
    higher = next((slug for slug in segment.higher if slug in standing), None)
    if higher is not None:
        met = "Met, but a" if holds else "Not met, and a"
        return f"{met} higher rung won: '{names[higher]}'."
    if segment.is_default:
        return "The default: no rung of the ladder took the contact."
    if segment.rule is None:
        return "A static segment: held by hand alone."
    return "The rule holds." if holds else "The rule does not hold."
