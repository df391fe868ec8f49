"""What becomes of standing, pins and history when two contacts become one."""

from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from apps.contacts.models import Contact
from apps.segments import pinning
from apps.segments.models import Change, Membership, Transition


def merge(into: Contact, gone: Contact, *, now: datetime) -> None:
    """Give `into` what `gone` had: its own pins win, the longer membership counts.

    Nobody enters or leaves by this: both are settled right after, and only what rules then say
    differently is a move.
    """
    Change.objects.filter(contact=gone).delete()
    Transition.objects.filter(contact=gone).update(
        contact=into, former=Coalesce(F("former"), Value(gone.pk))
    )
    pinning.merge(into, gone, now=now)
    held = {row.segment_id: row for row in Membership.objects.filter(contact=into)}
    for row in Membership.objects.filter(contact=gone):
        own = held.get(row.segment_id)
        if own is None:
            Membership.objects.filter(pk=row.pk).update(contact=into)
            continue
        Membership.objects.filter(pk=own.pk).update(since=min(own.since, row.since))
        Membership.objects.filter(pk=row.pk).delete()
