"""The product's public verbs, as the benchmarks call them: the one place to follow their names."""

import time
from collections.abc import Iterable
from datetime import datetime

from apps.contacts.events import NewEvent, record_event, record_events
from apps.contacts.models import Contact
from apps.rules.nodes import Rule
from apps.segments import foreseeing, rebuilding, settling, ticking, verifying
from apps.segments.models import Change, Rebuild, Segment

AT_ONCE = 5000  # marks, as a worker takes them
PATIENCE = 1000  # looks in vain, a hundredth of a second apart


def settle(*, now: datetime) -> None:
    """Settle every mark, as workers do; another connection may be at some of them."""
    idle = 0
    while Change.objects.exists():
        idle = 0 if settling.settle_waiting(limit=AT_ONCE, now=now) else idle + 1
        if idle > PATIENCE:
            raise RuntimeError("marks wait that nobody settles")
        if idle:
            time.sleep(0.01)


def rebuild(segment: Segment, *, now: datetime) -> Rebuild:
    """Apply the segment's present revision to everybody, marks of those who moved included."""
    ordered = rebuilding.order(segment, now=now)
    rebuilding.run(ordered.pk, now=now)
    settle(now=now)
    return ordered


def rebuild_all(*, now: datetime) -> None:
    """Rebuild every live segment: at once where the product can, else one after another."""
    at_once = getattr(rebuilding, "rebuild_all", None)
    if at_once is not None:
        at_once(now=now)
    else:
        for segment in Segment.objects.live().order_by("pk"):
            Rebuild.objects.filter(segment=segment).delete()
            ordered = rebuilding.order(segment, now=now)
            rebuilding.run(ordered.pk, now=now)
    settle(now=now)


def drift(*, now: datetime) -> int:
    return len(verifying.verify(now=now).drift)


def preview(rule: Rule, *, now: datetime) -> int:
    return foreseeing.preview(rule, now=now).count


def first_answer(rule: Rule, *, now: datetime) -> object:
    """Return what the editor shows first: an estimate where the product makes one."""
    estimate = getattr(foreseeing, "estimate", None)
    return preview(rule, now=now) if estimate is None else estimate(rule, now=now)


def one_event(
    contact: Contact, *, name: str, message_id: str, now: datetime, **properties: object
) -> None:
    """Record one event; it is settled in this process as its transaction commits."""
    record_event(contact, name=name, now=now, message_id=message_id, properties=properties)


def intake(rows: Iterable[NewEvent], *, now: datetime) -> None:
    record_events(rows, now=now)
    settle(now=now)


def tick(*, now: datetime) -> int:
    return ticking.tick(now=now)
