from datetime import timedelta
from itertools import pairwise

import pytest

from apps.contacts.events import record_event
from apps.rules import codec
from apps.segments import editing, foreseeing
from apps.segments.models import Ladder, Rebuild
from apps.segments.plan import catalogue
from tests.factories import NOW, ContactFactory
from tests.segments.build import IS_PRO, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


def is_pro() -> object:
    return codec.loads(IS_PRO, catalogue())


def population() -> list[int]:
    """Make ten contacts, every other one a pro, one of those merged away; return the pros."""
    contacts = [
        ContactFactory(profile={"plan": "Pro"} if number % 2 else {}) for number in range(10)
    ]
    gone = contacts[1]
    gone.merged_into = contacts[0]
    gone.save()
    return [contact.pk for contact in contacts[3::2]]


def test_a_preview_counts_people_and_shows_the_newest_first() -> None:
    pros = population()
    seen = foreseeing.preview(is_pro(), now=NOW)
    assert (seen.count, seen.of, seen.entering, seen.leaving) == (4, 9, 4, 0)
    assert [contact.pk for contact in seen.sample] == sorted(pros, reverse=True)
    assert not seen.is_estimate


def test_a_preview_of_an_edit_says_who_would_enter_and_who_would_leave() -> None:
    population()
    row = segment("others", {"not": IS_PRO})
    settle_all()
    seen = foreseeing.preview(is_pro(), segment=row, now=NOW)
    assert (seen.count, seen.entering, seen.leaving) == (4, 4, 5)


def test_many_contacts_are_estimated_first_and_the_answer_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contacts = [ContactFactory(profile={"plan": "pro"}) for _ in range(20)]
    last = contacts[-1].pk
    monkeypatch.setattr(foreseeing, "ESTIMATED_FROM", 1)
    monkeypatch.setattr(foreseeing, "ASKED", last)
    monkeypatch.setattr(foreseeing, "RUN", 1)
    seen = foreseeing.estimate(is_pro(), now=NOW)
    assert seen.is_estimate
    assert (seen.count, seen.of) == (20, 20)
    monkeypatch.setattr(foreseeing, "ASKED", max(last // 2, 1))
    assert 0 <= foreseeing.estimate(is_pro(), now=NOW).count <= 2 * last


def test_an_estimate_asks_contacts_beside_each_other_each_once() -> None:
    drawn = foreseeing._drawn(1_000_000)
    assert len(set(drawn)) == len(drawn) == foreseeing.ASKED
    assert all(1 <= pk <= 1_000_000 for pk in drawn)
    assert sum(after - before == 1 for before, after in pairwise(drawn)) >= foreseeing.ASKED * 0.95
    assert drawn == foreseeing._drawn(1_000_000)


def test_few_contacts_are_counted_at_once() -> None:
    population()
    assert foreseeing.estimate(is_pro(), now=NOW) == foreseeing.preview(is_pro(), now=NOW)


def within(slug: str) -> object:
    return codec.loads({"not": {"not": {"segment": slug}}}, catalogue())


def test_a_preview_of_a_coming_moment_sees_the_members_of_then() -> None:
    ladder = Ladder.objects.create(name="Ladder", slug="ladder")
    buyer, pinned, _nobody = (ContactFactory() for _ in range(3))
    record_event(buyer, name="order_completed", now=NOW)
    segment("lately", {"event": "order_completed", "within": "7d"})
    top = segment("top", {"segment": "lately"}, ladder=ladder, rung=1)
    segment("rest", {"all": []}, ladder=ladder, rung=2)
    editing.pin(pinned, top, held="in", by=None)
    settle_all()
    rest, later = within("rest"), NOW + timedelta(days=7)
    assert foreseeing.preview(rest, now=NOW).count == 1
    assert foreseeing.preview(rest, now=NOW, afresh=True).count == 1
    seen = foreseeing.preview(rest, now=later, afresh=True)
    assert (seen.count, seen.of) == (2, 3)
    assert buyer in seen.sample
    assert foreseeing.preview(within("top"), now=later, afresh=True).sample == (pinned,)


def test_a_preview_does_not_see_members_of_an_unfinished_rebuild() -> None:
    ContactFactory(profile={"plan": "pro"})
    row = segment("pros", IS_PRO)
    editing.save(row, rule={"not": IS_PRO}, by=None, now=NOW)
    assert Rebuild.objects.filter(state=Rebuild.State.WAITING).exists()
    assert foreseeing.preview(within("pros"), now=NOW).count == 0
    rebuild_all()
    assert foreseeing.preview(within("pros"), now=NOW).count == 0
