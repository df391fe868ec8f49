"""A process that edits rules and records events while others die, and measures what it did.

Started by tests/journeys/chaos.py; takes its commands as tests/journeys/witness.py does.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.contacts import people
from apps.contacts.events import record_event
from apps.contacts.models import Consent, Contact, Event, Trait
from apps.core.models import DeadTask
from apps.integrations import tokens
from apps.nurture.models import Enrolment, Message, Sequence
from apps.segments import editing
from apps.segments.models import Change, Ladder, Membership, Rebuild, Segment, Transition
from apps.segments.rebuilding import PART, rebuild_all
from tests.journeys import crowd
from tests.journeys.witness import obey, unsettled

RECORDERS = 6  # at once: one that waits must not delay the next event
PATIENCE = 60.0  # seconds for one contact to be settled
NEWCOMER = 20  # every so-manyeth event is of somebody nobody knew


def main() -> None:
    obey(COMMANDS)


def seed(contacts: int) -> dict[str, Any]:
    """Write the contacts, in two parts of a rebuild, the segments and the sequence."""
    now = timezone.now()
    Trait.objects.create(key="plan", label="Plan", kind="text")
    Trait.objects.create(key="size", label="Size", kind="number")
    ids = [*range(1, contacts // 2 + 1), *range(PART + 1, PART + contacts - contacts // 2 + 1)]
    Contact.objects.bulk_create(
        [
            Contact(pk=pk, email=f"{pk}@crowd.example", profile=crowd.traits(number))
            for number, pk in enumerate(ids)
        ],
        batch_size=1000,
    )
    _go_on_counting()
    Consent.objects.bulk_create(
        [Consent(contact_id=pk, granted=True, wording="Yes", source="test", at=now) for pk in ids],
        batch_size=1000,
    )
    _write_segments()
    user = User.objects.create(email="marketer@staff.example", role=User.Role.MARKETER)
    _, secret = tokens.issue(user, scopes=["write"], now=now)
    return {"ids": ids, "token": secret}


def _go_on_counting() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Contact]):
            cursor.execute(statement)


def _write_segments() -> None:
    now = timezone.now()
    ladder = Ladder.objects.create(name="Worth", slug="worth")
    for slug, rung, rule in crowd.SEGMENTS:
        place = {"ladder": ladder, "rung": rung} if rung else {}
        row = Segment(name=slug, slug=slug, status="live", **place)
        editing.save(row, rule=rule, by=None, now=now)
    Rebuild.objects.update(state=Rebuild.State.SUPERSEDED)
    rebuild_all()
    sequence = Sequence.objects.create(
        name="Welcome",
        slug="welcome",
        segment=Segment.objects.get(slug=crowd.MAILED),
        status=Sequence.Status.LIVE,
        re_entry=Sequence.ReEntry.EVERY_TIME,
        cooldown=timedelta(0),
    )
    sequence.steps.create(position=0, kind="email", subject="Welcome", body="Hello")


def edit(number: int) -> dict[str, Any]:
    """Change a segment's rule; a rebuild follows. Return how long the editor waited."""
    slug, rule = crowd.edit(number)
    row = Segment.objects.get(slug=slug)
    before, began = row.revision, time.monotonic()
    editing.save(row, rule=rule, by=None, now=timezone.now())
    return {"seconds": time.monotonic() - began, "saved": row.revision == before + 1}


def record(first: int, count: int, a_second: int) -> dict[str, Any]:
    """Record events at this pace, each of a contact of its own; return how each was settled."""
    ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    began = time.monotonic()

    def one(number: int) -> dict[str, Any]:
        time.sleep(max(began + (number - first) / a_second - time.monotonic(), 0))
        try:
            return _record(number, ids[number * 7919 % len(ids)])
        finally:
            connection.close_if_unusable_or_obsolete()

    with ThreadPoolExecutor(RECORDERS) as pool:
        recorded = list(pool.map(one, range(first, first + count)))
    return {"recorded": recorded, "seconds": time.monotonic() - began}


def _record(number: int, pk: int) -> dict[str, Any]:
    """Record an event as any edge does, and wait until its contact stands where it must."""
    now, began = timezone.now(), time.monotonic()
    committed: list[float] = []
    if number % NEWCOMER:
        contact = Contact.objects.get(pk=pk)
    else:
        contact = people.find_or_make(now=now, email=f"new-{number}@crowd.example")
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        record_event(contact, name="order_completed", now=now, message_id=f"here-{number}")
    while not _is_settled(contact.pk) and time.monotonic() - began < PATIENCE:
        time.sleep(0.01)
    ended = time.monotonic()
    return {"contact": contact.pk, "settled": ended - committed[0], "in_all": ended - began}


def _is_settled(pk: int) -> bool:
    """Return whether the order is in the contact's memberships, and no mark waits for it."""
    marks = Change.objects.filter(contact=pk).values_list("keys", flat=True)
    if any("event:order_completed" in keys for keys in marks):
        return False
    return Membership.objects.filter(contact=pk, segment__slug=crowd.BOUGHT).exists()


@transaction.atomic
def report() -> dict[str, Any]:
    """Return what the promises are about, as of one moment; long lists only of what breaks one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    enrolled = Enrolment.objects.values_list("contact_id", "trigger_key", "contact__email")
    loud = Transition.objects.filter(
        segment__slug=crowd.MAILED, kind="entered", cause__contains="event:"
    )
    return {
        "events": list(Event.objects.values_list("contact_id", "message_id")),
        "bought": list(_members(crowd.BOUGHT)),
        "out_of_turn": _out_of_turn(),
        "enrolled": [list(row) for row in enrolled],
        "loud": list(loud.values_list("pk", flat=True)),
        "messages": dict(Counter(Message.objects.values_list("state", flat=True))),
        "transitions": Transition.objects.count(),
        "rebuilds": dict(Counter(Rebuild.objects.values_list("state", flat=True))),
        "dead_tasks": list(DeadTask.objects.values_list("job", "error")),
    }


def _members(slug: str) -> Any:
    return Membership.objects.filter(segment__slug=slug).values_list("contact_id", flat=True)


def _out_of_turn() -> list[list[Any]]:
    """Return who entered twice, left twice, or is stored otherwise than the last move says."""
    inside: set[tuple[int, int]] = set()
    wrong: list[list[Any]] = []
    rows = Transition.objects.order_by("pk").values_list("segment_id", "contact_id", "kind", "pk")
    for segment_id, contact_id, kind, pk in rows.iterator(chunk_size=10_000):
        place = (segment_id, contact_id)
        if (kind == "entered") == (place in inside):
            wrong.append([*place, kind, pk])
        (inside.add if kind == "entered" else inside.discard)(place)
    stored = set(Membership.objects.values_list("segment_id", "contact_id"))
    return [*wrong, *([*place, "stored otherwise"] for place in stored ^ inside)]


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    command.__name__: command for command in (seed, edit, record, unsettled, report)
}
