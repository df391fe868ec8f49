"""Erasure: a planted value is found nowhere afterwards."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django_q.models import Task

from apps.contacts import consent
from apps.contacts.events import record_event
from apps.contacts.models import Contact, Identity
from apps.contacts.profile import change_profile
from apps.core.models import DeadTask
from apps.leads.models import Lead
from apps.nurture.models import Message, Suppression
from apps.quizzes import taking
from apps.quizzes.models import Answer, Response
from apps.segments import editing
from tests.factories import NOW, ContactFactory, UserFactory
from tests.integrations.conftest import Caller
from tests.nurture.build import HOUR, enter, sequence
from tests.quizzes.drafts import TYPES, published
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")
PLANTED = "zebrafinch"


def found_in_the_database(text: str) -> set[str]:
    """Return every table with a row that holds the text, in whatever column."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = (str(row) for row in cursor.fetchall())
            if any(text in row.lower() for row in rows):
                found.add(table)
    return found


def planted() -> Contact:
    """Make a contact with a row in every table that can hang on one, the text in each."""
    contact = ContactFactory(
        email=f"{PLANTED}@example.com", first_name=PLANTED, last_name=PLANTED, phone=PLANTED
    )
    contact.identities.create(kind=Identity.Kind.EXTERNAL, value=PLANTED)
    change_profile(
        contact,
        now=NOW,
        traits={"plan": "pro", "note": PLANTED, "born": "1990-01-01"},
        source="test",
    )
    change_profile(contact, now=NOW, traits={"note": None}, source="test")
    change_profile(contact, now=NOW, traits={"note": PLANTED}, source="test")
    record_event(contact, name="x", now=NOW, properties={"a": [PLANTED]}, message_id=PLANTED)
    consent.record(contact, now=NOW, granted=True, wording=PLANTED, source=PLANTED)
    editing.pin(contact, segment("pros", IS_PRO), held="in", by=None)
    course = sequence("One", HOUR)
    enter(course.segment, contact)
    Message.objects.update(recipient=contact.email, html=PLANTED, raw=PLANTED, text=PLANTED)
    Suppression.objects.create(address=contact.email, reason="nobody there")
    response, _ = taking.start(published(TYPES), now=NOW, hidden={"utm_source": PLANTED})
    Response.objects.filter(pk=response.pk).update(contact=contact)
    Answer.objects.create(response=response, question_key="other", value=PLANTED, answered_at=NOW)
    Lead.objects.create(contact=contact, scored_at=NOW, quiz_title=PLANTED, tier_key="hot")
    of_contacts = ContentType.objects.get_for_model(Contact)
    LogEntry.objects.create(
        user=UserFactory(),
        content_type=of_contacts,
        object_id=str(contact.pk),
        object_repr=str(contact),
        action_flag=CHANGE,
    )
    DeadTask.objects.create(job="x", attempts=5, error=f"Key (email)=({PLANTED}@example.com)")
    Task.objects.create(
        id="1", name="1", func="x", result=f"Boom: {PLANTED}@example.com", started=NOW, stopped=NOW
    )
    return contact


def test_a_planted_value_is_found_nowhere_afterwards(call: Caller) -> None:
    contact = planted()
    assert found_in_the_database(PLANTED) == {
        "contacts_consent",
        "contacts_contact",
        "contacts_event",
        "contacts_identity",
        "contacts_profilechange",
        "core_deadtask",
        "django_admin_log",
        "leads_lead",
        "nurture_message",
        "nurture_suppression",
        "quizzes_answer",
        "quizzes_response",
    }
    answer = call("DELETE", f"/contacts/{contact.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert found_in_the_database(PLANTED) == set()
    assert DeadTask.objects.count() == 1
    assert not Task.objects.exists()  # its result is pickled: the text cannot be searched for
    for model in apps.get_models():
        for field in model._meta.fields:
            if field.related_model is Contact:
                assert not model._default_manager.exclude(**{field.name: None}).exists(), model
    assert call.no("DELETE", f"/contacts/{contact.pk}") == (404, "not_found", "")


@pytest.mark.parametrize("of_the_tombstone", [False, True])
def test_tombstones_and_former_names_go_too(call: Caller, of_the_tombstone: bool) -> None:
    gone, into = planted(), ContactFactory(email="other@example.com", first_name="Ot")
    call.post("/contacts/merge", {"into": into.pk, "from": gone.pk})
    erased = gone if of_the_tombstone else into
    assert call("DELETE", f"/contacts/{erased.pk}").status_code == 204
    assert not Contact.objects.exists()
    assert found_in_the_database(PLANTED) == set()
    assert found_in_the_database("other@example.com") == set()


def test_others_are_left_alone(call: Caller) -> None:
    contact, other = ContactFactory(first_name="Ann"), ContactFactory(first_name="Ann")
    record_event(other, name="x", now=NOW)
    DeadTask.objects.create(job="x", attempts=5, error="Ann failed")
    assert call("DELETE", f"/contacts/{contact.pk}").status_code == 204
    assert Contact.objects.get() == other
    assert other.events.count() == 1
    assert DeadTask.objects.get().error == "Ann failed"


@pytest.mark.parametrize("path", [f"/contacts/{2**70}", "/contacts/999999", "/contacts/x"])
def test_nobody_is_404(call: Caller, path: str) -> None:
    assert call.no("DELETE", path) == (404, "not_found", "")


def test_reading_alone_erases_nobody(call: Caller) -> None:
    contact = ContactFactory()
    refused: Any = call.no("GET", f"/contacts/{contact.pk}")
    assert refused == (405, "method_not_allowed", "")
