"""What becomes of sequences and mails when two contacts become one: no mail goes out twice."""

from collections import defaultdict
from datetime import datetime

from apps.contacts.models import Contact
from apps.nurture import lanes
from apps.nurture.models import Enrolment, Message, Sequence
from apps.nurture.stopping import stop, withhold

REASON = "Merged with a contact who is further along"
KEY_LENGTH = 60
GONE_OUT = (Message.State.HANDING, Message.State.SENT, Message.State.IN_DOUBT)


def merge(into: Contact, gone: Contact, *, now: datetime) -> None:
    """Move enrolments and mails; where both walk one sequence, who is further along goes on.

    Of two in one lane the higher goes on. A sequence that is for once per contact counts what
    either had of it. Callers hold the contacts' locks.
    """
    _release_claims(gone, now=now)
    by_sequence: dict[int, list[Enrolment]] = defaultdict(list)
    rows = Enrolment.objects.filter(contact__in=[into, gone]).select_related("sequence")
    for enrolment in rows.order_by("pk"):
        by_sequence[enrolment.sequence_id].append(enrolment)
    for walked in by_sequence.values():
        _keep_one(walked, now=now)
        _move(walked, into, gone)
    Message.objects.filter(contact=gone).update(contact=into)
    stop(lanes.outranked([into.pk]), now=now, reason="Merged: a higher sequence of its lane runs")


def _release_claims(gone: Contact, *, now: datetime) -> None:
    """Put claimed mails back: their claimers hold the contact that is no more."""
    claimed = Message.objects.filter(contact=gone, state=Message.State.CLAIMED)
    claimed.update(state=Message.State.QUEUED, token="", look_at=now, changed_at=now)


def _keep_one(walked: list[Enrolment], *, now: datetime) -> None:
    """Stop all walks of one sequence but the furthest, and what it would send again."""
    owners = {enrolment.contact_id for enrolment in walked}
    once = walked[0].sequence.re_entry == Sequence.ReEntry.NEVER
    active = [one for one in walked if one.state == Enrolment.State.ACTIVE]
    rivals = walked if once else active
    if len(owners) < 2 or len(rivals) < 2:
        return
    kept = max(rivals, key=lambda one: (one.next_position, one.ended_at is not None, -one.pk))
    others = [one.pk for one in rivals if one.pk != kept.pk]
    stop(Enrolment.objects.filter(pk__in=others), now=now, reason=REASON)
    sent = Message.objects.filter(enrolment__in=others, state__in=GONE_OUT)
    again = Message.objects.filter(
        enrolment=kept, step__in=list(sent.values_list("step", flat=True))
    )
    withhold(again, now=now, reason=REASON)


def _move(walked: list[Enrolment], into: Contact, gone: Contact) -> None:
    """Give the enrolments of `gone` to `into`, a key that is taken made its own."""
    taken = {one.trigger_key for one in walked if one.contact_id == into.pk}
    for enrolment in walked:
        if enrolment.contact_id != gone.pk:
            continue
        key = enrolment.trigger_key
        if key in taken:
            mark = f":merged:{enrolment.pk}"
            key = key[: KEY_LENGTH - len(mark)] + mark
        Enrolment.objects.filter(pk=enrolment.pk).update(contact=into, trigger_key=key)
