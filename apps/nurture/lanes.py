"""Lanes: of the sequences of one lane at most one runs for a contact, the one that ranks higher.

The higher priority ranks higher; of equals, the one that began first. A sequence that is outranked
does not begin; one under way stops when a higher one begins.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from apps.nurture import models

Enrolment = models.Enrolment


def barred(sequence: models.Sequence, contacts: Collection[int], *, now: datetime) -> set[int]:
    """Return those of the contacts for whom one of the lane runs that need not give way.

    One that began and ended at this very moment counts: two that are entered at once must not
    both send their first mail.
    """
    if not sequence.lane:
        return set()
    ran = Q(state=Enrolment.State.ACTIVE) | Q(state=Enrolment.State.FINISHED, ended_at=now)
    rivals = _rivals(sequence).filter(ran, sequence__priority__gte=sequence.priority)
    return set(rivals.filter(contact__in=contacts).values_list("contact_id", flat=True))


def lower(sequence: models.Sequence, contacts: Collection[int]) -> models.EnrolmentQuerySet:
    """Return the walks of these contacts that give way when the sequence begins for them."""
    if not sequence.lane:
        return Enrolment.objects.none()
    below = _rivals(sequence).active().filter(sequence__priority__lt=sequence.priority)
    return below.filter(contact__in=contacts)


def outranked(contacts: Collection[int]) -> models.EnrolmentQuerySet:
    """Return the walks of these contacts beside which a higher one of their lane runs.

    There are such after a merge, and after a sequence was given another lane or priority.
    """
    higher = Q(sequence__priority__gt=OuterRef("sequence__priority")) | Q(
        Q(started_at__lt=OuterRef("started_at"))
        | Q(started_at=OuterRef("started_at"), pk__lt=OuterRef("pk")),
        sequence__priority=OuterRef("sequence__priority"),
    )
    rivals = Enrolment.objects.active().filter(
        higher, contact=OuterRef("contact"), sequence__lane=OuterRef("sequence__lane")
    )
    rivals = rivals.exclude(sequence=OuterRef("sequence"))
    laned = Enrolment.objects.active().exclude(sequence__lane="")
    return laned.filter(Exists(rivals), contact__in=contacts)


def _rivals(sequence: models.Sequence) -> models.EnrolmentQuerySet:
    return Enrolment.objects.filter(sequence__lane=sequence.lane).exclude(sequence=sequence)
