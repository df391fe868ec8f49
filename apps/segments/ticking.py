"""Time: every second, mark the contacts whose facts slid across the edge of a window.

For each distinct windowed leaf only the sliver since the last tick is looked up, by index:
the cost follows the number that flip, never the number that exist.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from apps.contacts.models import Contact, DatedTrait, Event
from apps.rules.clock import Calendar
from apps.rules.edges import DateEdge, Edge, EventEdge
from apps.rules.windows import NOW
from apps.segments import rebuilding
from apps.segments.calendar import installed
from apps.segments.marks import mark
from apps.segments.models import Watermark
from apps.segments.plan import live_plan
from apps.segments.settling import settle_waiting

A_SECOND_OF_WORK = 500  # marks a beat settles itself; workers take the rest


def beat(*, now: datetime) -> None:
    """Tick, then settle what is waiting: what slid just now and what a killed process left."""
    tick(now=now)
    settle_waiting(limit=A_SECOND_OF_WORK)
    rebuilding.resume(now=now)


def tick(*, now: datetime) -> int:
    """Mark every contact that time alone may move since the last tick; return how many.

    The watermark moves in the same transaction, under its row lock: however many processes
    tick, and however long none did, each instant is looked at exactly once.
    """
    with transaction.atomic():
        watermark = Watermark.objects.select_for_update().order_by("pk").first()
        if watermark is None:
            Watermark.objects.create(pk=1, ticked_to=now)
            return 0
        if now <= watermark.ticked_to:
            return 0
        changes = _slid(watermark.ticked_to, now)
        mark(changes)
        watermark.ticked_to = now
        watermark.save()
    return len(changes)


def _slid(since: datetime, now: datetime) -> dict[int, set[str]]:
    changes: dict[int, set[str]] = {}
    calendar = installed()
    for edge in live_plan().edges:
        for contact_id in _crossing(edge, since, now, calendar):
            changes.setdefault(contact_id, set()).add(edge.mark)
    return changes


def _crossing(edge: Edge, since: datetime, now: datetime, calendar: Calendar) -> Iterator[int]:
    for first, last in edge.slivers(since, now, calendar=calendar):
        yield from _within(edge, first, last)


def _within(edge: Edge, first: datetime, last: datetime) -> QuerySet[Any, int]:
    match edge:
        case EventEdge():
            return _events(edge, first, last).values_list("contact_id", flat=True).distinct()
        case DateEdge(trait=trait) if trait.startswith("contact."):
            column = trait.removeprefix("contact.")
            between = {f"{column}__range": (first, last)}
            return Contact.objects.filter(**between).values_list("pk", flat=True)
        case DateEdge(trait=trait):
            rows = DatedTrait.objects.filter(key=trait, at__range=(first, last))
            return rows.values_list("contact_id", flat=True)


def _events(edge: EventEdge, first: datetime, last: datetime) -> QuerySet[Event]:
    rows = Event.objects.filter(name=edge.event, occurred_at__range=(first, last))
    if edge.end != NOW:
        return rows
    # An event that had happened when it came was settled when it came.
    return rows.filter(occurred_at__gt=F("received_at"))
