"""A marketer brings a file in the admin, reads the report and opens the quiz."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.quizzes.drafting import draft
from apps.quizzes.exchanging import written
from apps.quizzes.models import Quiz
from apps.quizzes.publishing import publish
from tests.factories import UserFactory
from tests.integrations.conftest import caller_with
from tests.quizzes.drafts import NOW, QUALIFY
from tests.quizzes.importing.forms import small
from tests.quizzes.importing.walking import imported

PAGE = "/admin/quizzes/import/"


def login(client, role):
    client.force_login(UserFactory(role=role), backend="apps.accounts.roles.RoleBackend")
    return client


def bring(client, content):
    file = SimpleUploadedFile("form.json", content, content_type="application/json")
    return client.post(PAGE, {"file": file})


@pytest.mark.django_db
def test_a_marketer_imports_a_form_and_reads_what_became_of_it(client):
    login(client, "marketer")
    assert PAGE in client.get("/admin/quizzes/quiz/").content.decode()
    brought = bring(client, json.dumps(small()).encode())
    quiz = Quiz.objects.get()
    for _ in range(2):  # it can be loaded again, and found again
        shown = client.get(brought["Location"]).text
        assert f"/admin/quizzes/studio/{quiz.pk}/" in shown
        assert "fields[0].properties.vertical_alignment" in shown
    assert brought["Location"] in client.get(f"/admin/quizzes/quiz/{quiz.pk}/change/").text
    assert quiz.status == Quiz.Status.DRAFT


@pytest.mark.django_db
def test_the_format_of_a_file_is_recognised(client):
    login(client, "marketer")
    survey = {"title": "S", "pages": [{"elements": [{"type": "comment", "name": "why"}]}]}
    for source in (small(), survey, written(draft(QUALIFY))):
        assert bring(client, json.dumps(source).encode()).status_code == 302
    refused = bring(client, b'{"questions": []}')
    assert "no form of Typeform" in refused.text
    assert Quiz.objects.count() == 4


@pytest.mark.django_db
def test_a_quiz_that_was_not_imported_has_no_report(client):
    quiz = draft(QUALIFY)
    address = f"/admin/quizzes/quiz/{quiz.pk}/report/"
    assert login(client, "marketer").get(address).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{",
        b"\xff",
        b'{"fields": 3}',
        b'{"fields": [NaN]}',
        b"[" * 100_000,
        b"{}" + b" " * 600_000,
        b'{"fields": [], "x": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_form_is_said_on_the_page_and_leaves_nothing(client, content):
    shown = bring(login(client, "marketer"), content)
    assert shown.status_code == 422
    assert 'role="alert"' in shown.content.decode()
    assert not Quiz.objects.exists()


@pytest.mark.django_db
def test_sales_may_not_import(client):
    assert bring(login(client, "sales"), json.dumps(small()).encode()).status_code in {302, 403}
    assert not Quiz.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["typeform", "surveyjs"])
def test_the_api_imports_and_says_where_it_cannot(name):
    call = caller_with("read", "write")
    address = f"/quizzes/import?format={name}"
    survey = {"title": "S", "elements": [{"type": "comment", "name": "why"}]}
    found = call.post(address, small() if name == "typeform" else survey)
    assert Quiz.objects.get().slug == found["slug"]
    assert {"at", "outcome", "why"} == set(found["report"][0])
    field = "fields" if name == "typeform" else "pages"
    assert call.no("POST", address, {}) == (422, "unreadable", field)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_imported_form_is_answered_to_its_end_and_its_pages_are_fit(live_server, browser):
    publish(imported({**small(), "hidden": []}).quiz, by=None, now=NOW)
    page = browser.new_page(viewport={"width": 390, "height": 760})
    page.goto(f"{live_server.url}/q/how-ready-are-you/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("radio", name="Large").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Your name?").wait_for()
    page.locator("input[name=answer]").fill("Ann")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="How sure, Ann?").wait_for()
    page.get_by_role("radio", name="5").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Your email?").wait_for()
    page.locator("input[name=answer]").fill("ann@example.com")
    page.get_by_role("button", name="result").click()
    page.get_by_role("heading", name="Go, Ann").wait_for()
    assert page.get_by_role("link", name="Book").get_attribute("href") == "https://example.com/book"
    found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert found.response["violations"] == []
    page.close()
