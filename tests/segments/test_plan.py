"""The compiled plan is always that of the segments as they are, whoever wrote them and how."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from apps.segments.models import PlanStamp, Segment
from apps.segments.plan import live_plan
from tests.segments.build import segment

pytestmark = pytest.mark.django_db

ENDED = Segment.Status.ARCHIVED
NEW = {"name": "New", "slug": "new", "status": Segment.Status.LIVE, "rule": {"all": []}}


def _save() -> None:
    row = Segment.objects.get(slug="old")
    row.status = ENDED
    row.save()


def _by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE segments_segment SET status = 'archived' WHERE slug = 'old'")


def _delete_by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM segments_revision")
        cursor.execute("DELETE FROM segments_segment WHERE slug = 'old'")


WRITES: dict[str, tuple[Callable[[], object], set[str]]] = {
    "save": (_save, set()),
    "update": (lambda: Segment.objects.update(status=ENDED), set()),
    "by hand": (_by_hand, set()),
    "create": (lambda: Segment.objects.create(**NEW), {"old", "new"}),
    "bulk_create": (lambda: Segment.objects.bulk_create([Segment(**NEW)]), {"old", "new"}),
    "deleted by hand": (_delete_by_hand, set()),
}


@pytest.mark.parametrize("way", WRITES)
def test_a_segment_written_in_whatever_way_is_seen_at_once(way: str) -> None:
    row = segment("old", None)
    row.rebuilds.all().delete()
    before = live_plan()
    assert set(before.by_slug) == {"old"}
    write, slugs = WRITES[way]
    write()
    assert set(live_plan().by_slug) == slugs


def test_an_unchanged_plan_costs_one_query_and_is_the_same_object(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    segment("old", None)
    before = live_plan()
    with django_assert_num_queries(1):
        assert live_plan() is before


def test_what_was_rolled_back_is_forgotten() -> None:
    segment("old", None)
    for slug in ("first", "second"):  # of the same revision and, on SQLite, of the same id
        with transaction.atomic():
            Segment.objects.create(name=slug, slug=slug, status=Segment.Status.LIVE)
            assert set(live_plan().by_slug) == {"old", slug}
            transaction.set_rollback(True)
        assert set(live_plan().by_slug) == {"old"}


def test_there_is_one_stamp_however_often_segments_are_written() -> None:
    for slug in ("a", "b", "c"):
        segment(slug, None)
    assert [stamp.pk for stamp in PlanStamp.objects.all()] == [PlanStamp.ONLY]
