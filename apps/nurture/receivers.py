"""What nurture listens to."""

from datetime import datetime
from typing import Any

from django.db.models.signals import post_save

from apps.contacts.models import Consent
from apps.core.signals import second_passed
from apps.nurture import enrolling, sweeping, unsubscribing, walking
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


memberships_changed.connect(follow_memberships)
post_save.connect(end_mail_of_the_unwilling, sender=Consent)
second_passed.connect(advance_enrolments)
second_passed.connect(sweep_messages)
