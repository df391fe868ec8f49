"""Many segments in one statement, and in several where one has no room for them."""

import random

import pytest

from apps.contacts.events import record_event
from apps.contacts.profile import change_profile
from apps.segments import difference, rebuilding, settling
from apps.segments.models import Membership, Segment
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.segments.build import members, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


def chain(length: int) -> list[Segment]:
    """Make segments each of which refers to the one before, and asks something of its own."""
    rows = [segment("s0", {"trait": "score", "op": "at_least", "value": 0})]
    for number in range(1, length):
        own = {"trait": "score", "op": "at_least", "value": number}
        rows.append(segment(f"s{number}", {"all": [{"segment": f"s{number - 1}"}, own]}))
    return rows


@pytest.mark.parametrize("columns", [1, 3, 7, 1200])
def test_segments_that_have_no_room_in_one_statement_are_decided_by_several(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "COLUMNS", columns)
    monkeypatch.setattr(settling, "FEW", 0)
    chain(6)
    chance = random.Random(1)
    scores = {}
    for _ in range(25):
        contact = ContactFactory()
        scores[contact.pk] = chance.randint(-1, 6)
        change_profile(contact, now=NOW, traits={"score": scores[contact.pk]}, source="test")
    settle_all()
    for number in range(6):
        assert members(f"s{number}") == {pk for pk, score in scores.items() if score >= number}
    assert verify(now=NOW).drift == ()
    Membership.objects.filter(segment__slug="s2").delete()
    assert {drift.slug for drift in verify(now=NOW).drift} >= {"s2"}
    rebuilding.rebuild_all(now=NOW)
    settle_all()
    assert verify(now=NOW).drift == ()


def test_two_thousand_conditions_are_settled_many_contacts_at_once() -> None:
    for number in range(40):
        parts = [
            {"event": f"e{number}", "count": {"op": "at_least", "value": value}}
            for value in range(1, 51)
        ]
        segment(f"s{number}", {"any": parts})
    contacts = [ContactFactory() for _ in range(settling.FEW + 1)]
    record_event(contacts[0], name="e7", now=NOW)
    settle_all()
    assert members("s7") == {contacts[0].pk}
    assert verify(now=NOW).drift == ()
