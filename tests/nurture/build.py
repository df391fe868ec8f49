"""Rows of this app that tests begin with."""

from datetime import datetime, timedelta
from typing import Any

from apps.contacts import consent
from apps.contacts.models import Contact
from apps.nurture.models import Enrolment, Message, Sequence, Step
from apps.nurture.walking import BELL
from apps.segments.models import Segment, Transition
from apps.segments.signals import memberships_changed
from tests.factories import NOW, ContactFactory

HOUR = timedelta(hours=1)


def segment(slug: str = "hot-leads") -> Segment:
    return Segment.objects.create(name=slug.capitalize(), slug=slug, status="live", rule=None)


def sequence(*steps: str | timedelta, **fields: Any) -> Sequence:
    """Make a live sequence: a text is an e-mail with that subject, a timedelta a wait."""
    slug = fields.pop("slug", "welcome")
    fields.setdefault("segment", None)
    made = Sequence.objects.create(
        name=slug.capitalize(),
        slug=slug,
        status=fields.pop("status", "live"),
        segment=fields.pop("segment") or segment(f"{slug}-people"),
        **fields,
    )
    for position, step in enumerate(steps or ("Welcome",), start=1):
        if isinstance(step, timedelta):
            Step.objects.create(sequence=made, position=position, kind="wait", wait=step)
        else:
            Step.objects.create(
                sequence=made, position=position, subject=step, body=f"{step}, *dear* reader."
            )
    return made


def subscriber(**fields: Any) -> Contact:
    """Make a contact who agreed to e-mail."""
    contact = ContactFactory.create(**fields)
    consent.record(contact, now=NOW, granted=True, wording="Send me tips.", source="test")
    return contact


def move(
    segment: Segment, *contacts: Contact, kind: str = "entered", now: datetime = NOW
) -> list[Transition]:
    """Write the transitions that settling would write."""
    return [
        Transition.objects.create(segment=segment, contact=contact, kind=kind, at=now)
        for contact in contacts
    ]


def enter(
    segment: Segment, *contacts: Contact, now: datetime = NOW, quiet: bool = False
) -> list[Transition]:
    moved = move(segment, *contacts, now=now)
    memberships_changed.send(sender=Segment, entered=moved, left=[], now=now, quiet=quiet)
    return moved


def leave(segment: Segment, *contacts: Contact, now: datetime = NOW) -> list[Transition]:
    moved = move(segment, *contacts, kind="left", now=now)
    memberships_changed.send(sender=Segment, entered=[], left=moved, now=now, quiet=False)
    return moved


def message(
    contact: Contact | None = None, *, subject: str = "Welcome", body: str = "", **fields: Any
) -> Message:
    """Make a queued message of a live sequence, of its own if need be."""
    contact = contact or subscriber()
    made = fields.pop("sequence", None) or sequence(subject, slug=f"to-{contact.pk}")
    step = made.steps.get(position=1)
    if body:
        step.body = body
        step.save()
    enrolment = Enrolment.objects.create(
        sequence=made,
        contact=contact,
        trigger_key="once",
        started_at=NOW,
        state="finished",
        ended_at=NOW,
    )
    return Message.objects.create(
        enrolment=enrolment,
        step=step,
        contact=contact,
        **{
            "not_before": NOW,
            "look_at": NOW + BELL,
            "created_at": NOW,
            "changed_at": NOW,
            **fields,
        },
    )
