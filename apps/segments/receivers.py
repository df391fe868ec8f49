"""Where facts become marks: whoever writes a fact, its mark commits with it or not at all."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from apps.contacts.models import Contact, Event
from apps.contacts.signals import contacts_erasing, contacts_merged, facts_written
from apps.core.signals import second_passed
from apps.segments import merging, sizes
from apps.segments.dry_run import forgetting as proposals
from apps.segments.exports import forgetting as kept_exports
from apps.segments.exports import running as exports
from apps.segments.marks import mark
from apps.segments.models import Change, Membership, Pin, Segment
from apps.segments.sprawl import ordering
from apps.segments.ticking import beat

MERGED = "trait:contact.merged_into_id"  # a contact that became a tombstone stands nowhere


@receiver(post_save, sender=Contact)
def mark_contact(instance: Contact, created: bool, **kwargs: Any) -> None:  # noqa: FBT001
    keys = {f"trait:{key}" for key in instance.changed_keys()}
    if created or MERGED in keys:
        keys = {Change.EVERYTHING}
    if keys:
        mark({instance.pk: keys})


@receiver([post_save, post_delete], sender=Event)
def mark_event(instance: Event, origin: object = None, **kwargs: Any) -> None:
    if not _goes_with_its_contact(origin):
        mark({instance.contact_id: {f"event:{instance.name}", "trait:contact.last_seen_at"}})


@receiver([post_save, post_delete], sender=Pin)
def mark_pin(instance: Pin, origin: object = None, **kwargs: Any) -> None:
    if not _goes_with_its_contact(origin):
        mark({instance.contact_id: {f"pin:{instance.segment.slug}"}})


@receiver(post_delete, sender=Membership)
def note_member_gone(instance: Membership, origin: object = None, **kwargs: Any) -> None:
    """Erased or merged: whoever enters and leaves is noted where it is written."""
    if not isinstance(origin, Segment):
        sizes.note([(instance.segment_id, 0, 0, 1)], now=timezone.now())


def _goes_with_its_contact(origin: object) -> bool:
    """Return whether a row is deleted because its contact is: a mark would outlive it."""
    return isinstance(origin, Contact) or getattr(origin, "model", None) is Contact


@receiver(facts_written)
def mark_facts(changes: Mapping[int, set[str]], *, quiet: bool = False, **kwargs: Any) -> None:
    mark(changes, quiet=quiet)


@receiver(contacts_merged)
def merge_standing(into: Contact, gone: Contact, now: datetime, **kwargs: Any) -> None:
    merging.merge(into, gone, now=now)


@receiver(contacts_erasing)
def drop_proposals_that_name_them(emails: frozenset[str], **kwargs: Any) -> None:
    proposals.forget_texts(emails)


@receiver(second_passed)
def keep_time(now: datetime, **kwargs: Any) -> None:
    beat(now=now)
    ordering.resume(now=now)
    exports.resume(now=now)


@receiver(contacts_erasing)
def drop_exports_that_name_them(ids: Collection[int], **kwargs: Any) -> None:
    kept_exports.drop_files(ids=ids, now=timezone.now())
