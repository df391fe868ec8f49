import pytest

from apps.accounts.models import User
from apps.contacts.models import Event
from apps.leads import working
from apps.leads.models import Lead
from tests.factories import UserFactory
from tests.leads.build import NOW, lead
from tests.segments.build import segment, standing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("stage", "event"), [("won", "deal_won"), ("lost", "deal_lost")])
def test_winning_and_losing_are_events_of_the_contact(stage, event):
    row = lead()
    assert working.move(row, stage=stage, now=NOW)
    recorded = Event.objects.get()
    assert (recorded.contact, recorded.name, recorded.occurred_at) == (row.contact, event, NOW)
    assert recorded.properties == {"quiz": "ready", "tier": "hot"}


def test_moving_to_where_it_stands_changes_and_records_nothing():
    row = lead()
    working.move(row, stage="won", now=NOW)
    assert not working.move(row, stage="won", now=NOW)
    assert Event.objects.count() == 1


def test_working_on_a_lead_is_no_event():
    row = lead()
    assert working.move(row, stage="working", now=NOW)
    row.refresh_from_db()
    assert (row.stage, row.staged_at) == ("working", NOW)
    assert not Event.objects.exists()


def test_an_unknown_stage_is_refused():
    row = lead()
    with pytest.raises(working.StageError, match="no stage called 'sold'"):
        working.move(row, stage="sold", now=NOW)
    row.refresh_from_db()
    assert row.stage == "new"


@pytest.mark.django_db(transaction=True)
def test_a_won_deal_moves_the_contact_into_its_segment_at_once():
    segment("customers", {"event": "deal_won"})
    row = lead()
    working.move(row, stage="won", now=NOW)
    assert standing(row.contact) == {"customers"}


def test_a_lead_is_given_to_a_colleague_and_back_to_nobody():
    row, owner = lead(), UserFactory(role=User.Role.SALES)
    working.assign(row, owner=owner)
    assert Lead.objects.get().owner == owner
    working.assign(row, owner=None)
    assert Lead.objects.get().owner is None


def test_a_lead_is_not_given_to_somebody_who_left():
    row, leaver = lead(), UserFactory(role=User.Role.SALES, is_active=False)
    with pytest.raises(working.OwnerError):
        working.assign(row, owner=leaver)
