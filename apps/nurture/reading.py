"""Which segments sequences read, for the report on segments."""

from collections.abc import Iterator

from django.urls import reverse

from apps.nurture.models import Sequence
from apps.segments.sprawl.uses import Track, Use, register, register_tracks


@register
def sequences() -> Iterator[Use]:
    """Yield every sequence, drafts and paused ones too: somebody is about to need its segment."""
    for sequence in Sequence.objects.order_by("pk"):
        yield Use(sequence.segment_id, "sequence", sequence.name, _page(sequence))


@register_tracks
def running() -> Iterator[Track]:
    for sequence in Sequence.objects.live().order_by("pk"):
        yield Track(sequence.segment_id, sequence.name, _page(sequence), sequence.lane)


def _page(sequence: Sequence) -> str:
    return reverse("admin:nurture_sequence_change", args=[sequence.pk])
