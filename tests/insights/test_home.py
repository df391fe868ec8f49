from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.contacts.models import Contact, Event
from apps.core.health import Probe
from apps.core.models import DeadTask
from apps.insights import attention, trends
from apps.segments.plan import live_plan
from apps.segments.settling import Move, write
from tests.factories import ContactFactory
from tests.leads.build import lead
from tests.segments.build import segment

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def visits(*moments):
    contact = ContactFactory()
    for number, moment in enumerate(moments):
        Event.objects.create(
            contact=contact, name="x", occurred_at=moment, message_id=f"{moment}{number}"
        )
    return trends.week(Event.objects.all(), field="occurred_at", noun="visits", now=NOW)


def days_ago(days, hour=12):
    return datetime(2026, 3, 10, hour, tzinfo=UTC) - timedelta(days=days)


def test_a_week_is_today_and_the_six_days_before():
    trend = visits(days_ago(0), days_ago(0), days_ago(6, hour=0), days_ago(7, hour=23))
    assert [day.count for day in trend.days] == [1, 0, 0, 0, 0, 0, 2]
    assert (trend.total, trend.before) == (3, 1)
    assert trend.finding == "2 more visits than the week before"


def test_days_are_those_of_the_installation_and_not_of_utc(settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    trend = visits(datetime(2026, 3, 9, 12, 0, tzinfo=UTC))  # the 10th there
    assert [day.count for day in trend.days if day.date.isoformat() == "2026-03-10"] == [1]


def test_what_is_older_than_two_weeks_is_not_counted():
    trend = visits(days_ago(14))
    assert trend.finding == "No visits in the last two weeks"


def test_segments_that_moved_most_come_first():
    segment("quiet", {"any": []})
    segment("busy", {"any": []})
    people = ContactFactory.create_batch(3)
    by_slug = live_plan().by_slug
    entered = [Move(person.pk, by_slug["busy"], "entered") for person in people]
    write(entered, now=NOW, quiet=True)
    write([Move(people[0].pk, by_slug["busy"], "left")], now=NOW, quiet=True)
    before = NOW - timedelta(days=8)
    write([Move(people[0].pk, by_slug["quiet"], "entered")], now=before, quiet=True)
    write([Move(people[0].pk, by_slug["quiet"], "left")], now=before, quiet=True)
    found = [(m.name, m.size, m.entered, m.departed) for m in attention.movers(now=NOW)]
    assert found == [("Busy", 2, 3, 1), ("Quiet", 0, 0, 0)]


def test_home_says_what_is_wrong(client, sign_in, monkeypatch):
    sign_in("marketer")
    DeadTask.objects.create(job="apps.x", attempts=5)
    probes = [Probe("queue", ok=False, detail="no worker has answered yet")]
    monkeypatch.setattr(attention.health, "probes", lambda: probes)
    page = client.get("/").content.decode()
    assert "Queue: no worker has answered yet." in page
    assert "1 task failed too often" in page


def test_home_says_what_to_do_first(client, sign_in):
    sign_in("marketer")
    page = client.get("/").content.decode()
    assert "To get going" in page
    assert "Write a quiz" in page
    assert "No segment is live" in page


def test_home_shows_the_latest_leads_and_each_chart_has_its_table(client, sign_in):
    sign_in("marketer")
    with time_machine.travel(NOW, tick=False):
        lead("ada@example.com", since=NOW, scored_at=NOW)
        page = client.get("/").content.decode()
    assert "ada@example.com" in page
    assert "1 more leads" not in page
    assert "1 more lead than the week before" in page
    assert page.count('<svg class="spark"') == page.count("As a table") == 2


def test_home_takes_the_same_queries_however_much_there_is(
    client, sign_in, django_assert_max_num_queries
):
    sign_in("marketer")
    for number in range(8):
        lead(f"{number}@example.com")
        segment(f"s{number}", {"any": []})
    with django_assert_max_num_queries(25):
        client.get("/")
    assert Contact.objects.count() == 8
