"""What becomes of standing, pins and history when two contacts become one."""

from apps.contacts.models import Contact
from apps.segments.models import Change, Membership, Pin, Transition


def merge(into: Contact, gone: Contact) -> None:
    """Give `into` what `gone` had: its own pins win, the longer membership counts.

    Nobody enters or leaves by this: both are settled right after, and only what rules then say
    differently is a move.
    """
    Change.objects.filter(contact=gone).delete()
    Transition.objects.filter(contact=gone).update(contact=into)
    _move_pins(into, gone)
    held = {row.segment_id: row for row in Membership.objects.filter(contact=into)}
    for row in Membership.objects.filter(contact=gone):
        own = held.get(row.segment_id)
        if own is None:
            Membership.objects.filter(pk=row.pk).update(contact=into)
            continue
        Membership.objects.filter(pk=own.pk).update(since=min(own.since, row.since))
        Membership.objects.filter(pk=row.pk).delete()


def _move_pins(into: Contact, gone: Contact) -> None:
    own = Pin.objects.filter(contact=into).values_list("segment", flat=True)
    pins = Pin.objects.filter(contact=gone)
    double = pins.filter(segment__in=list(own))
    double._raw_delete(double.db)  # no mark: both are settled in full
    pins.update(contact=into)
