"""What a segment and a contact are at a moment: now, in time to come, or as history keeps it.

Ahead, the facts are as they are now, and every segment is what its rule makes of them then. At
an earlier moment the rule is the revision that held then, the events are those that had come by
then, and where the contact stood is read from the transitions. Traits have no history: they are
as they are now, and so are pins, except that one set later is left aside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from apps.contacts.models import READ_COLUMNS, Contact, Event
from apps.rules import codec
from apps.rules.clock import Clock
from apps.rules.errors import RuleError
from apps.rules.facts import Facts, Occurrence
from apps.rules.keys import keys
from apps.rules.nodes import Rule
from apps.segments import facts as loading
from apps.segments.calendar import installed
from apps.segments.models import Pin, Revision, Segment, Transition
from apps.segments.plan import Plan, Planned, catalogue
from apps.segments.settling import pins_of, standing_of
from apps.segments.standing import Judge, Pins, rules_of

LAST_SEEN = "contact.last_seen_at"
assert LAST_SEEN.removeprefix("contact.") in READ_COLUMNS


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one segment and one contact at one moment."""

    segment: Planned
    facts: Facts
    pins: Pins
    since: datetime | None  # when the contact came to where it stands
    nested: Mapping[str, Rule] = field(default_factory=dict)  # of what the segment refers to
    member: bool | None = None  # as history has it; None where there is none yet


def known_now(contact: Contact, segment: Planned, plan: Plan, *, at: datetime) -> Known:
    """Return what is known now, and where that lets the contact stand at `at`."""
    standing = standing_of([contact.pk], plan)
    pins = pins_of([contact.pk], plan).get(contact.pk, {})
    below = plan.below([segment])
    facts = loading.load([contact], segments=[segment, *below], standing=standing)[contact.pk]
    stands = Judge(plan, Clock(at, installed())).stand(below, facts=facts, pins=pins)
    return Known(
        segment=segment,
        facts=replace(facts, segments=stands),
        pins=pins,
        since=_since(contact, segment, member=segment.slug in standing.get(contact.pk, ())),
        nested=rules_of(below, pins),
    )


def known_then(contact: Contact, segment: Segment, plan: Plan, *, at: datetime) -> Known | None:
    """Return what was known at `at`, or None where the segment was not live."""
    planned = _planned_then(segment, plan, at=at)
    if planned is None:
        return None
    standing, moves = _standing_then(contact, at=at)
    known = known_now(contact, planned, plan, at=at)
    pinned = Pin.objects.filter(contact=contact, at__lte=at)
    later = known.pins.keys() - set(pinned.values_list("segment__slug", flat=True))
    return replace(
        known,
        facts=_facts_then(contact, planned, known.facts, standing, at=at),
        pins={slug: held for slug, held in known.pins.items() if slug not in later},
        since=moves.get(planned.slug),
        nested={},
        member=planned.slug in standing,
    )


def _planned_then(segment: Segment, plan: Plan, *, at: datetime) -> Planned | None:
    """Return the segment as its revision of that moment has it, on the ladder of today."""
    then = Revision.objects.filter(segment=segment, at__lte=at).order_by("-number").first()
    if then is None or then.status != Segment.Status.LIVE:
        return None
    today = plan.by_slug.get(segment.slug)
    bare = Planned(segment.pk, segment.slug, segment.name, None)
    try:
        rule = None if then.rule is None else codec.loads(then.rule, catalogue())
    except RuleError:
        return None
    return replace(today or bare, rule=rule)


def _standing_then(contact: Contact, *, at: datetime) -> tuple[frozenset[str], dict[str, datetime]]:
    """Return where the contact stood, and when it came to stand there or left."""
    rows = Transition.objects.filter(contact=contact, at__lte=at).order_by("at", "pk")
    inside: set[str] = set()
    moved: dict[str, datetime] = {}
    for slug, kind, moment in rows.values_list("segment__slug", "kind", "at"):
        moved[slug] = moment
        if kind == Transition.Kind.ENTERED:
            inside.add(slug)
        else:
            inside.discard(slug)
    return frozenset(inside), moved


def _facts_then(
    contact: Contact, segment: Planned, now: Facts, standing: frozenset[str], *, at: datetime
) -> Facts:
    """Return the facts with the events that had been received, and the standing, of then."""
    received = Event.objects.filter(contact=contact, received_at__lte=at)
    names = keys(segment.rule).events if segment.rule is not None else frozenset()
    events: dict[str, list[Occurrence]] = {}
    rows = received.filter(name__in=names).order_by("occurred_at")
    for name, occurred_at, properties in rows.values_list("name", "occurred_at", "properties"):
        events.setdefault(name, []).append(Occurrence(occurred_at, properties))
    latest = received.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    return Facts(traits={**now.traits, LAST_SEEN: latest}, events=events, segments=standing)


def _since(contact: Contact, segment: Planned, *, member: bool) -> datetime | None:
    """Return since when it is a member, or when it last left."""
    if member:
        rows = contact.memberships.filter(segment=segment.pk)
        return rows.values_list("since", flat=True).first()
    left = Transition.objects.filter(contact=contact, segment=segment.pk, kind=Transition.Kind.LEFT)
    return left.order_by("-at", "-pk").values_list("at", flat=True).first()
