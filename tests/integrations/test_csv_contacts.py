"""Importing contacts: found or made as by the API, but an empty cell says nothing."""

import pytest

from apps.contacts.models import Contact, Identity, Trait
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind, Option
from tests.factories import NOW, ContactFactory
from tests.integrations.csv_files import counts, imported, looked_through, refusals

pytestmark = pytest.mark.usefixtures("catalogue")


def test_every_field_and_trait_of_a_new_contact_is_kept() -> None:
    upload = imported(
        "external_id,email,first_name,last_name,phone,country,language,timezone,plan,traits.score\n"
        "c1,Ann@Example.com,Ann,Berg,+46 8 1,SE,sv,Europe/Stockholm,pro,12.5\n"
    )
    assert counts(upload) == (1, 0, 0, 0)
    ann = Contact.objects.get(email="ann@example.com")
    assert ann.identities.get().value == "c1"
    assert (ann.name, ann.phone, ann.country) == ("Ann Berg", "+46 8 1", "SE")
    assert (ann.language, ann.timezone) == ("sv", "Europe/Stockholm")
    assert ann.profile == {"plan": "pro", "score": 12.5}
    assert ann.created_at == NOW


def test_a_contact_is_found_by_external_id_else_by_email_and_an_empty_cell_says_nothing() -> None:
    ann = ContactFactory(email="ann@example.com", first_name="Ann")
    Identity.objects.create(contact=ann, kind=Identity.Kind.EXTERNAL, value="c1")
    bea = ContactFactory(email="bea@example.com", first_name="Bea")
    change_profile(bea, now=NOW, traits={"plan": "free"}, source="test")
    upload = imported(
        "external_id,email,first_name,plan\n"
        "c1,new@example.com,,pro\n"
        "c2,BEA@example.com ,  ,\n"
        "c2,,Beatrice,\n"
        "c2,,Beatrice,free\n"
    )
    assert counts(upload) == (0, 3, 1, 0)
    ann.refresh_from_db()
    assert (ann.email, ann.first_name, ann.profile) == ("new@example.com", "Ann", {"plan": "pro"})
    bea.refresh_from_db()
    assert (bea.first_name, bea.profile) == ("Beatrice", {"plan": "free"})
    assert bea.identities.get().value == "c2"


def test_the_same_file_again_changes_nothing() -> None:
    data = "email,plan,born,visits\na@x.se,pro,1990-01-01,3\nb@x.se,,,\nonly@x.se,free,,4.0\n"
    assert counts(imported(data)) == (3, 0, 0, 0)
    before = list(Contact.objects.order_by("pk").values())
    assert counts(imported(data)) == (0, 0, 3, 0)
    assert list(Contact.objects.order_by("pk").values()) == before


def test_values_of_a_known_trait_are_read_by_its_kind() -> None:
    define("tags", label="Tags", kind=Kind.CHOICES, source="test")
    imported(
        "email,plan,score,vip,trial_ends,born,tags\n"
        'a@x.se,007,7,Yes,2026-11-23 09:30,1990-01-01,"a, b,a"\n'
    )
    assert Contact.objects.get().profile == {
        "plan": "007",
        "score": 7,
        "vip": True,
        "trial_ends": "2026-11-23T09:30:00.000000Z",
        "born": "1990-01-01",
        "tags": ["a", "b"],
    }


def test_a_new_trait_has_the_kind_of_its_whole_column() -> None:
    data = "email,zip,visits,member,since,seen,note,nothing\n"
    data += "a@x.se,12345,3,yes,2026-01-02,2026-01-02T03:04:05+01:00,,\n"
    data += "a@x.se,01234,4,no,2026-01-03,2026-01-02 03:04,12,\n"
    data += "a@x.se,,,,,,x,\n" * 600 + "a@x.se,,5,,,,,\n"
    imported(data)
    kinds = dict(Trait.objects.filter(source="CSV").values_list("key", "kind"))
    assert kinds == {
        "zip": "text",
        "visits": "number",
        "member": "boolean",
        "since": "date",
        "seen": "datetime",
        "note": "text",
    }
    profile = Contact.objects.get().profile
    assert (profile["zip"], profile["visits"], profile["member"]) == ("01234", 5, False)
    assert profile["seen"] == "2026-01-02T03:04:00.000000Z"


def test_a_known_trait_keeps_its_label_and_options() -> None:
    options = [Option("pro", "Professional")]
    define("tier", label="The tier", kind=Kind.CHOICE, options=options, source="test")
    imported("email,tier\na@x.se,pro\n")
    row = Trait.objects.get(key="tier")
    assert (row.label, row.options[0]["label"]) == ("The tier", "Professional")


def test_nothing_is_kept_before_somebody_says_yes() -> None:
    looked_through("email,shoe size\na@x.se,43\n")
    assert not Contact.objects.exists()
    assert not Trait.objects.filter(key="shoe_size").exists()


SECRET = "zebrafinch"
BAD = {
    "no email": (f"{SECRET},,,,", "Email", "Expected an email address."),
    "a long name": (f"b@x.se,{SECRET * 13},,,", "First name", "Expected at most 120 characters."),
    "no number": (f"b@x.se,,{SECRET},,", "score", "Expected a number between -10^15 and 10^15"),
    "no yes": (f"b@x.se,,,{SECRET},", "vip", "Expected yes or no, true or false."),
    "no date": (f"b@x.se,,,,{SECRET}", "born", "Expected a date such as 2026-11-23."),
    "nobody": (f",{SECRET},,,", "", "The row says neither external_id nor email"),
    "another's email": ("ann@x.se,,,,", "Email", "Another contact has this email."),
    "too few cells": (f"b@x.se,{SECRET}", "", "The row has 2 cells, the header has 6."),
    "a quote": (f'b@x.se,"{SECRET}"x,,,', "", "A quote is not closed"),
    "infinity": ("b@x.se,,inf,,", "score", "Expected a number between -10^15 and 10^15"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_is_refused_by_itself_in_words_that_quote_nothing(what: str) -> None:
    ContactFactory(email="ann@x.se")
    Identity.objects.create(contact=ContactFactory(), kind=Identity.Kind.EXTERNAL, value="taken")
    bad, column, message = BAD[what]
    who = "taken" if what == "another's email" else ""
    row = f"{bad},{who}" if bad.count(",") == 4 else bad
    upload = imported(
        "Email,First name,score,vip,born,external_id\n"
        f"a@x.se,A,1,no,1990-01-01,\n{row}\nc@x.se,C,1,no,1990-01-01,\n"
    )
    assert counts(upload) == (2, 0, 0, 1)
    [(line, at, said)] = refusals(upload)
    assert (line, at) == (3, column)
    assert said.startswith(message)
    assert SECRET not in said
    assert set(Contact.objects.filter(first_name__in="AC").values_list("email", flat=True)) == {
        "a@x.se",
        "c@x.se",
    }


def test_a_long_external_id_is_refused() -> None:
    upload = imported(f"external_id,email\n{'x' * 201},a@x.se\n")
    assert refusals(upload) == [(2, "external_id", "An external id has at most 200 characters.")]
