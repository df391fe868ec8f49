import pytest

from apps.contacts.events import record_event
from apps.contacts.models import Contact, Event
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind
from apps.segments import editing
from apps.segments.models import Change, Pin, Segment
from tests.factories import NOW, ContactFactory
from tests.segments.build import IS_PRO, segment, settle_all, standing

pytestmark = pytest.mark.usefixtures("catalogue")


def marks(contact: Contact) -> set[str]:
    """Return the keys of the contact's marks, and settle them."""
    keys = {key for mark in Change.objects.filter(contact=contact) for key in mark.keys}
    settle_all()
    return keys


@pytest.fixture
def contact() -> Contact:
    made = ContactFactory(profile={"plan": "pro", "likes": ["jazz"]})
    settle_all()
    return Contact.objects.get(pk=made.pk)


def test_a_list_changed_in_place_leaves_its_mark(contact: Contact) -> None:
    define("likes", label="Likes", kind=Kind.CHOICES, source="test")
    segment("folk", {"trait": "likes", "op": "has_any", "value": ["folk"]})
    contact.profile["likes"].append("folk")
    contact.save()
    assert marks(contact) == {"trait:likes"}
    assert standing(contact) == {"folk"}


def test_saving_some_fields_does_not_swallow_the_mark_of_the_others(contact: Contact) -> None:
    contact.first_name, contact.country = "Ada", "Portugal"
    contact.save(update_fields=["first_name"])
    assert "trait:contact.first_name" in marks(contact)
    contact.save()
    assert marks(contact) == {"trait:contact.country"}


def test_a_contact_that_becomes_a_tombstone_leaves_every_segment(contact: Contact) -> None:
    segment("pros", IS_PRO)
    assert standing(contact) == {"pros"}
    contact.merged_into = ContactFactory()
    contact.save()
    assert marks(contact) == {"*"}
    assert standing(contact) == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_queryset", [True, False])
def test_a_contact_can_be_deleted_with_all_that_hangs_on_it(
    contact: Contact, by_queryset: bool
) -> None:
    pros = segment("pros", IS_PRO)
    record_event(contact, name="ordered", now=NOW)
    change_profile(contact, now=NOW, traits={"born": "1990-01-01"}, source="test")
    editing.pin(contact, pros, held=Pin.Held.IN, by=None)
    if by_queryset:
        Contact.objects.filter(pk=contact.pk).delete()
    else:
        contact.delete()
    assert not Contact.objects.exists()
    assert not Change.objects.exists()


def test_a_deleted_event_leaves_its_mark(contact: Contact) -> None:
    record_event(contact, name="ordered", now=NOW)
    settle_all()
    Event.objects.filter(name="ordered").delete()
    assert "event:ordered" in marks(contact)


def test_a_segment_can_be_deleted_with_its_pins(contact: Contact) -> None:
    pros = segment("pros", IS_PRO)
    editing.pin(contact, pros, held=Pin.Held.OUT, by=None)
    pros.delete()
    settle_all()
    assert not Segment.objects.exists()
