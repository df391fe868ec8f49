import pytest

from apps.rules import codec
from apps.segments import foreseeing
from apps.segments.plan import catalogue
from tests.factories import NOW, ContactFactory
from tests.segments.build import IS_PRO, segment, settle_all

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
    seen = foreseeing.estimate(is_pro(), now=NOW)
    assert seen.is_estimate
    assert (seen.count, seen.of) == (20, 20)
    monkeypatch.setattr(foreseeing, "ASKED", max(last // 2, 1))
    assert 0 <= foreseeing.estimate(is_pro(), now=NOW).count <= 2 * last


def test_few_contacts_are_counted_at_once() -> None:
    population()
    assert foreseeing.estimate(is_pro(), now=NOW) == foreseeing.preview(is_pro(), now=NOW)
