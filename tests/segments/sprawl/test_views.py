import pytest
from django.test import Client
from django_q.models import OrmQ

from apps.accounts.models import User
from apps.insights import attention
from apps.segments.models import Segment, SprawlReport
from apps.segments.sprawl import computing, ordering
from tests.factories import NOW, ContactFactory, UserFactory
from tests.nurture.build import sequence
from tests.segments.build import IS_PRO, rebuild_all, segment

pytestmark = pytest.mark.usefixtures("catalogue")
REPORT = "/admin/segments/report/"
NOBODY = {"all": [IS_PRO, {"trait": "plan", "op": "is", "value": "team"}]}


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory.create(role=User.Role.MARKETER))
    return client


def worked_out() -> SprawlReport:
    row = ordering.order(now=NOW)
    computing.work(row.pk)
    return row


def shown(client: Client) -> str:
    return client.get(REPORT).content.decode()


def test_without_a_report_the_page_offers_one_and_a_get_orders_none(marketer: Client) -> None:
    assert "No report yet" in shown(marketer)
    assert not SprawlReport.objects.exists()
    OrmQ.objects.all().delete()
    response = marketer.post(f"{REPORT}order/")
    assert response["Location"] == REPORT
    assert OrmQ.objects.count() == 1
    assert "A worker is about to begin" in shown(marketer)
    assert "Work it out" not in shown(marketer)


def test_the_part_that_is_polled_says_how_far_it_is_until_it_is_done(
    marketer: Client,
) -> None:
    row = ordering.order(now=NOW)
    SprawlReport.objects.filter(pk=row.pk).update(done=1200, of=19900)
    part = marketer.get(REPORT, headers={"HX-Request": "true"})
    assert "1,200 of 19,900 pairs compared" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    assert "HX-Refresh" not in part.headers
    computing.work(row.pk)
    assert marketer.get(REPORT, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_findings_say_what_is_wrong_with_an_example_and_lead_to_the_mend(marketer: Client) -> None:
    nobody = segment("nobody", NOBODY)
    wide, narrow = segment("wide", {"event": "seen"}), segment("narrow", IS_PRO)
    narrow.rule = {"all": [IS_PRO, {"event": "seen"}]}
    narrow.save()
    first, second = sequence(slug="one", segment=wide), sequence(slug="two", segment=narrow)
    worked_out()
    text = shown(marketer)
    assert "1 segment can never hold anybody" in text
    assert "Plan cannot be both &#x27;pro&#x27; and &#x27;team&#x27;" in text
    assert f'href="/admin/segments/{nobody.pk}/edit/"' in text
    assert "1 pair of sequences can run at once for one contact" in text
    for one in (first, second):
        assert f'href="/admin/nurture/sequence/{one.pk}/change/"' in text
    assert "1 segment lies inside another" in text
    assert "For example, in “Wide” alone: a contact with 1 seen (" in text
    assert "1 segment is used nowhere" in text


def test_a_draft_of_a_sequence_reads_its_segment_and_runs_beside_none(marketer: Client) -> None:
    for slug in ("one", "two"):
        sequence(slug=slug, segment=segment(slug, {"event": slug}), status="draft")
    worked_out()
    assert "Nothing is wrong" in shown(marketer)


def test_a_report_of_rules_that_changed_since_says_so(marketer: Client) -> None:
    row = segment("pros", IS_PRO)
    worked_out()
    assert "Rules changed since" not in shown(marketer)
    Segment.objects.get(pk=row.pk).save()
    assert "Rules changed since" in shown(marketer)


def test_the_charts_have_titles_that_say_what_they_show_and_tables(marketer: Client) -> None:
    segment("pros", IS_PRO)
    segment("seen", {"any": [IS_PRO, {"event": "seen"}]})
    ContactFactory.create_batch(3, profile={"plan": "pro"})
    rebuild_all()
    worked_out()
    text = shown(marketer)
    assert "“Pros” and “Seen” share 100 % of the smaller one" in text
    assert "3 of 3 contacts stand in several segments at once" in text
    assert text.count("<table>") == text.count('<svg class="names"') == 2
    assert "style=" not in text


def test_the_page_asks_as_much_of_many_segments_as_of_one(
    marketer: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(12):
        segment(f"s{number}", {"trait": "score", "op": "at_least", "value": number})
    worked_out()
    with django_assert_max_num_queries(10):
        text = shown(marketer)
    assert "58 more" in text  # of 66 that lie inside another


def test_a_hostile_name_is_shown_as_it_is(marketer: Client) -> None:
    row = segment("x", NOBODY)
    row.name = "<script>alert(1)</script>"
    row.save()
    worked_out()
    assert "<script>alert" not in shown(marketer)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown(marketer)


def test_a_report_that_failed_says_so(marketer: Client) -> None:
    row = ordering.order(now=NOW)
    SprawlReport.objects.filter(pk=row.pk).update(state=SprawlReport.State.STOPPED)
    assert "The last attempt failed" in shown(marketer)


def test_the_dashboard_tells_of_findings_that_should_not_wait(marketer: Client) -> None:
    segment("pros", IS_PRO)
    worked_out()
    assert [one for one in attention.warnings() if one.url == REPORT] == []
    segment("nobody", NOBODY)
    segment("nobody-either", {"any": []})
    worked_out()
    [alarm] = [one for one in attention.warnings() if one.url == REPORT]
    assert alarm.text == "2 things are wrong with segments."
    assert REPORT in marketer.get("/admin/segments/").content.decode()
