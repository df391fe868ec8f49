import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.profile import change_profile
from apps.segments.models import Ladder, Segment
from apps.segments.sprawl.kinds import Kind
from apps.segments.sprawl.page import _mends
from tests.factories import NOW, ContactFactory, UserFactory
from tests.nurture import build as nurture
from tests.segments.build import IS_PRO, members, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def address(row: Segment) -> str:
    return f"/admin/segments/{row.pk}/archive/"


def status(row: Segment) -> str:
    return Segment.objects.get(pk=row.pk).status


def test_archiving_is_asked_for_lets_everybody_go_and_can_be_undone(marketer: Client) -> None:
    change_profile(ContactFactory(), now=NOW, traits={"plan": "pro"}, source="test")
    row = segment("pros", IS_PRO)
    rebuild_all()
    settle_all()
    assert len(members("pros")) == 1
    assert b"1 contact would leave it" in marketer.get(address(row)).content
    assert status(row) == "live"  # asking changes nothing

    for _ in range(2):  # twice is once
        assert marketer.post(address(row), {"do": "archive"}).status_code == 302
        rebuild_all()
    assert (status(row), list(members("pros"))) == ("archived", [])
    assert row.revisions.filter(status="archived").count() == 1

    assert b"Take Pros back?" in marketer.get(address(row)).content
    for _ in range(2):
        assert marketer.post(address(row), {"do": "take_back"}).status_code == 302
        rebuild_all()
    assert (status(row), len(members("pros"))) == ("live", 1)


def test_a_draft_comes_back_as_a_draft(marketer: Client) -> None:
    row = segment("pros", IS_PRO, status="draft")
    marketer.post(address(row), {"do": "archive"})
    marketer.post(address(row), {"do": "take_back"})
    assert status(row) == "draft"


@pytest.mark.parametrize("reading", ["live", "draft"])
def test_what_segments_or_sequences_read_is_not_archived(marketer: Client, reading: str) -> None:
    row = segment("pros", IS_PRO)
    other = segment("reader", {"segment": "pros"}, status=reading)
    track = nurture.sequence(segment=other, status="draft")
    for read, name in ((row, "Reader"), (other, track.name)):
        assert name in marketer.get(address(read)).content.decode()
        answer = marketer.post(address(read), {"do": "archive"})
        assert answer.status_code == 200
        assert f"&#x27;{name}&#x27; reads it." in answer.content.decode()
    assert (status(row), status(other)) == ("live", reading)


def test_the_default_of_a_ladder_is_taken_away_on_the_ladders_page(marketer: Client) -> None:
    ladder = Ladder.objects.create(name="Life", slug="life")
    row = segment("rest", {"all": []}, ladder=ladder, rung=Segment.DEFAULT_RUNG)
    assert marketer.post(address(row), {"do": "archive"}).status_code == 200
    assert status(row) == "live"


def test_the_report_leads_to_archiving_what_nothing_reads() -> None:
    [edit, archive] = _mends({"kind": Kind.UNUSED, "segments": [("Pros", 7)]})
    assert (archive.label, archive.url) == ("Archive Pros", "/admin/segments/7/archive/")
    assert edit.label == "Edit Pros"
    assert len(list(_mends({"kind": Kind.NEVER_TRUE, "segments": [("Pros", 7)]}))) == 1
