"""What becomes of leads when two contacts become one."""

from apps.contacts.models import Contact
from apps.leads.models import Lead

RESULT = ("response_id", "quiz_slug", "quiz_title", "tier_key", "tier_label", "score", "scored_at")


def merge(into: Contact, gone: Contact) -> None:
    """Move the lead; of two, the one of `into` stays, with the latest result of both.

    What sales did counts: a stage or an owner is taken over where `into` has none yet.
    """
    own = Lead.objects.select_for_update().filter(contact=into).first()
    other = Lead.objects.select_for_update().filter(contact=gone).first()
    if other is None:
        return
    if own is None:
        Lead.objects.filter(pk=other.pk).update(contact=into)
        return
    if other.scored_at > own.scored_at:
        for name in RESULT:
            setattr(own, name, getattr(other, name))
    if own.stage == Lead.Stage.NEW:
        own.stage, own.staged_at = other.stage, other.staged_at
    own.owner_id = own.owner_id or other.owner_id
    own.since = min(own.since, other.since)
    other.delete()
    own.save()
