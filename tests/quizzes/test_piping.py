"""Texts speak of earlier answers; what was said is never read as a template or as markup."""

import pytest

from apps.contacts.models import Consent
from apps.quizzes.drafting import draft
from apps.quizzes.models import Response
from apps.quizzes.publishing import proof
from tests.quizzes.drafts import published
from tests.quizzes.test_kinds import ONE_TIER

pytestmark = pytest.mark.django_db

ASKING = {
    "title": "Piping",
    "slug": "piping",
    "hidden": ["plan"],
    "questions": [
        {"key": "first_name", "kind": "text", "title": "Your name?", "required": False},
        {
            "key": "fruit",
            "title": 'Hello {{ answer.first_name | default: "there" }}, which fruit?',
            "help": "You came for {{ hidden.plan }} by {{ hidden.utm_source }}.",
            "choices": [
                {"key": "a", "label": "Apples for {{ answer.first_name }}", "points": 3},
                {"key": "b", "label": "Bananas", "points": 1},
            ],
        },
    ],
    "tiers": [
        {
            "key": "done",
            "label": "Fruity",
            "headline": "{{ tier }}: {{ score }} of 3",
            "body": "**{{ answer.first_name }}** likes {{ answer.fruit | downcase }}.",
        }
    ],
}


def take(client, name, source="?plan=pro&utm_source=mail"):
    front = client.get(f"/q/piping/{source}")
    assert front.status_code == 200
    url = client.post("/q/piping/", {"plan": "pro", "utm_source": "mail"})["Location"]
    url = client.post(url, {"answer": name, "revision": "0"})["Location"]
    page = client.get(url).text
    result = client.get(client.post(url, {"answer": "b", "revision": "0"})["Location"])
    return page, result.text


def test_a_question_speaks_of_what_was_said_before(client):
    published(ASKING)
    page, result = take(client, "Ada")
    assert "Hello Ada, which fruit?" in page
    assert "Apples for Ada" in page
    assert "You came for pro by mail." in page
    assert "Fruity: 1 of 3" in result
    assert "<strong>Ada</strong> likes bananas." in result


def test_what_was_skipped_has_its_default(client):
    published(ASKING)
    page, _ = take(client, "")
    assert "Hello there, which fruit?" in page


@pytest.mark.parametrize(
    "name",
    [
        "{{ answer.fruit }}",
        "<script>alert(1)</script>",
        "{% for i in (1..9) %}x{% endfor %}",
        "[x](javascript:alert(1))",
        "</h1><img src=x onerror=alert(1)>",
        "**bold**",
    ],
)
def test_what_was_said_is_data(client, name):
    published(ASKING)
    page, result = take(client, name)
    for text in (page, result):
        assert "<script>" not in text
        assert "<img src=x" not in text
        assert 'href="javascript' not in text
        assert "<strong>bold</strong>" not in text
        assert "xxxxxxxxx" not in text
    if name.startswith("{{"):
        assert "Hello {{ answer.fruit }}, which fruit?" in page


@pytest.mark.parametrize(
    "text",
    [
        "{{ answer.nobody }}",
        "{{ hidden.nothing }}",
        "{{ contact.email }}",
        "{{ answer }}",
        "{{ scores.nothing }}",
        "{{ answer.fruit",
        "{% include 'x' %}",
        "{{ answer.fruit.more }}",
    ],
)
def test_a_text_that_speaks_of_what_is_not_there_cannot_be_published(text):
    tiers = [{"key": "done", "label": "Done", "headline": text}]
    errors = proof(draft({**ASKING, "tiers": tiers})).errors
    assert [error.tier for error in errors] == ["done"]


def test_a_sound_text_is_no_problem():
    assert proof(draft(ASKING)).errors == []


def test_the_first_page_speaks_of_what_came_with_the_address(client):
    published(
        ASKING,
        intro='Hello **{{ hidden.plan | default: "guest" }}**',
        start_label="Start {{ hidden.plan }}",
    )
    page = client.get("/q/piping/?plan=<b>pro</b>_x_").text
    assert "Hello <strong>&lt;b&gt;pro&lt;/b&gt;_x_</strong>" in page
    assert "Start &lt;b&gt;pro" in page
    assert "Hello <strong>guest</strong>" in client.get("/q/piping/").text
    assert "guest" in client.get("/q/piping/?plan=" + "x" * 300).text


@pytest.mark.parametrize("text", ["{{ answer.fruit }}", "{{ score }}", "{{ hidden.other }}"])
def test_the_first_page_cannot_speak_of_what_comes_later(text):
    assert "bad_text" in [one.code for one in proof(draft({**ASKING, "intro": text})).errors]


def test_a_consent_is_kept_as_it_was_read(client):
    form = {
        "key": "mail",
        "kind": "contact",
        "title": "Where to?",
        "fields": ["email"],
        "consent": "Yes, write to {{ answer.first_name }}.",
    }
    published(ASKING, questions=[ASKING["questions"][0], form], tiers=ONE_TIER)
    url = client.post("/q/piping/")["Location"]
    url = client.post(url, {"answer": "Ada <3 {{ score }}", "revision": "0"})["Location"]
    assert "Yes, write to Ada &lt;3 {{ score }}." in client.get(url).text
    client.post(url, {"email": "ada@example.com", "consent": "on", "revision": "0"})
    assert Consent.objects.get().wording == "Yes, write to Ada <3 {{ score }}."


def test_a_receipt_has_the_questions_as_they_were_asked(client):
    published(ASKING)
    take(client, "{{ score }}")
    first, second = Response.objects.get().receipt["lines"]
    assert (first["title"], first["answer"]) == ("Your name?", "{{ score }}")
    assert second["title"] == "Hello {{ score }}, which fruit?"
