"""The history of pins: whoever writes pins keeps here what they do, in the same transaction."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.segments.models import Pin, PinChange, Segment


def keep(
    segment: Segment, held: Mapping[int, str | None], *, by: User | None, now: datetime
) -> None:
    """Keep how contacts, by id, are held in the segment from now on; None: let go."""
    PinChange.objects.bulk_create(
        PinChange(segment=segment, contact_id=pk, held=how or "", by=by, at=now)
        for pk, how in held.items()
    )


def merge(into: Contact, gone: Contact, *, now: datetime) -> None:
    """Give `into` the pins of `gone`, its own first, and their history as that of another."""
    PinChange.objects.filter(contact=gone).update(
        contact=into, former=Coalesce(F("former"), Value(gone.pk))
    )
    own = Pin.objects.filter(contact=into).values_list("segment", flat=True)
    pins = Pin.objects.filter(contact=gone)
    double = pins.filter(segment__in=list(own))
    double._raw_delete(double.db)  # no mark: both are settled in full
    PinChange.objects.bulk_create(
        PinChange(segment_id=pin.segment_id, contact=into, held=pin.held, by_id=pin.by_id, at=now)
        for pin in pins.order_by("pk")
    )
    pins.update(contact=into)
