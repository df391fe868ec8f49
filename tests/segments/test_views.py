from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.profile import change_profile
from apps.segments.models import Ladder, Pin, Segment
from tests.factories import NOW, ContactFactory, UserFactory
from tests.quizzes.drafts import published
from tests.segments.build import IS_PRO, members, rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def form(**fields: Any) -> dict[str, Any]:
    return {
        "do": "save",
        "name": "Pros",
        "status": "live",
        "node": ["group 1", "condition 2 in 1"],
        "match-1": "all",
        "subject-2": "trait:plan",
        "op-2": "is",
        "value-2": "pro",
        **fields,
    }


def test_a_segment_written_as_conditions_is_saved_and_applied(marketer: Client) -> None:
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    response = marketer.post("/admin/segments/new/", form())
    row = Segment.objects.get()
    assert response["Location"] == f"/admin/segments/{row.pk}/"
    assert (row.slug, row.revision, row.rule) == ("pros", 1, {"all": [IS_PRO]})
    rebuild_all()
    assert members("pros") == {contact.pk}
    page = marketer.get(f"/admin/segments/{row.pk}/")
    assert contact.email in page.content.decode()
    assert page.context["portrait"].sentence == "Plan is 'pro'"


def test_conditions_are_added_and_taken_out_without_javascript_and_nothing_is_saved(
    marketer: Client,
) -> None:
    page = marketer.post("/admin/segments/new/", form(do="condition-1")).content.decode()
    assert 'name="subject-3"' in page
    page = marketer.post("/admin/segments/new/", form(do="remove-2")).content.decode()
    assert 'name="subject-2"' not in page
    assert "Everybody" in page
    assert not Segment.objects.exists()


def test_the_page_and_its_part_are_one_view(marketer: Client) -> None:
    headers = {"HX-Request": "true"}
    part = marketer.post("/admin/segments/new/", form(do=""), headers=headers)
    assert part.content.decode().lstrip().startswith("<form")
    assert "HX-Request" in part["Vary"]
    saved = marketer.post("/admin/segments/new/", form(), headers=headers)
    assert saved["HX-Redirect"].startswith("/admin/segments/")


def test_what_the_codec_refuses_stands_beside_its_condition(marketer: Client) -> None:
    bad = form(**{"subject-2": "trait:score", "op-2": "at_least", "value-2": "many"})
    page = marketer.post("/admin/segments/new/", bad).content.decode()
    assert "Expected a number" in page
    assert not Segment.objects.exists()


def test_json_and_conditions_turn_into_each_other(marketer: Client) -> None:
    page = marketer.post("/admin/segments/new/", form(do="json")).content.decode()
    assert "&quot;trait&quot;: &quot;plan&quot;" in page
    source = '{"any": [{"trait": "score", "op": "at_least", "value": 5}]}'
    rows = form(do="rows", view="json", json=source)
    page = marketer.post("/admin/segments/new/", rows).content.decode()
    assert '<option value="trait:score" selected>' in page


@pytest.mark.parametrize(
    "source", ["", "[", "[" * 50_000, '{"all": [{}]}', "null", "NaN", "9" * 5000]
)
def test_json_that_is_no_rule_is_refused_in_words(marketer: Client, source: str) -> None:
    response = marketer.post("/admin/segments/new/", form(view="json", json=source))
    assert response.status_code == 200
    assert 'class="note warning"' in response.content.decode()
    assert not Segment.objects.exists()


def test_a_circle_is_refused_in_words(marketer: Client) -> None:
    first = segment("first", IS_PRO)
    segment("second", {"segment": "first"})
    circle = form(name="First", **{"subject-2": "segment:second", "op-2": "in"})
    page = marketer.post(f"/admin/segments/{first.pk}/edit/", circle).content.decode()
    assert "refer to each other" in page


def test_a_rung_that_is_taken_is_refused_in_words(marketer: Client) -> None:
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("first", IS_PRO, ladder=ladder, rung=1)
    page = marketer.post("/admin/segments/new/", form(ladder=ladder.pk, rung="1")).content.decode()
    assert "This rung of the ladder is taken." in page


def test_past_500_contacts_starting_sequences_asks_for_the_number(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.segments.editor.editor.ASK_AGAIN_ABOVE", 1)
    for _ in range(2):
        change_profile(ContactFactory(), now=NOW, traits={"plan": "pro"}, source="test")
    page = marketer.post("/admin/segments/new/", form(enrol_existing="on")).content.decode()
    assert "2 contacts would start sequences at once" in page
    assert not Segment.objects.exists()
    marketer.post("/admin/segments/new/", form(enrol_existing="on", confirmed="2"))
    assert Segment.objects.get().rebuilds.get().enrol_existing


def test_a_contact_is_pinned_by_email_and_told_why_it_is_in(marketer: Client) -> None:
    row = segment("pros", IS_PRO)
    contact = ContactFactory(email="ada@people.example")
    marketer.post(f"/admin/segments/{row.pk}/pin/", {"email": "ADA@people.example", "held": "in"})
    settle_all()
    assert Pin.objects.get().contact == contact
    page = marketer.get(f"/admin/segments/why/{contact.pk}/pros/").content.decode()
    assert "they are held in by hand" in page
    page = marketer.get(f"/admin/contacts/contact/{contact.pk}/change/").content.decode()
    assert f"/admin/segments/why/{contact.pk}/pros/" in page


def test_the_list_asks_the_same_few_questions_however_many_segments(
    marketer: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        segment(f"s{number}", IS_PRO)
    with django_assert_max_num_queries(9):
        page = marketer.get("/admin/segments/").content.decode()
    assert page.count("row-link") == 12


def test_a_condition_just_begun_is_not_complained_of_until_it_is_saved(marketer: Client) -> None:
    begun = form(**{"subject-2": "", "op-2": "", "value-2": ""})
    page = marketer.post("/admin/segments/new/", {**begun, "do": "preview"}).content.decode()
    assert "Choose what this condition is about." not in page
    assert "field-error" not in page
    page = marketer.post("/admin/segments/new/", begun).content.decode()
    assert "Choose what this condition is about." in page
    assert not Segment.objects.exists()


def test_a_ladder_begins_with_its_first_rung_and_not_without_it(marketer: Client) -> None:
    marketer.post("/admin/segments/new/", form(new_ladder="Lifecycle", **{"value-2": ""}))
    assert not Ladder.objects.exists()
    marketer.post("/admin/segments/new/", form(new_ladder="Lifecycle"))
    row = Segment.objects.get()
    assert (str(row.ladder), row.rung) == ("Lifecycle", 1)
    both = form(name="Second", new_ladder="Another", ladder=row.ladder_id, rung="2")
    page = marketer.post("/admin/segments/new/", both).content.decode()
    assert "not both" in page
    assert Ladder.objects.count() == 1


def test_traits_of_a_quiz_are_listed_under_its_title(marketer: Client) -> None:
    published()
    page = marketer.get("/admin/segments/new/").content.decode()
    assert '<optgroup label="Quiz: ' in page
    assert '<option value="trait:quiz.ready.tier">Tier</option>' in page
    tier = {"subject-2": "trait:quiz.ready.tier", "op-2": "is_set", "value-2": ""}
    shown = marketer.post("/admin/segments/new/", form(do="preview", **tier))
    assert shown.context["preview"].sentence.startswith("Tier of '")
