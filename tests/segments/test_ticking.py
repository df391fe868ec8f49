from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.contacts.events import record_event
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.segments.marks import mark
from apps.segments.models import Change, Watermark
from apps.segments.ticking import tick
from tests.factories import NOW, ContactFactory
from tests.segments.build import members, segment, settle_all, standing

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


class Killed(Exception):
    pass


def die_at(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(name: str) -> None:
        if name == point:
            raise Killed

    monkeypatch.setattr("apps.segments.ticking.reached", die)


def test_a_burst_is_marked_in_pieces_each_contact_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.segments.ticking.PIECE", 3)
    segment("recent", {"event": "order_completed", "within": "30d"})
    segment("lapsed", {"event": "order_completed", "last": {"op": "older_than", "value": "30d"}})
    buyers = {buyer(at=NOW).pk for _ in range(7)}
    assert pass_time(NOW + timedelta(days=30)) == 7
    assert members("lapsed") == buyers
    assert members("recent") == set()


@pytest.mark.parametrize("point", ["tick.set_out", "tick.between_pieces"])
def test_what_a_killed_tick_left_the_next_one_does(
    point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.segments.ticking.PIECE", 3)
    segment("recent", {"event": "order_completed", "within": "30d"})
    for _ in range(7):
        buyer(at=NOW)
    with monkeypatch.context() as dying:
        die_at(point, dying)
        with pytest.raises(Killed):
            tick(now=NOW + timedelta(days=30))
    left = 7 - Change.objects.count()
    assert left == {"tick.set_out": 7, "tick.between_pieces": 4}[point]
    assert pass_time(NOW + timedelta(days=30) + SECOND) == left
    assert members("recent") == set()
    assert Watermark.objects.get().swept_to is None


def test_behind_a_sweep_under_way_nobody_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose clock is behind must not let in again whom the sweep has put out."""
    segment("recent", {"event": "order_completed", "within": "30d"})
    contact = buyer(at=NOW)
    with monkeypatch.context() as dying:
        die_at("tick.set_out", dying)
        with pytest.raises(Killed):
            tick(now=NOW + timedelta(days=30))
    record_event(contact, name="page_viewed", now=NOW)
    mark({contact.pk: {"event:order_completed"}})
    settle_all(now=NOW + timedelta(days=30) - SECOND)
    assert members("recent") == set()


@pytest.mark.parametrize("trait", ["contact.last_seen_at", "contact.created_at"])
def test_the_contacts_own_times_have_periods_and_anniversaries(trait: str) -> None:
    segment("this-year", {"trait": trait, "op": "in_period", "value": "this_year"})
    segment("soon", {"trait": trait, "op": "anniversary_in_next", "value": "1d"})
    contact = ContactFactory(created_at=NOW, last_seen_at=NOW)
    settle_all()
    assert standing(contact) == {"this-year"}
    pass_time(NOW.replace(year=2027, hour=0) - timedelta(days=1) - SECOND)
    assert standing(contact) == set()
    pass_time(NOW.replace(year=2027, hour=0) - timedelta(days=1))
    assert standing(contact) == {"soon"}
    pass_time(NOW.replace(year=2027, hour=0))
    assert standing(contact) == set()


def test_a_birthday_comes_near_at_midnight_and_is_gone_at_midnight() -> None:
    segment("birthday", {"trait": "born", "op": "anniversary_in_next", "value": "7d"})
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits={"born": "2000-02-29"}, source="test")
    settle_all()
    near = datetime(2027, 2, 21, tzinfo=UTC)
    for moment, marked, held in [
        (near - SECOND, 0, False),
        (near, 1, True),
        (near + timedelta(days=7) - SECOND, 0, True),
        (near + timedelta(days=7), 1, False),
    ]:
        assert pass_time(moment) == marked
        assert members("birthday") == ({contact.pk} if held else set())


def test_a_tick_asks_the_same_few_questions_however_many_segments_there_are(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        segment(f"s{number}", {"event": "order_completed", "within": f"{number + 1}d"})
        segment(f"t{number}", {"trait": "born", "op": "in_last", "value": f"{number + 1}d"})
    tick(now=NOW + SECOND)
    with django_assert_max_num_queries(13):  # savepoints and settings of the transaction too
        tick(now=NOW + 2 * SECOND)
