"""Putting a segment aside that nothing reads, and taking it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.segments import editing
from apps.segments.models import Segment
from apps.segments.places import segment_places
from apps.segments.sprawl import uses

Status = Segment.Status


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that would be left without the segment: "sequence", its name and page."""

    kind: str
    name: str
    url: str


class InUse(editing.SegmentError):
    """Something reads the segment, or it is the default of its ladder."""


def readers(segment: Segment) -> list[Reader]:
    """Return what reads the segment: sequences and the like, and segments, drafts too."""
    others = (Reader(use.kind, use.name, use.url) for use in uses.uses()
              if use.segment_id == segment.pk)  # fmt: skip
    return [*others, *_segments_that_read(segment)]


def _segments_that_read(segment: Segment) -> Iterator[Reader]:
    rows = Segment.objects.exclude(status=Status.ARCHIVED).exclude(pk=segment.pk)
    for row in rows.order_by("name", "pk"):
        if any(slug == segment.slug for _, slug in segment_places(row.rule)):
            yield Reader("segment", row.name, reverse("segments:segment", args=[row.pk]))


def archive(pk: int, *, by: User, now: datetime) -> bool:
    """Archive a segment; return False if it was archived already.

    Raises InUse while something reads it, RuleError where its rule cannot be read.
    """
    with transaction.atomic():
        editing.lock_all()
        segment = Segment.objects.get(pk=pk)
        if segment.status == Status.ARCHIVED:
            return False
        if segment.is_default:
            raise InUse("It is the default of its ladder: take it away on the ladder's page.")
        reading = readers(segment)
        if reading:
            raise InUse(f"The {reading[0].kind} '{reading[0].name}' reads it.")
        segment.status = Status.ARCHIVED
        editing.save(segment, rule=segment.rule, by=by, now=now)
    return True


def take_back(pk: int, *, by: User, now: datetime) -> bool:
    """Let an archived segment be what it was before, live or a draft; False if it is not archived.

    Raises RuleError where its rule cannot be read any more, SegmentError where it cannot be saved.
    """
    with transaction.atomic():
        editing.lock_all()
        segment = Segment.objects.get(pk=pk)
        if segment.status != Status.ARCHIVED:
            return False
        before = segment.revisions.exclude(status=Status.ARCHIVED).first()
        segment.status = before.status if before else Status.DRAFT
        editing.save(segment, rule=segment.rule, by=by, now=now)
    return True
