from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from apps.contacts.events import record_event
from apps.contacts.merging import merge
from apps.contacts.profile import change_profile
from apps.segments import editing, settling, verifying
from apps.segments.models import Change, Ladder, Membership, Verification
from apps.segments.verifying import ALL, verify
from tests.factories import NOW, ContactFactory
from tests.segments.build import (
    BOUGHT_TWICE_IN_30_DAYS,
    IS_PRO,
    members,
    rebuild_all,
    segment,
    settle_all,
)

pytestmark = pytest.mark.usefixtures("catalogue")


def test_damaged_rows_are_reported_exactly_and_by_both_readings() -> None:
    pros = segment("pros", IS_PRO)
    segment("others", {"not": {"segment": "pros"}})
    inside, outside = ContactFactory(), ContactFactory()
    change_profile(inside, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    assert verify(now=NOW).drift == ()
    Membership.objects.filter(segment=pros, contact=inside).delete()
    Membership.objects.create(segment=pros, contact=outside, since=NOW)
    found = {(d.slug, d.contact_id, d.stored, d.reading) for d in verify(now=NOW).drift}
    assert found == {
        ("pros", inside.pk, False, "verdict"),
        ("pros", inside.pk, False, "query"),
        ("pros", outside.pk, True, "verdict"),
        ("pros", outside.pk, True, "query"),
        ("pros", outside.pk, True, "history"),
    }


def test_a_membership_that_counts_from_a_moment_without_an_entry_is_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pros = segment("pros", IS_PRO)
    contacts = [ContactFactory(profile={"plan": "pro"}) for _ in range(3)]
    settle_all()
    assert verify(now=NOW).drift == ()
    moved = Membership.objects.filter(segment=pros, contact=contacts[1])
    moved.update(since=F("since") - timedelta(seconds=1))
    drift = verify(now=NOW).drift
    assert [(d.slug, d.contact_id, d.reading) for d in drift] == [
        ("pros", contacts[1].pk, "history")
    ]
    with pytest.raises(CommandError, match="Drift: 1"):
        call_command("verify_segments")
    assert f"contact {contacts[1].pk} is in pros since a moment" in capsys.readouterr().out


def test_the_longer_membership_of_two_contacts_that_became_one_is_no_drift() -> None:
    segment("pros", IS_PRO)
    older = ContactFactory(profile={"plan": "pro"})
    settle_all()
    younger = ContactFactory(profile={"plan": "pro"})
    later = NOW + timedelta(days=1)
    settle_all(now=later)
    merge(into=younger.pk, gone=older.pk, now=later)
    assert verify(now=later).drift == ()
    assert Membership.objects.get(contact=younger).since == NOW


def test_of_many_a_sample_is_judged_one_by_one_and_the_query_still_finds_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    segment("pros", IS_PRO)
    contacts = [ContactFactory(profile={"plan": "pro"}) for _ in range(12)]
    monkeypatch.setattr(verifying, "BATCH", 3)
    monkeypatch.setattr(verifying, "LEAST", 5)
    settle_all()
    Membership.objects.all().delete()
    report = verify(now=NOW)
    missing = [(drift.contact_id, drift.reading) for drift in report.drift]
    assert [pk for pk, reading in missing if reading == "query"] == [row.pk for row in contacts]
    assert len(missing) - 12 == report.judged <= 5
    found = verify(now=NOW, judged=ALL)
    assert (found.judged, len(found.drift)) == (12, 24)
    with pytest.raises(CommandError, match="Drift: 24"):
        call_command("verify_segments", "--everybody")
    assert "12 contacts verified by query, all of them one by one too" in capsys.readouterr().out


def test_what_is_only_waiting_to_be_settled_is_no_drift() -> None:
    segment("pros", IS_PRO)
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    assert Change.objects.exists()
    report = verify(now=NOW)
    assert (report.drift, report.contacts, report.segments) == ((), 1, 1)


def test_time_that_passed_unwatched_is_caught_up_and_no_drift() -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contact = ContactFactory()
    verify(now=NOW)
    for number in range(2):
        record_event(contact, name="order_completed", now=NOW, message_id=f"m{number}")
    assert verify(now=NOW).drift == ()
    assert verify(now=NOW + timedelta(days=40)).drift == ()
    assert not Membership.objects.exists()


def test_the_command_says_no_drift_or_fails(capsys: pytest.CaptureFixture[str]) -> None:
    pros = segment("pros", IS_PRO)
    contact = ContactFactory()
    settle_all()
    call_command("verify_segments")
    assert "No drift" in capsys.readouterr().out
    Membership.objects.create(segment=pros, contact=contact, since=NOW)
    with pytest.raises(CommandError, match="Drift: 3"):
        call_command("verify_segments")
    assert list(Verification.objects.order_by("pk").values_list("drift", flat=True)) == [0, 3]


def test_moments_that_pass_while_it_looks_are_no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    segment("buyers", BOUGHT_TWICE_IN_30_DAYS)
    contact = ContactFactory()
    for number in range(2):
        record_event(contact, name="order_completed", now=NOW, message_id=f"m{number}")
    settle_all()
    with time_machine.travel(NOW, tick=False) as clock:

        def settle_slowly(mark: int) -> None:
            settling.settle_up_to(mark)
            clock.shift(timedelta(days=40))

        monkeypatch.setattr(verifying, "settle_up_to", settle_slowly)
        ContactFactory()
        assert verify().drift == ()
    assert not Membership.objects.exists()


def test_a_segment_that_is_being_rebuilt_and_those_that_refer_to_it_have_not_drifted() -> None:
    pros = segment("pros", IS_PRO)
    segment("others", {"not": {"segment": "pros"}})
    ContactFactory()
    settle_all()
    editing.save(pros, rule={"not": IS_PRO}, by=None, now=NOW)
    assert verify(now=NOW).drift == ()
    rebuild_all()
    assert verify(now=NOW).drift == ()
    assert len(members("pros")) == 1


def test_a_ladder_of_many_rungs_is_verified_by_a_query_that_grows_with_its_rungs() -> None:
    ladder = Ladder.objects.create(name="Ladder", slug="ladder")
    contacts = [ContactFactory(profile={"score": number}) for number in range(14)]
    rows = [
        segment(
            f"rung-{rung:02}",
            {"trait": "score", "op": "at_least", "value": 14 - rung},
            ladder=ladder,
            rung=rung,
        )
        for rung in range(1, 15)
    ]
    editing.pin(contacts[13], rows[0], held="out", by=None)
    editing.pin(contacts[3], rows[0], held="in", by=None)
    rebuild_all()
    assert members("rung-01") == {contacts[3].pk}
    assert members("rung-02") == {contacts[12].pk, contacts[13].pk}
    with CaptureQueriesContext(connection) as queries:
        assert verify(now=NOW).drift == ()
    assert max(len(query["sql"]) for query in queries) < 60_000
