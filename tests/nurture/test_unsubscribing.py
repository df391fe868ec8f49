from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client

from apps.contacts import consent
from apps.contacts.models import Consent, Contact
from apps.nurture import composing, unsubscribe_token, unsubscribing
from apps.nurture.models import Enrolment, Message
from tests.factories import NOW
from tests.nurture import build
from tests.nurture.build import HOUR, enter, subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsubscribing, "POLL", 0.01)


def address(message: Message) -> str:
    return composing.unsubscribe_link(message).removeprefix("https://quiz.example")


def snapshot() -> list[object]:
    return [list(model.objects.values()) for model in (Consent, Enrolment, Message, Contact)]


def test_looking_at_the_page_changes_nothing(client: Client) -> None:
    contact = subscriber()
    enter(build.sequence("Welcome", HOUR).segment, contact)
    link = address(Message.objects.get())
    before = snapshot()
    for method in (client.get, client.head):
        response = method(link)
        assert response.status_code == 200
    assert b"Unsubscribe</button>" in client.get(link).content
    assert snapshot() == before
    assert not response.cookies
    assert client.get(link).headers["Cache-Control"].startswith("max-age=0")


@pytest.mark.parametrize(
    "body", [{}, {"List-Unsubscribe": "One-Click"}], ids=["button", "one-click"]
)
def test_one_press_ends_all_mail(body: dict[str, str], client: Client) -> None:
    contact = subscriber()
    enter(build.sequence("Welcome", HOUR).segment, contact)
    enter(build.sequence("Other", slug="other").segment, contact)
    message = Message.objects.earliest("pk")
    response = client.post(address(message), body)
    assert response.status_code == 200
    assert b"You are unsubscribed" in response.content
    assert not consent.granted(contact)
    entry = Consent.objects.latest("pk")
    assert (entry.granted, entry.source) == (False, f"link in message {message.pk}")
    assert set(Message.objects.values_list("state", "reason")) == {("withheld", "Unsubscribed")}
    assert not Enrolment.objects.active().exists()


def test_pressing_again_says_the_same_and_adds_nothing(client: Client) -> None:
    message = build.message()
    first = client.post(address(message))
    entries = Consent.objects.count()
    assert client.post(address(message)).content == first.content
    assert Consent.objects.count() == entries


def test_other_contacts_go_on_getting_mail(client: Client) -> None:
    message, other = build.message(), build.message()
    client.post(address(message))
    other.refresh_from_db()
    assert other.state == "queued"
    assert consent.granted(other.contact)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "1-1",
        "1-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        Signer(salt="another", sep=".").sign("1-1"),
        "é" * 50,
        "9" * 3000,
    ],
)
def test_a_wrong_link_is_not_found_and_changes_nothing(token: str, client: Client) -> None:
    build.message()
    before = snapshot()
    for method in (client.get, client.post):
        response = method(f"/u/{token}/")
        assert response.status_code == 404
        assert b"This link does not work" in response.content
    assert snapshot() == before


def test_the_link_of_an_erased_contact_is_not_found(client: Client) -> None:
    message = build.message()
    link = address(message)
    message.contact.delete()
    assert client.post(link).status_code == 404


def test_other_methods_are_refused(client: Client) -> None:
    link = address(build.message())
    for method in (client.put, client.delete, client.patch):
        assert method(link).status_code == 405


def test_a_link_reaches_whoever_the_contact_was_merged_into(client: Client) -> None:
    message, winner = build.message(), subscriber()
    Contact.objects.filter(pk=message.contact_id).update(merged_into=winner)
    assert client.post(address(message)).status_code == 200
    assert not consent.granted(winner)


def test_a_mail_under_way_is_waited_for_but_not_for_ever() -> None:
    contact = subscriber()
    build.message(contact, state="handing", look_at=NOW + timedelta(minutes=1))
    unsubscribing.unsubscribe(contact, source="test", clock=lambda: NOW, patience=0.05)
    assert not consent.granted(contact)
    assert Message.objects.get().state == "handing"


def test_who_agrees_again_gets_mail_again(client: Client) -> None:
    message = build.message()
    client.post(address(message))
    contact = message.contact
    later = Consent.objects.latest("at").at + HOUR
    consent.record(contact, now=later, granted=True, wording="Yes please", source="quiz")
    assert consent.granted(contact)


def test_a_token_says_whom_it_is_for() -> None:
    token = unsubscribe_token.make(contact_id=12, message_id=34)
    assert unsubscribe_token.read(token) == unsubscribe_token.Bearer(12, 34)
    assert len(token) < 64
