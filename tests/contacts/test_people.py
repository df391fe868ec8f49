import threading

import pytest
from django.db import connection

from apps.contacts import people
from apps.contacts.consent import granted, record
from apps.contacts.models import Consent, Contact
from tests.factories import NOW, ContactFactory


@pytest.mark.django_db
def test_an_email_finds_its_contact_whatever_its_case() -> None:
    made = people.find_or_make(now=NOW, email="Ada@Example.com")
    assert people.find_or_make(now=NOW, email=" ada@EXAMPLE.com ").pk == made.pk
    assert made.email == "ada@example.com"


@pytest.mark.django_db
def test_an_international_domain_is_kept_in_its_ascii_form() -> None:
    assert people.normalise_email("ada@bücher.example") == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "raw", ["", "a", "a@b", "a b@c.example", "a@c.example\nBcc: x@y.example", "ü@c.example", "@"]
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(people.EmailError):
        people.normalise_email(raw)


@pytest.mark.django_db
def test_without_email_each_visitor_is_a_contact_of_their_own() -> None:
    people.find_or_make(now=NOW)
    people.find_or_make(now=NOW)
    assert Contact.objects.filter(email="").count() == 2


@pytest.mark.django_db
def test_an_external_id_is_stronger_than_an_email() -> None:
    first = people.find_or_make(now=NOW, email="a@x.example", external_id="7")
    people.find_or_make(now=NOW, email="b@x.example")
    assert people.find_or_make(now=NOW, email="b@x.example", external_id="7").pk == first.pk


@pytest.mark.django_db(transaction=True)
def test_many_callers_at_once_make_one_contact() -> None:
    ids: list[int] = []

    def call() -> None:
        try:
            ids.append(people.find_or_make(now=NOW, email="ada@example.com").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(ids) == 8
    assert set(ids) == {Contact.objects.get().pk}


@pytest.mark.django_db
def test_the_latest_entry_of_the_ledger_holds_and_none_is_a_refusal() -> None:
    contact = ContactFactory()
    assert not granted(contact)
    record(contact, now=NOW, granted=True, wording="Yes, write to me.", source="quiz")
    assert granted(contact)
    record(contact, now=NOW, granted=False, wording="Unsubscribed", source="link")
    assert not granted(contact)
    assert Consent.objects.count() == 2


@pytest.mark.django_db
def test_a_search_of_thousands_of_words_is_cut_short() -> None:
    ContactFactory(email="ada@example.com")
    assert Contact.objects.search("ada").count() == 1
    assert Contact.objects.search("a " * 5000).count() == 1
    assert Contact.objects.search("a" * 100_000).count() == 0
