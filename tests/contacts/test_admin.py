import pytest

from apps.contacts import consent, panels, timeline
from apps.contacts.models import Contact, Event, Trait
from apps.contacts.panels import Panel
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind, Option
from tests.factories import NOW, ContactFactory
from tests.segments.build import segment, standing

pytestmark = pytest.mark.django_db
FIELDS = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "",
    "phone": "",
    "country": "",
    "language": "",
    "timezone": "",
    "add_key": "",
    "add_value": "",
}


@pytest.fixture
def ada() -> Contact:
    return ContactFactory(email="ada@example.com", first_name="Ada")


def page_of(contact):
    return f"/admin/contacts/contact/{contact.pk}/change/"


def field_of(key):
    return f"trait_{Trait.objects.get(key=key).pk}"


def save(client, contact, **changes):
    return client.post(page_of(contact), {**FIELDS, **changes})


def known(contact, **traits):
    change_profile(contact, now=NOW, traits=traits, source="test")


def profile(contact):
    return Contact.objects.get(pk=contact.pk).profile


@pytest.mark.django_db(transaction=True)
def test_an_edit_moves_the_contact_to_another_segment_at_once(client, sign_in, ada):
    sign_in("marketer")
    segment("austrians", {"trait": "contact.country", "op": "is", "value": "AT"})
    assert standing(ada) == set()
    assert save(client, ada, country="AT").status_code == 302
    assert standing(ada) == {"austrians"}


def test_saving_unchanged_writes_nothing(client, sign_in, ada):
    sign_in("marketer")
    before = ada.updated_at
    assert save(client, ada).status_code == 302
    ada.refresh_from_db()
    assert ada.updated_at == before


def test_what_came_in_while_the_form_was_open_is_kept(client, sign_in, ada):
    sign_in("marketer")
    known(ada, plan="free", seats=3)
    form = {field_of("plan"): "pro", field_of("seats"): "3"}
    known(ada, seats=9)
    form["initial"] = ""
    client.post(page_of(ada), {**FIELDS, **form, field_of("seats"): "9"})
    assert profile(ada) == {"plan": "pro", "seats": 9}


def test_every_kind_of_trait_can_be_edited(client, sign_in, ada):
    sign_in("marketer")
    define("plan", label="Plan", kind=Kind.CHOICE, options=[Option("pro", "Pro")], source="t")
    define("likes", label="Likes", kind=Kind.CHOICES, options=[Option("tea", "Tea")], source="t")
    define("tags", label="Tags", kind=Kind.CHOICES, source="t")
    known(ada, plan="old", likes=["rum"], tags=["a"], seats=3, paying=False, city="Graz")
    known(ada, birthday="1984-05-01", seen="2026-03-01T10:00:00+00:00")
    edited = {
        "plan": "pro",
        "likes": ["tea", "rum"],
        "tags": "a\r\n b \r\n\r\n",
        "seats": "4.5",
        "paying": "true",
        "city": " Wien ",
        "birthday": "1985-06-02",
        "seen": "2026-03-02T11:30",
    }
    answer = save(client, ada, **{field_of(key): value for key, value in edited.items()})
    assert answer.status_code == 302
    assert profile(ada) == {
        "plan": "pro",
        "likes": ["tea", "rum"],
        "tags": ["a", "b"],
        "seats": 4.5,
        "paying": True,
        "city": "Wien",
        "birthday": "1985-06-02",
        "seen": "2026-03-02T11:30:00.000000Z",
    }


def test_an_emptied_value_removes_the_trait(client, sign_in, ada):
    sign_in("marketer")
    known(ada, plan="pro", seats=3)
    save(client, ada, **{field_of("plan"): "", field_of("seats"): ""})
    assert profile(ada) == {}


def test_a_bad_value_is_explained_and_nothing_is_saved(client, sign_in, ada):
    sign_in("marketer")
    known(ada, seats=3)
    answer = save(client, ada, first_name="Eve", **{field_of("seats"): "1e300"})
    assert "must be finite and lie between" in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.first_name, ada.profile) == ("Ada", {"seats": 3})


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("12", 12, "number"),
        ("0.5", 0.5, "number"),
        ("yes", True, "boolean"),
        ("2026-05-01", "2026-05-01", "date"),
        ("Graz", "Graz", "text"),
    ],
)
def test_a_new_trait_gets_the_kind_of_its_value(client, sign_in, ada, text, value, kind):
    sign_in("marketer")
    save(client, ada, add_key="extra.note", add_value=text)
    assert profile(ada) == {"extra.note": value}
    assert Trait.objects.get(key="extra.note").kind == kind


