from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.segments import editing, listing
from apps.segments.listing import Asked
from apps.segments.models import Ladder, Segment, SprawlReport
from apps.segments.sprawl import computing, ordering
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import IS_PRO, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def shown(words: str = "", status: str = "") -> list[str]:
    overview = listing.overview(Asked(words, status), now=NOW)
    return [line.segment.slug for group in overview.groups for line in group.lines]


def test_ladders_come_first_each_in_its_order_and_what_is_archived_last() -> None:
    segment("zoo", IS_PRO)
    segment("ants", IS_PRO, status=Segment.Status.ARCHIVED)
    ladder = Ladder.objects.create(name="Life", slug="life")
    segment("second", IS_PRO, ladder=ladder, rung=2)
    segment("first", IS_PRO, ladder=ladder, rung=1)
    assert shown() == ["first", "second", "zoo", "ants"]
    groups = listing.overview(Asked(), now=NOW).groups
    assert [group.ladder for group in groups] == [ladder, None]


def test_segments_are_found_by_words_of_name_rule_and_ladder_and_by_status() -> None:
    segment("alpha", IS_PRO)
    segment("beta", {"all": []}, status=Segment.Status.DRAFT)
    ladder = Ladder.objects.create(name="Life", slug="life")
    segment("gamma", {"any": []}, ladder=ladder, rung=1)
    assert shown("PLAN pro") == ["alpha"]
    assert shown("life") == ["gamma"]
    assert shown(status="draft") == ["beta"]
    assert shown("alpha", status="draft") == []
    assert Asked.of({"status": "no such", "q": "  x  "}) == Asked("x", "")


def test_a_line_says_how_many_how_it_went_and_how_far_it_is_built() -> None:
    for _ in range(3):
        ContactFactory()
    settle_all()
    row = segment("all", {"all": []}, now=NOW - timedelta(days=10))
    [group] = listing.overview(Asked(), now=NOW).groups
    [line] = group.lines
    assert (line.course.members, line.course.entered, line.course.departed) == (3, 0, 0)
    assert [day.members for day in line.course.days[-12:]] == [0, *[3] * 11]
    assert line.rebuild is not None
    assert (line.rebuild.state, line.rebuild.entered) == ("Built", 3)
    editing.save(row, rule={"any": []}, by=None, now=NOW)
    [line] = listing.overview(Asked(), now=NOW).groups[0].lines
    assert line.rebuild is not None
    assert line.rebuild.is_under_way
    assert line.rebuild.percent == 0
    rebuild_all()
    [line] = listing.overview(Asked(), now=NOW).groups[0].lines
    assert (line.course.members, line.course.departed) == (0, 3)


def test_what_the_report_found_stands_beside_each_segment() -> None:
    segment("all", {"all": []})
    segment("pros", IS_PRO)
    segment("payers", IS_PRO)
    assert not listing.overview(Asked(), now=NOW).is_warned
    ordering.order(now=NOW)
    computing.work(SprawlReport.objects.get().pk)
    overview = listing.overview(Asked(), now=NOW)
    assert overview.is_warned
    words = {
        line.segment.slug: [warning.words for warning in line.warnings]
        for group in overview.groups
        for line in group.lines
    }
    assert words == {
        "all": ["always true", "used nowhere"],
        "pros": ["same as another", "used nowhere"],
        "payers": ["same as another", "used nowhere"],
    }


def test_the_list_and_its_part_are_one_view(marketer: Client) -> None:
    segment("all", {"all": []})
    page = marketer.get("/admin/segments/?q=nothing").content.decode()
    assert "No segment is like that" in page
    part = marketer.get("/admin/segments/?q=all", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="segments">')
    assert marketer.get("/admin/segments/?status=%27&q=%25").status_code == 200


def test_the_list_asks_the_same_few_questions_however_many_segments(
    marketer: Client, django_assert_max_num_queries: Any
) -> None:
    ladder = Ladder.objects.create(name="Life", slug="life")
    for number in range(12):
        on = {"ladder": ladder, "rung": number} if number % 2 else {}
        segment(f"s{number}", IS_PRO, **on)
    with django_assert_max_num_queries(9):
        page = marketer.get("/admin/segments/").content.decode()
    assert page.count("row-link") == 12
