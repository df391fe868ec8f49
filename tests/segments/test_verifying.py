from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.contacts.events import record_event
from apps.contacts.profile import change_profile
from apps.segments.models import Change, Membership, Verification
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, IS_PRO, segment, settle_all

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
    }


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
    with pytest.raises(CommandError, match="Drift: 2"):
        call_command("verify_segments")
    assert list(Verification.objects.order_by("pk").values_list("drift", flat=True)) == [0, 2]
