"""Where a contact stands: rules, pins and ladders taken together. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from apps.rules.clock import Calendar
from apps.rules.facts import Facts
from apps.rules.verdict import holds
from apps.segments.models import Pin
from apps.segments.plan import Planned

Pins = Mapping[str, str]  # slug: Pin.Held


def stand(
    segments: Iterable[Planned], *, facts: Facts, pins: Pins, now: datetime, calendar: Calendar
) -> frozenset[str]:
    """Return the slugs the contact stands in, given where it stood in all other segments.

    The segments come in dependency order; each sees the others' new standing, never a
    stale one. The rest of `facts.segments` is taken as it is.
    """
    within = set(facts.segments)
    for segment in segments:
        seen = replace(facts, segments=frozenset(within))
        if belongs(segment, facts=seen, pins=pins, now=now, calendar=calendar):
            within.add(segment.slug)
        else:
            within.discard(segment.slug)
    return frozenset(within)


def belongs(
    segment: Planned, *, facts: Facts, pins: Pins, now: datetime, calendar: Calendar
) -> bool:
    """Return whether the contact is in: a pin decides, else the ladder, else the rule.

    On a ladder the first rung with a pin wins, else the first whose rule holds.
    """
    pinned = next((slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN), None)
    if pinned is not None:
        return pinned == segment.slug
    if segment.slug in pins:
        return pins[segment.slug] == Pin.Held.IN
    if segment.rule is None or not facts.segments.isdisjoint(segment.higher):
        return False
    return holds(segment.rule, facts, now=now, calendar=calendar)
