import pytest

from apps.nurture import reading
from apps.segments.sprawl import uses
from tests.nurture.build import segment, sequence

pytestmark = pytest.mark.django_db


def test_every_sequence_reads_its_segment_and_those_that_are_live_run() -> None:
    people = segment()
    live = sequence(slug="live", segment=people, lane="mail")
    sequence(slug="draft", segment=people, status="draft")
    sequence(slug="paused", segment=people, status="paused")
    assert [use.name for use in reading.sequences()] == ["Live", "Draft", "Paused"]
    [track] = reading.running()
    assert (track.segment_id, track.name, track.lane) == (people.pk, "Live", "mail")
    assert track.url == f"/admin/nurture/sequence/{live.pk}/change/"


def test_the_report_asks_sequences() -> None:
    people = segment()
    sequence(slug="live", segment=people)
    assert [use.segment_id for use in uses.uses()] == [people.pk]
    assert [track.segment_id for track in uses.tracks()] == [people.pk]
