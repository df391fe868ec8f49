"""Every move is counted once, on either side, whatever happened."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.segments.flows import counting, drawing
from apps.segments.flows.counting import A_WHILE, End, Period, Side
from apps.segments.flows.views import period_of
from apps.segments.models import Ladder, Segment, Transition
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")
PERIOD = Period(NOW.date() - timedelta(days=2), NOW.date())
MINUTES = (0, 0, 1, 59, 60, 61, 180)


def _history(chance: random.Random, segments: list[Segment]) -> None:
    """Write moves at instants that meet, follow closely, or lie an hour and more apart."""
    for _ in range(8):
        contact = ContactFactory(created_at=NOW - timedelta(minutes=chance.choice([30, 5000])))
        at = NOW - timedelta(minutes=chance.choice([0, 600, 1440]))
        for _ in range(chance.randrange(1, 7)):
            at += timedelta(minutes=chance.choice(MINUTES))
            Transition.objects.create(
                contact=contact,
                segment=chance.choice(segments),
                kind=chance.choice(Transition.Kind.values),
                at=at,
            )


def _counted(row: Segment, others: set[int]) -> tuple[Counter[str], Counter[str]]:
    """Count by the words of the definition, move by move."""
    names = {one.pk: one.name for one in Segment.objects.all()}
    came, went = Counter[str](), Counter[str]()
    moves = list(Transition.objects.select_related("contact"))
    for one in moves:
        if one.segment_id != row.pk or not PERIOD.since <= one.at < PERIOD.until:
            continue
        beside = [m for m in moves if m.contact_id == one.contact_id and m.segment_id in others]
        if one.kind == "entered":
            left = [
                m for m in beside if m.kind == "left" and timedelta(0) <= one.at - m.at < A_WHILE
            ]
            last = max(left, key=lambda m: (m.at, -m.segment_id), default=None)
            new = one.contact.created_at > one.at - A_WHILE
            none = "New contacts" if new else "No other segment"
            came[names[last.segment_id] if last else none] += 1
        else:
            then = [
                m for m in beside if m.kind == "entered" and timedelta(0) <= m.at - one.at < A_WHILE
            ]
            first = min(then, key=lambda m: (m.at, m.segment_id), default=None)
            went[names[first.segment_id] if first else "No other segment"] += 1
    return came, went


def as_counter(side: Side) -> Counter[str]:
    return Counter({end.name: end.number for end in side.ends})


@pytest.mark.parametrize("seed", range(12))
def test_the_flow_is_what_counting_move_by_move_gives(seed: int) -> None:
    chance = random.Random(seed)
    ladder = Ladder.objects.create(name="Life", slug="life")
    rungs = [segment(f"r{n}", {"any": []}, ladder=ladder, rung=n) for n in (1, 2, 3)]
    free = [segment(f"f{n}", {"any": []}) for n in (1, 2)]
    gone = segment("gone", {"any": []}, status=Segment.Status.ARCHIVED)
    _history(chance, [*rungs, *free, gone])
    live = {row.pk for row in (*rungs, *free)}
    for row, others in ((rungs[0], {row.pk for row in rungs}), (free[0], live)):
        found = counting.flow(row, PERIOD)
        came, went = _counted(row, others - {row.pk})
        assert as_counter(found.came) == came
        assert as_counter(found.went) == went
        assert found.came.total == sum(came.values())


def test_who_climbs_a_ladder_is_seen_to_come_from_the_rung_below() -> None:
    ladder = Ladder.objects.create(name="Life", slug="life")
    pro = segment("pro", {"trait": "plan", "op": "is", "value": "pro"}, ladder=ladder, rung=1)
    rest = segment("rest", {"all": []}, ladder=ladder, rung=2)
    contact = ContactFactory(created_at=NOW - timedelta(days=9))
    settle_all(now=NOW - timedelta(days=1))
    change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    assert as_counter(counting.flow(pro, PERIOD).came) == {"Rest": 1}
    assert as_counter(counting.flow(rest, PERIOD).went) == {"Pro": 1}
    assert counting.flow(pro, PERIOD).finding == "1 of 1 who entered came from Rest; nobody left"


def test_more_moves_than_are_looked_at_are_said_to_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    for _ in range(5):
        ContactFactory()
    row = segment("all", {"all": []})
    found = counting.flow(row, PERIOD)
    assert found.came.is_cut
    assert found.came.total == 3
    assert not found.went.is_cut


@pytest.mark.parametrize("seed", range(20))
def test_the_bands_of_a_side_lie_beside_each_other_in_the_drawing(seed: int) -> None:
    chance = random.Random(seed)

    def side() -> Side:
        ends = [End(f"S{n}", chance.randrange(1, 10**6), n) for n in range(chance.randrange(0, 14))]
        return Side((*ends, End("No other segment", chance.randrange(1, 50))), is_cut=False)

    came, went = side(), side()
    drawn = drawing.draw(came, went)
    for x, whole in ((drawing.LEFT, came), (drawing.RIGHT, went)):
        bands = [band for band in drawn.bands if band.x == x]
        assert sum(band.number for band in bands) == whole.total
        for above, below in pairwise(bands):
            assert above.y + above.height < below.y
        assert bands[0].y >= -0.1
        assert bands[-1].y + bands[-1].height <= drawn.tall + 0.1
        assert len(bands) <= drawing.SHOWN + 1


def test_the_page_says_how_it_counts_and_no_address_breaks_it(client: Client) -> None:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    ContactFactory(created_at=NOW - timedelta(days=9))
    row = segment("all", {"all": []})
    page = client.get(f"/admin/segments/{row.pk}/flow/").content.decode()
    assert "came from no other segment" in page
    assert Contact.objects.count() == 1
    for query in ("?from=2026-02-31&to=x", "?from=0001-01-01&to=9999-12-31", "?from=2026-03-11"):
        assert client.get(f"/admin/segments/{row.pk}/flow/{query}").status_code == 200


def test_only_a_chart_of_where_somebody_went_has_to_be_slid(client: Client) -> None:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    contact = ContactFactory(profile={"plan": "pro"})
    row = segment("pro", {"trait": "plan", "op": "is", "value": "pro"})
    settle_all(now=NOW)
    address = f"/admin/segments/{row.pk}/flow/?from={PERIOD.first}&to={PERIOD.last}"
    entered = client.get(address).content.decode()
    assert "nobody left" in entered
    assert "slide it to see where they went" not in entered
    change_profile(contact, now=NOW, traits={"plan": "free"}, source="test")
    settle_all(now=NOW)
    assert "slide it to see where they went" in client.get(address).content.decode()


def test_a_period_that_makes_no_sense_is_the_last_thirty_days() -> None:
    usual = Period(NOW.date() - timedelta(days=29), NOW.date())
    for given in ({}, {"from": "2027-01-01"}, {"from": "1900-01-01"}, {"to": "2400-01-01"}):
        assert period_of(given, now=NOW) == usual
    week = period_of({"from": "2026-02-01", "to": "2026-02-07"}, now=NOW)
    assert week.since == datetime(2026, 2, 1, tzinfo=UTC)
    assert week.until == datetime(2026, 2, 8, tzinfo=UTC)
