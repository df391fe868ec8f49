"""One event by the ORM, with the five conditions that read it written out by hand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.contacts.models import Contact, Event
from apps.segments.models import Membership, Transition

NAME, ORDER = "webinar_joined", "order_completed"


def record(
    contact_id: int,
    *,
    message_id: str,
    properties: Mapping[str, Any],
    now: datetime,
    segments: Mapping[str, int],
) -> None:
    """Write the event, and the moves it causes, in one transaction under the contact's lock."""
    with transaction.atomic():
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        Event.objects.bulk_create(
            [Event(contact_id=contact_id, name=NAME, occurred_at=now, received_at=now,
                   properties=properties, message_id=message_id)]
        )  # fmt: skip
        if contact.last_seen_at is None or contact.last_seen_at < now:
            Contact.objects.filter(pk=contact_id).update(last_seen_at=now)
        rows = Event.objects.filter(
            contact=contact_id, name__in=(NAME, ORDER), occurred_at__lte=now
        )
        done = list(rows.values_list("name", "occurred_at", "properties"))
        due = {segments[slug] for slug, holds in conditions(contact, done, now).items() if holds}
        stored = Membership.objects.filter(contact=contact_id, segment__in=segments.values())
        _move(contact_id, set(stored.values_list("segment_id", flat=True)), due, now)


def conditions(
    contact: Contact, done: list[tuple[str, datetime, dict[str, Any]]], now: datetime
) -> dict[str, bool]:
    joined = [(at, properties) for name, at, properties in done if name == NAME]
    month = now - timedelta(days=30)
    bought = any(name == ORDER and at > month for name, at, _ in done)
    return {
        "w0": bool(joined) and contact.profile.get("quiz.skin.tier") == "hot",
        "w1": any(at > month for at, _ in joined) and contact.profile.get("newsletter") is True,
        "w2": len(joined) >= 2,
        "w3": bool(joined) and max(at for at, _ in joined) <= now - timedelta(days=60),
        "w4": any(properties.get("topic") == "care" for _, properties in joined) and not bought,
    }


def _move(contact_id: int, stored: set[int], due: set[int], now: datetime) -> None:
    moves = [(pk, Transition.Kind.LEFT) for pk in stored - due]
    moves += [(pk, Transition.Kind.ENTERED) for pk in due - stored]
    if not moves:
        return
    Transition.objects.bulk_create(
        [Transition(segment_id=pk, contact_id=contact_id, kind=kind, at=now, cause="by hand")
         for pk, kind in moves]
    )  # fmt: skip
    if gone := stored - due:
        Membership.objects.filter(contact=contact_id, segment__in=gone).delete()
    Membership.objects.bulk_create(
        [Membership(segment_id=pk, contact_id=contact_id, since=now) for pk in due - stored]
    )
