from datetime import datetime, timedelta

import pytest

from apps.contacts.events import record_event
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.segments.models import Change, Watermark
from apps.segments.ticking import tick
from tests.factories import NOW, ContactFactory
from tests.segments.build import members, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _the_clock_starts(catalogue: None) -> None:
    tick(now=NOW)


def pass_time(until: datetime) -> int:
    marked = tick(now=until)
    settle_all(now=until)
    return marked


def buyer(*, at: datetime) -> Contact:
    contact = ContactFactory()
    record_event(contact, name="order_completed", now=NOW, occurred_at=at)
    settle_all()
    return contact


def test_a_window_lets_go_of_an_event_at_its_instant_and_not_before() -> None:
    segment("recent", {"event": "order_completed", "within": "30d"})
    contact = buyer(at=NOW - timedelta(days=29))
    pass_time(NOW + timedelta(days=1) - SECOND)
    assert members("recent") == {contact.pk}
    pass_time(NOW + timedelta(days=1))
    assert members("recent") == set()


def test_a_lapse_shows_within_the_tick_of_its_instant() -> None:
    lapse = {"event": "order_completed", "last": {"op": "older_than", "value": "60d"}}
    segment("lapsed", lapse)
    contact = buyer(at=NOW)
    pass_time(NOW + timedelta(days=60) - SECOND)
    assert members("lapsed") == set()
    pass_time(NOW + timedelta(days=60))
    assert members("lapsed") == {contact.pk}


def test_an_event_dated_in_the_future_counts_once_it_is_due() -> None:
    segment("buyers", {"event": "order_completed"})
    contact = buyer(at=NOW + timedelta(hours=1))
    assert members("buyers") == set()
    pass_time(NOW + timedelta(hours=1))
    assert members("buyers") == {contact.pk}


@pytest.mark.parametrize("trait", ["trial_ends", "contact.created_at"])
def test_a_time_trait_crosses_its_edge(trait: str) -> None:
    segment("old", {"trait": trait, "op": "older_than", "value": "7d"})
    contact = ContactFactory(created_at=NOW)
    change_profile(contact, now=NOW, traits={"trial_ends": NOW}, source="test")
    settle_all()
    pass_time(NOW + timedelta(days=7) - SECOND)
    assert members("old") == set()
    pass_time(NOW + timedelta(days=7))
    assert members("old") == {contact.pk}


def test_a_date_trait_crosses_at_midnight() -> None:
    segment("adult", {"trait": "born", "op": "older_than", "value": "10d"})
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits={"born": NOW.date().isoformat()}, source="test")
    midnight = NOW.replace(hour=0) + timedelta(days=10)
    pass_time(midnight - SECOND)
    assert members("adult") == set()
    pass_time(midnight)
    assert members("adult") == {contact.pk}


def test_nothing_due_marks_nobody() -> None:
    segment("recent", {"event": "order_completed", "within": "30d"})
    buyer(at=NOW)
    assert pass_time(NOW + SECOND) == 0


def test_a_worker_down_for_three_days_catches_up_once() -> None:
    segment("recent", {"event": "order_completed", "within": "1d"})
    buyer(at=NOW)
    assert pass_time(NOW + timedelta(days=3)) == 1
    assert members("recent") == set()
    assert tick(now=NOW + timedelta(days=3)) == 0


def test_a_clock_that_goes_back_changes_nothing() -> None:
    tick(now=NOW + timedelta(days=1))
    assert tick(now=NOW) == 0
    assert Watermark.objects.get().ticked_to == NOW + timedelta(days=1)


def test_an_event_that_had_happened_when_it_came_is_not_marked_again() -> None:
    segment("buyers", {"event": "order_completed"})
    contact = ContactFactory()
    record_event(contact, name="order_completed", now=NOW + SECOND)
    settle_all(now=NOW + SECOND)
    tick(now=NOW + 2 * SECOND)
    assert not Change.objects.exists()
