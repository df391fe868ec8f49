"""What nurture listens to."""

from datetime import datetime
from typing import Any

from django.db.models.signals import post_save

from apps.contacts.models import Consent, Contact
from apps.contacts.signals import contacts_erasing, contacts_merged
from apps.core.signals import second_passed
from apps.nurture import enrolling, merging, sweeping, unsubscribing, walking
from apps.nurture.models import Suppression
from apps.segments.signals import memberships_changed


def follow_memberships(
    *,
    entered: enrolling.Transitions,
    left: enrolling.Transitions,
    now: datetime,
    quiet: bool,
    **_: Any,
) -> None:
    enrolling.follow(entered=entered, left=left, now=now, quiet=quiet)


def end_mail_of_the_unwilling(*, instance: Consent, created: bool, **_: Any) -> None:
    """Stop what a withdrawal ends, whichever page it was made on."""
    if created and not instance.granted and instance.purpose == Consent.Purpose.EMAIL:
        unsubscribing.end_mail(instance.contact_id, now=instance.at, reason="Consent was withdrawn")


def advance_enrolments(*, now: datetime, **_: Any) -> None:
    walking.advance_due(now=now)


def sweep_messages(*, now: datetime, **_: Any) -> None:
    sweeping.sweep(now=now)


def merge_enrolments(*, into: Contact, gone: Contact, now: datetime, **_: Any) -> None:
    merging.merge(into, gone, now=now)


def forget_suppressions(*, emails: frozenset[str], **_: Any) -> None:
    Suppression.objects.filter(address__in=emails).delete()


contacts_merged.connect(merge_enrolments)
contacts_erasing.connect(forget_suppressions)
memberships_changed.connect(follow_memberships)
post_save.connect(end_mail_of_the_unwilling, sender=Consent)
second_passed.connect(advance_enrolments)
second_passed.connect(sweep_messages)
