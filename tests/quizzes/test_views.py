import gzip
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from apps.quizzes.models import Answer, Quiz, Response
from tests.quizzes.drafts import TYPES, everything, published

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FORM = {"first_name": "Ada", "email": "ada@example.com", "consent": "on", "revision": "0"}


def begin(client, **query):
    """Start the quiz `ready` and return the address of its first question."""
    published()
    return client.post("/q/ready/", query)["Location"]


def post(client, url, *values, revision=0, **headers):
    data = {"answer": list(values), "revision": revision}
    return client.post(url, data, headers=headers.get("headers", {}))


def at(url, key):
    return f"{url.rsplit('/', 2)[0]}/{key}/"


def go_to_the_form(client):
    url = begin(client)
    post(client, url, "large")
    post(client, at(url, "tools"), "crm")
    post(client, at(url, "sure"), "5")
    return at(url, "contact")


def test_what_searches_and_drags_is_sent_only_where_something_is_searched_or_dragged(client):
    url = begin(client)
    assert b"choosing" not in client.get(url).content
    Response.objects.all().delete()
    choices = [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]
    published(slug="listed", questions=[
        {"key": "one", "title": "One?", "choices": choices},
        {"key": "two", "title": "Two?", "kind": "dropdown", "choices": choices},
    ], tiers=[{"key": "all", "label": "All"}])  # fmt: skip
    url = client.post("/q/listed/")["Location"]
    assert b"choosing" in client.get(url).content


def test_looking_at_the_first_page_changes_nothing(client):
    published()
    page = client.get("/q/ready/?utm_source=mail")
    assert "Is your team ready?" in page.text
    assert "<em>two</em> minutes" in page.text
    assert 'name="utm_source" value="mail"' in page.text
    assert not Response.objects.exists()


def test_starting_leads_to_the_first_question_and_keeps_where_one_came_from(client):
    url = begin(client, utm_source="mail", other="x")
    assert url.endswith("/size/")
    assert Response.objects.get().hidden == {"utm_source": "mail"}
    page = client.get(url)
    assert "How large is your team?" in page.text
    assert "Back" not in page.text


def test_a_whole_quiz_without_javascript(client):
    url = begin(client)
    answer = post(client, url, "small")
    assert (answer.status_code, answer["Location"]) == (303, at(url, "tools"))
    post(client, at(url, "tools"), "sheets", "crm")
    post(client, at(url, "sure"), "2")
    last = client.post(at(url, "contact"), FORM)
    assert (last.status_code, last["Location"]) == (303, at(url, "result"))
    page = client.get(last["Location"])
    assert "Nearly there" in page.text
    assert Response.objects.get().tier_key == "warm"


def test_htmx_gets_the_next_question_alone_and_its_address(client):
    url = begin(client)
    part = post(client, url, "large", headers=HTMX)
    assert part.status_code == 200
    assert part["HX-Push-Url"] == at(url, "tools")
    assert "What do you use?" in part.text
    assert "<html" not in part.text
    assert "HX-Request" in part["Vary"]


def test_htmx_gets_the_result_after_the_last_answer(client):
    url = go_to_the_form(client)
    part = client.post(url, FORM, headers=HTMX)
    assert part["HX-Push-Url"] == at(url, "result")
    assert "You are ready" in part.text
    assert "<html" not in part.text


def test_restoring_history_gets_the_whole_page(client):
    url = begin(client)
    page = client.get(url, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in page.text


def test_going_back_shows_what_was_answered(client):
    url = begin(client)
    post(client, url, "large")
    second = client.get(at(url, "tools"))
    assert f'href="{url}"' in second.text
    first = client.get(url)
    assert 'value="large" data-hint="B" checked' in first.text
    assert 'name="revision" value="1"' in first.text


def test_resuming_leads_to_where_one_was(client):
    url = begin(client)
    post(client, url, "large")
    root = url.rsplit("/", 2)[0] + "/"
    assert client.get(root)["Location"] == at(url, "tools")
    assert client.get(at(url, "sure"))["Location"] == at(url, "tools")
    assert client.get(at(url, "result"))["Location"] == at(url, "tools")


def test_a_finished_response_leads_to_its_result(client):
    url = go_to_the_form(client)
    client.post(url, FORM)
    root = url.rsplit("/", 2)[0] + "/"
    for address in (root, url, at(url, "size")):
        assert client.get(address)["Location"] == at(url, "result")


def test_an_answer_that_does_not_fit_keeps_what_was_typed(client):
    url = go_to_the_form(client)
    page = client.post(url, {**FORM, "email": "ada@", "phone": "+44 1"})
    assert page.status_code == 422
    assert 'value="ada@"' in page.text
    assert 'value="+44 1"' in page.text
    assert "not an email address" in page.text
    assert not Answer.objects.filter(question_key="contact").exists()


def test_a_stale_page_shows_the_newer_answer(client):
    url = begin(client)
    post(client, url, "large")
    page = post(client, url, "small")
    assert page.status_code == 409
    assert "answered in the meantime" in page.text
    assert 'value="large" data-hint="B" checked' in page.text


def test_points_and_tiers_never_reach_the_browser(client):
    url = begin(client)
    text = client.get(url).text + client.get("/q/ready/").text
    for secret in ("points", "Cold", "Hot", "override", "no-fit"):
        assert secret not in text


def test_the_pages_carry_no_cookie_no_referrer_and_stay_in_no_cache(client):
    url = go_to_the_form(client)
    answers = [client.get("/q/ready/"), client.get(url), client.post(url, FORM)]
    answers.append(client.get(at(url, "result")))
    for answer in answers:
        assert not answer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
        assert "'unsafe" not in answer["Content-Security-Policy"]


def test_no_page_has_inline_script_or_style(client):
    url = go_to_the_form(client)
    for page in (client.get("/q/ready/"), client.get(url), client.get("/q/nowhere/")):
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert "<script>" not in page.text


def test_the_first_question_weighs_at_most_30_kb_in_all(client):
    url = begin(client)
    names = ["css/tokens.css", "css/quiz.css", "vendor/htmx.min.js", "js/quiz.js"]
    files = [Path(finders.find(name)).read_bytes() for name in names]
    sizes = [len(gzip.compress(body)) for body in [client.get(url).content, *files]]
    assert sum(sizes) <= 30_000


def test_a_closed_quiz_says_so(client):
    published()
    Quiz.objects.update(status="closed")
    for page in (client.get("/q/ready/"), client.post("/q/ready/")):
        assert page.status_code == 410
        assert "This quiz is closed" in page.text
    assert not Response.objects.exists()


def test_respondents_text_is_never_markup(client):
    url = go_to_the_form(client)
    page = client.post(url, {**FORM, "first_name": "<script>x</script>", "email": ""})
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text


def test_yes_and_no_are_read_as_such(client):
    published(TYPES)
    url = client.post("/q/bird/")["Location"]
    post(client, url, "early")
    assert post(client, at(url, "coffee"), "no")["Location"] == at(url, "result")
    assert Response.objects.get().tier_key == "lark"


def test_a_replay_leads_on_as_the_first_time_did(client):
    url = go_to_the_form(client)
    first = client.post(url, FORM)
    before = everything()
    again = client.post(url, FORM)
    assert (again.status_code, again["Location"]) == (303, first["Location"])
    assert everything() == before