def test_a_known_trait_is_added_in_its_own_kind(client, sign_in, ada):
    sign_in("marketer")
    define("zip", label="Zip", kind=Kind.TEXT, source="t")
    define("tags", label="Tags", kind=Kind.CHOICES, source="t")
    save(client, ada, add_key="zip", add_value="8010")
    save(client, ada, **{field_of("zip"): "8010"}, add_key="tags", add_value="a, b")
    assert profile(ada) == {"zip": "8010", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("Bad Key", "1", "lower-case words"),
        ("contact.email", "x", "not under contact"),
        ("", "1", "Say which trait"),
        ("note", "", "Give the trait a value"),
        ("seats", "many", "Expected a number"),
    ],
)
def test_a_trait_that_cannot_be_added_is_explained(client, sign_in, ada, key, value, said):
    sign_in("marketer")
    define("seats", label="Seats", kind=Kind.NUMBER, source="t")
    answer = save(client, ada, add_key=key, add_value=value)
    assert said in answer.content.decode()
    assert profile(ada) == {}


def test_two_contacts_cannot_share_an_email(client, sign_in, ada):
    sign_in("marketer")
    ContactFactory(email="eve@example.com")
    answer = save(client, ada, email="Eve@Example.com")
    assert "exists already" in answer.content.decode()


def test_a_contact_is_added_through_the_same_verb(client, sign_in):
    sign_in("marketer")
    client.post("/admin/contacts/contact/add/", {**FIELDS, "email": "New@Example.com"})
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name) == ("new@example.com", "Ada")


def test_the_list_is_searched_by_the_beginning_of_names_and_emails(client, sign_in, ada):
    sign_in("marketer")
    ContactFactory(email="bob@example.com", first_name="Bob")
    page = client.get("/admin/contacts/contact/?q=ad").content.decode()
    assert "ada@example.com" in page
    assert "bob@example.com" not in page


def test_the_list_takes_the_same_few_queries_however_many_there_are(
    client, sign_in, django_assert_num_queries
):
    sign_in("marketer")
    ContactFactory.create_batch(12)
    with django_assert_num_queries(3):  # user, count, page
        client.get("/admin/contacts/contact/")


def test_an_event_is_recorded_by_hand(client, sign_in, ada):
    sign_in("marketer")
    path = f"/admin/contacts/contact/{ada.pk}/event/"
    form = {
        "name": "order_completed",
        "occurred_at": "2026-03-01T10:00",
        "properties": "total = 120.50\r\ngift = yes\r\nsku = A-1\r\n",
    }
    assert client.post(path, form).status_code == 302
    event = Event.objects.get()
    assert (event.contact, event.name) == (ada, "order_completed")
    assert event.properties == {"total": 120.5, "gift": True, "sku": "A-1"}
    assert f"{event.occurred_at:%Y-%m-%d %H:%M}" == "2026-03-01 10:00"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "1x"}, "name is 1 to 100 letters"),
        ({"occurred_at": "soon"}, "valid date/time"),
        ({"properties": "total"}, "Expected “name = value”"),
        ({"properties": "total = 1e300"}, "finite numbers"),
    ],
)
def test_an_event_that_cannot_be_recorded_is_explained(client, sign_in, ada, changes, said):
    sign_in("marketer")
    form = {"name": "x", "occurred_at": "2026-03-01T10:00", "properties": ""}
    answer = client.post(f"/admin/contacts/contact/{ada.pk}/event/", {**form, **changes})
    assert said in answer.content.decode()
    assert not Event.objects.exists()


def test_the_page_shows_consent_word_for_word(client, sign_in, ada):
    sign_in("marketer")
    consent.record(ada, now=NOW, granted=True, wording="Yes, write to me.", source="form")
    page = client.get(page_of(ada)).content.decode()
    assert "“Yes, write to me.”" in page


def test_apps_above_add_panels_and_lines_to_the_timeline(client, sign_in, ada, monkeypatch):
    sign_in("marketer")
    monkeypatch.setattr(panels, "_builders", [])
    monkeypatch.setattr(timeline, "_sources", [])
    panels.register(lambda contact: Panel(f"About {contact}", "staff/_timeline.html"))
    timeline.register(lambda contact, limit: [timeline.Entry(NOW, "Met at the fair")])
    page = client.get(page_of(ada)).content.decode()
    assert "About Ada" in page
    assert "Met at the fair" in page


def test_a_traits_label_can_be_edited_and_its_key_and_kind_cannot(client, sign_in):
    sign_in("marketer")
    trait = define("plan", label="Plan", kind=Kind.CHOICE, source="t")
    form = {"label": "Their plan", "key": "x", "kind": "text", "options": "pro = Pro\r\nfree"}
    client.post(f"/admin/contacts/trait/{trait.pk}/change/", form)
    trait.refresh_from_db()
    assert (trait.label, trait.key, trait.kind) == ("Their plan", "plan", "choice")
    assert trait.options == [
        {"value": "pro", "label": "Pro"},
        {"value": "free", "label": "free"},
    ]


def test_a_trait_is_added_to_the_catalogue(client, sign_in):
    sign_in("marketer")
    form = {"label": "Shoe size", "key": "shoe.size", "kind": "number", "options": ""}
    client.post("/admin/contacts/trait/add/", form)
    assert Trait.objects.get().key == "shoe.size"
