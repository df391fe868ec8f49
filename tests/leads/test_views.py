import pytest
from django.urls import reverse

from apps.contacts.models import Event
from apps.contacts.traits import define
from apps.leads.models import Lead
from apps.rules.kinds import Kind
from tests.factories import UserFactory
from tests.leads.build import finished, lead
from tests.quizzes.drafts import published
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_the_list_shows_each_lead_with_tier_stage_and_owner(client, sign_in):
    sign_in("sales")
    lead("ada@example.com", stage="working", owner=UserFactory(name="Olga"))
    page = client.get("/leads/").content.decode()
    for shown in ("ada@example.com", "Hot", "Working", "Olga", "Is your team ready?"):
        assert shown in page


def test_htmx_gets_the_list_alone(client, sign_in):
    sign_in("sales")
    lead("ada@example.com")
    answer = client.get("/leads/?tier=hot", headers=HTMX)
    assert answer.content.decode().lstrip().startswith('<div id="leads">')
    assert "HX-Request" in answer["Vary"]


def test_the_chosen_tier_stays_when_the_filters_change(client, sign_in):
    sign_in("sales")
    lead("ada@example.com")
    part = client.get("/leads/?tier=hot", headers=HTMX).content.decode()
    assert '<input type="hidden" name="tier" value="hot" form="lead-filters">' in part


def test_every_part_that_htmx_loads_has_an_address_without_it(client, sign_in):
    sign_in("sales")
    lead("ada@example.com")
    page = client.get("/leads/").content.decode()
    tabs = page[page.index('class="tabs"') : page.index("</nav>", page.index('class="tabs"'))]
    assert tabs.count("hx-get=") == tabs.count("href=") == 2


def test_the_list_takes_the_same_few_queries_however_many_there_are(
    client, sign_in, django_assert_num_queries
):
    sign_in("sales")
    for number in range(12):
        lead(f"{number}@example.com", owner=UserFactory())
    with django_assert_num_queries(4):  # user, page, tabs, quizzes
        client.get("/leads/")


def test_an_empty_list_says_what_will_fill_it(client, sign_in):
    sign_in("sales")
    assert "Whoever finishes a quiz" in client.get("/leads/").content.decode()
    assert "No lead matches" in client.get("/leads/?tier=hot").content.decode()


def test_a_lead_shows_answers_receipt_segments_and_timeline(client, sign_in):
    sign_in("sales")
    finished(published())
    page = client.get(reverse("leads:detail", args=[Lead.objects.get().pk])).content.decode()
    assert "How large is your team?" in page
    assert "More than 10" in page
    assert "+5" in page
    assert "Quiz finished" in page
    assert "Email consent given" in page
    assert "Yes, write to me about team tools." in page


def test_a_lead_names_the_segments_it_is_in_and_why(client, sign_in):
    sign_in("sales")
    finished(published())
    segment("ready-teams", {"trait": "contact.first_name", "op": "is", "value": "Ada"})
    page = client.get(reverse("leads:detail", args=[Lead.objects.get().pk])).content.decode()
    assert "Ready-Teams" in page
    assert "The rule holds." in page
    assert "Entered Ready-Teams" in page


def test_a_respondents_words_are_only_ever_text(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    payload = "<script>alert(1)</script>"
    row.contact.first_name = payload
    row.contact.save()
    Event.objects.create(
        contact=row.contact,
        name="page_viewed",
        occurred_at=row.since,
        properties={payload: payload},
        message_id="x",
    )
    for path in ("/leads/", f"/leads/{row.pk}/"):
        page = client.get(path).content.decode()
        assert payload not in page
        assert "&lt;script&gt;" in page


def test_a_lead_whose_response_is_gone_still_opens(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    assert "no longer kept" in client.get(f"/leads/{row.pk}/").content.decode()


def test_unknown_leads_are_not_found(client, sign_in):
    sign_in("sales")
    assert client.get("/leads/1/").status_code == 404
    assert client.get(f"/leads/{10**30}/").status_code == 404


def test_sales_moves_a_lead_without_javascript(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    answer = client.post(f"/leads/{row.pk}/stage/", {"stage": "won"}, follow=True)
    assert "ada@example.com is won now." in answer.content.decode()
    assert Event.objects.get().name == "deal_won"


def test_htmx_gets_the_controls_alone(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    answer = client.post(f"/leads/{row.pk}/stage/", {"stage": "working"}, headers=HTMX)
    assert 'id="work"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_a_lead_is_given_an_owner(client, sign_in):
    me = sign_in("sales")
    row = lead("ada@example.com")
    client.post(f"/leads/{row.pk}/owner/", {"owner": me.pk})
    assert Lead.objects.get().owner == me
    client.post(f"/leads/{row.pk}/owner/", {"owner": ""})
    assert Lead.objects.get().owner is None


@pytest.mark.parametrize("owner", ["0", "nobody", "-1", "9" * 30])
def test_an_unknown_owner_is_refused(client, sign_in, owner):
    sign_in("sales")
    row = lead("ada@example.com")
    assert client.post(f"/leads/{row.pk}/owner/", {"owner": owner}).status_code == 400


def test_an_unknown_stage_is_refused(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    assert client.post(f"/leads/{row.pk}/stage/", {"stage": "sold"}).status_code == 400


def test_looking_changes_nothing(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    assert client.get(f"/leads/{row.pk}/stage/").status_code == 405
    assert client.get(f"/leads/{row.pk}/owner/").status_code == 405


def test_sales_are_told_why_of_a_lead_and_of_live_segments_alone(client, sign_in):
    sign_in("sales")
    row = lead("ada@example.com")
    define("plan", label="Plan", kind=Kind.TEXT, source="test")
    segment("all", {"all": []})
    segment("pros", IS_PRO)
    segment("later", IS_PRO, status="draft")
    page = client.get(f"/leads/{row.pk}/").content.decode()
    assert f'href="/leads/{row.pk}/why/all/"' in page
    assert '<option value="pros">' in page
    assert '<option value="later">' not in page
    chosen = client.get(f"/leads/{row.pk}/why/?segment=pros")
    assert chosen["Location"] == f"/leads/{row.pk}/why/pros/"
    page = client.get(chosen["Location"]).content.decode()
    assert "ada@example.com is not in Pros" in page
    assert "/admin/" not in page
    for address in (f"/leads/{row.pk}/why/later/", f"/leads/{row.pk}/why/?segment=later"):
        assert client.get(address).status_code == 404
    assert client.get("/leads/999/why/pros/").status_code == 404
    assert client.get(f"/admin/segments/why/{row.contact_id}/pros/").status_code == 403
