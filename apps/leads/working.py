"""What sales does with a lead: take it, move it on, win or lose it."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.contacts.events import record_event
from apps.contacts.models import Contact
from apps.leads.models import Lead

DEAL_EVENTS = {Lead.Stage.WON: "deal_won", Lead.Stage.LOST: "deal_lost"}


class StageError(ValueError):
    """A stage that does not exist."""


class OwnerError(ValueError):
    """Somebody who cannot own a lead."""


def move(lead: Lead, *, stage: str, now: datetime) -> bool:
    """Move a lead to a stage; return whether it was elsewhere before.

    Winning and losing are events of the contact, so that segments and sequences react.
    Raises StageError.
    """
    if stage not in Lead.Stage.values:
        raise StageError(f"There is no stage called {stage[:40]!r}.")
    with transaction.atomic():
        contact = Contact.objects.locked([lead.contact_id]).get()
        moved = Lead.objects.filter(pk=lead.pk).exclude(stage=stage)
        if moved.update(stage=stage, staged_at=now) != 1:
            return False
        event = DEAL_EVENTS.get(Lead.Stage(stage))
        if event:
            about = {"quiz": lead.quiz_slug, "tier": lead.tier_key}
            record_event(contact, name=event, now=now, properties=about)
    lead.stage, lead.staged_at = stage, now
    return True


def assign(lead: Lead, *, owner: User | None) -> None:
    """Give a lead to somebody who works here, or to nobody. Raises OwnerError."""
    if owner is not None and not owner.is_active:
        raise OwnerError(f"{owner} does not work here any more.")
    Lead.objects.filter(pk=lead.pk).update(owner=owner)
    lead.owner = owner
