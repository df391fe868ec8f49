"""Every kind of question, taken page by page without JavaScript, and what is kept of it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.contacts.erasing import erase
from apps.contacts.models import Contact
from apps.quizzes.definition import of
from apps.quizzes.models import Answer, Picture, Quiz, Response, Upload
from apps.quizzes.screens import fresh, ordered, screen
from apps.quizzes.taking import start
from tests.factories import UserFactory
from tests.quizzes.drafts import NOW, published
from tests.quizzes.images import png

pytestmark = pytest.mark.django_db

AB = [{"key": "a", "label": "Apple"}, {"key": "b", "label": "Banana"}]
PNG = png()
ONE_TIER = [{"key": "done", "label": "Done", "headline": "Thank you"}]

# kind: more of the question; what is posted; what is kept; the traits, under the question's key
KINDS = {
    "single": ({"choices": AB}, {"answer": "a"}, "a", {"": "a"}),
    "several": ({"choices": AB}, {"answer": ["b", "a"]}, ["a", "b"], {"": ["a", "b"]}),
    "picture": ({"choices": AB}, {"answer": "b"}, "b", {"": "b"}),
    "pictures": ({"choices": AB}, {"answer": ["b"]}, ["b"], {"": ["b"]}),
    "dropdown": ({"choices": AB}, {"answer": "banana "}, "b", {"": "b"}),
    "yes_no": ({}, {"answer": "no"}, False, {"": False}),
    "scale": ({"minimum": 1, "maximum": 5}, {"answer": "4"}, 4, {"": 4}),
    "rating": ({}, {"answer": "5"}, 5, {"": 5}),
    "nps": ({}, {"answer": "0"}, 0, {"": 0}),
    "number": ({"step": "0.5", "minimum": 0}, {"answer": "2,5"}, 2.5, {"": 2.5}),
    "ranking": ({"choices": AB}, {"rank.a": "2", "rank.b": "1"}, ["b", "a"], {"": ["b", "a"]}),
    "matrix": (
        {"choices": AB, "rows": [{"key": "r", "label": "R"}, {"key": "s", "label": "S"}]},
        {"row.r": "a", "row.s": "b"},
        {"r": "a", "s": "b"},
        {".r": "a", ".s": "b"},
    ),
    "text": ({}, {"answer": " hello "}, "hello", {"": "hello"}),
    "long_text": ({}, {"answer": "one\r\ntwo"}, "one\ntwo", {"": "one\ntwo"}),
    "email": ({}, {"answer": "Ada@Example.com"}, "ada@example.com", {}),
    "phone": ({}, {"answer": "+1 (202) 555-0100"}, "+1 (202) 555-0100", {}),
    "date": ({}, {"answer": "2026-02-28"}, "2026-02-28", {"": "2026-02-28"}),
    "contact": (
        {"fields": ["first_name", "email"]},
        {"first_name": "Ada", "email": "ada@example.com"},
        {"first_name": "Ada", "email": "ada@example.com"},
        {},
    ),
    "consent": ({"consent": "The terms."}, {"answer": "yes"}, True, {"": True}),
    "statement": ({}, {}, True, {}),
}
WRONG = {
    "single": [{}, {"answer": "z"}, {"answer": ["a", "b"]}],
    "dropdown": [{}, {"answer": "Cherry"}],
    "rating": [{"answer": "0"}, {"answer": "6"}, {"answer": "2.5"}],
    "nps": [{"answer": "11"}, {"answer": "-1"}],
    "number": [{"answer": "2.3"}, {"answer": "-1"}, {"answer": "x"}],
    "ranking": [{}, {"rank.a": "1"}, {"rank.a": "1", "rank.b": "1"}, {"rank.z": "1"}],
    "matrix": [{}, {"row.r": "a"}, {"row.r": "z", "row.s": "a"}, {"row.x": "a"}],
    "phone": [{"answer": "call me"}, {"answer": "12"}],
    "date": [{"answer": "28.02.2026"}, {"answer": "2026-02-30"}],
    "long_text": [{"answer": "x" * 5_001}, {"answer": "a\x00b"}, {}],
    "consent": [{"answer": "maybe"}, {}],
    "file": [{}],
}


def quiz_of(kind, more=None, **changes):
    question = {"key": "q", "kind": kind, "title": "The question?", **(more or {}), **changes}
    return published(
        {"title": "Kinds", "slug": "kinds", "questions": [question], "tiers": ONE_TIER}
    )


def begin(client):
    return client.post("/q/kinds/")["Location"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_of_each_kind_is_kept_and_becomes_traits(client, kind):
    more, posted, value, traits = KINDS[kind]
    quiz_of(kind, more)
    url = begin(client)
    assert "The question?" in client.get(url).text
    answer = client.post(url, {**posted, "revision": "0"})
    assert answer.status_code == 303, answer.text
    assert answer["Location"].endswith("/result/")
    assert Answer.objects.get().value == value
    profile = Contact.objects.get().profile
    kept = {key: one for key, one in profile.items() if key.startswith("quiz.kinds.answer.")}
    assert kept == {f"quiz.kinds.answer.q{key}": one for key, one in traits.items()}
    again = client.post(url, {**posted, "revision": "0"})
    assert again.status_code == 303


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_answer_is_refused_with_a_word(client, kind):
    quiz_of(kind, KINDS.get(kind, ({},))[0])
    url = begin(client)
    for posted in WRONG[kind]:
        answer = client.post(url, {**posted, "revision": "0"})
        assert answer.status_code == 422, posted
        assert 'id="error"' in answer.text
    assert not Answer.objects.exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "statement"])
def test_every_kind_may_be_skipped_where_it_is_not_required(client, kind):
    quiz_of(kind, KINDS[kind][0], required=False)
    assert client.post(begin(client), {"revision": "0"}).status_code == 303
    assert Answer.objects.get().value is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"statement", "file"}])
def test_going_back_shows_what_was_answered(client, kind):
    more, posted, _, _ = KINDS[kind]
    questions = [
        {"key": "q", "kind": kind, "title": "The question?", **more},
        {"key": "then", "kind": "statement", "title": "Then"},
    ]
    published({"title": "Kinds", "slug": "kinds", "questions": questions, "tiers": ONE_TIER})
    url = begin(client)
    client.post(url, {**posted, "revision": "0"})
    page = client.get(url).text
    marks = ("checked", "selected", *(f'value="{one}"' for one in posted.values()), ">one\ntwo<")
    assert any(mark in page for mark in (*marks, "Banana", "hello", "ada@example.com", "2.5"))
    assert 'name="revision" value="1"' in page


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "statement"])
def test_nobody_sees_what_another_answered_or_got_wrong(client, kind):
    more, posted, _, _ = KINDS[kind]
    questions = [
        {"key": "q", "kind": kind, "title": "The question?", **more},
        {"key": "then", "kind": "statement", "title": "Then"},
    ]
    published({"title": "Kinds", "slug": "kinds", "questions": questions, "tiers": ONE_TIER})
    first, second, third = begin(client), begin(client), begin(client)
    shown = client.get(first).text
    assert client.post(first, {**posted, "revision": "0"}).status_code == 303
    assert client.get(first).text != shown
    wrong = {"answer": "?!", "other": "x", "row.z": "a", "rank.z": "1", "email": "?"}
    client.post(second, {**wrong, "revision": "0"})
    assert client.get(third).text.replace(third, first) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_nobody_has_answered_is_painted_alike_for_everybody(kind):
    quiz_of(kind, KINDS[kind][0])
    response, _ = start(Quiz.objects.get(), now=NOW)
    quiz = of(response)
    asked = quiz.question("q")
    shown = screen(response, asked, {})
    assert shown.is_fresh
    assert shown == fresh(quiz, asked)


def test_other_is_picked_with_ones_own_words(client):
    choices = [*AB, {"key": "else", "label": "Something else", "other": True}]
    quiz_of("single", {"choices": choices, "order": "random"})
    url = begin(client)
    assert 'name="other"' in client.get(url).text
    client.post(url, {"other": "Cherry <b>", "revision": "0"})
    kept = Answer.objects.get()
    assert (kept.value, kept.other) == ("else", "Cherry <b>")
    profile = Contact.objects.get().profile
    assert profile["quiz.kinds.answer.q"] == "else"
    assert profile["quiz.kinds.answer.q.other"] == "Cherry <b>"


def test_what_is_written_beside_another_choice_is_not_kept(client):
    choices = [*AB, {"key": "else", "label": "Something else", "other": True}]
    quiz_of("several", {"choices": choices})
    client.post(begin(client), {"answer": ["a"], "other": "Cherry", "revision": "0"})
    assert Answer.objects.get().other == ""


def test_a_random_order_is_the_same_for_one_response_and_other_stays_last(client):
    choices = [{"key": f"c{n}", "label": f"Choice {n}"} for n in range(12)]
    choices.insert(3, {"key": "else", "label": "Else", "other": True})
    quiz_of("single", {"choices": choices, "order": "random"})
    orders = []
    for _ in range(3):
        url = begin(client)
        shown = re.findall(r'name="answer" value="([^"]+)"', client.get(url).text)
        assert shown == re.findall(r'name="answer" value="([^"]+)"', client.get(url).text)
        assert shown[-1] == "else"
        orders.append(tuple(shown))
    assert len(set(orders)) > 1
    question = of(Response.objects.first()).question("q")
    assert len(ordered(question, seed="x")) == 13


def test_choices_may_be_listed_by_the_alphabet(client):
    quiz_of("single", {"choices": list(reversed(AB)), "order": "alphabetical"})
    shown = re.findall(r'name="answer" value="([^"]+)"', client.get(begin(client)).text)
    assert shown == ["a", "b"]


def test_terms_that_must_be_accepted_cannot_be_declined(client):
    quiz_of("consent", {"consent": "The terms.", "consent_required": True})
    url = begin(client)
    assert "The terms." in client.get(url).text
    assert client.post(url, {"answer": "no", "revision": "0"}).status_code == 422


def test_a_phone_given_before_the_email_still_reaches_the_contact(client):
    questions = [
        {"key": "phone", "kind": "phone", "title": "Phone?"},
        {"key": "mail", "kind": "email", "title": "Mail?"},
    ]
    published({"title": "Kinds", "slug": "kinds", "questions": questions, "tiers": ONE_TIER})
    url = begin(client)
    then = client.post(url, {"answer": "+1 202 555 0100", "revision": "0"})["Location"]
    client.post(then, {"answer": "ada@example.com", "revision": "0"})
    assert Contact.objects.get().phone == "+1 202 555 0100"


def test_a_file_is_kept_for_staff_alone_and_goes_with_its_contact(client):
    quiz_of("file")
    url = begin(client)
    file = SimpleUploadedFile("../my <photo>.png", PNG, content_type="text/html")
    assert client.post(url, {"file": file, "revision": "0"}).status_code == 303
    kept = Upload.objects.get()
    assert (kept.type, kept.name, len(kept.token)) == ("image/jpeg", "my _photo_.jpg", 32)
    assert Contact.objects.get().profile["quiz.kinds.answer.q"] is True
    address = f"/admin/quizzes/response/file/{kept.token}/"
    assert client.get(address).status_code == 302
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    sent = client.get(address)
    assert sent.content == bytes(kept.data) != PNG
    assert sent["Content-Disposition"].startswith("attachment")
    assert sent["X-Content-Type-Options"] == "nosniff"
    client.force_login(UserFactory(role="sales"), backend="apps.accounts.roles.RoleBackend")
    assert client.get(address).status_code == 302
    erase(Contact.objects.get().pk)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "data", [b"<html>", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"", b"%PD", b"<svg onload=alert(1)>"]
)
def test_a_file_that_is_no_picture_and_no_pdf_is_refused(client, data):
    quiz_of("file")
    file = SimpleUploadedFile("a.png", data, content_type="image/png")
    assert client.post(begin(client), {"file": file, "revision": "0"}).status_code == 422
    assert not Upload.objects.exists()


def test_a_file_that_is_too_large_is_refused_whatever_the_question(client, settings):
    settings.UPLOAD_LIMIT = 200_000
    quiz_of("file")
    large = SimpleUploadedFile("a.png", PNG + b"\0" * 200_000)
    assert client.post(begin(client), {"file": large, "revision": "0"}).status_code == 422
    larger = SimpleUploadedFile("a.png", PNG + b"\0" * 300_000)
    assert client.post(begin(client), {"file": larger, "revision": "0"}).status_code == 413


def test_a_large_body_is_for_files_alone(client):
    quiz_of("single", {"choices": AB})
    file = SimpleUploadedFile("a.png", PNG + b"\0" * 100_000)
    assert client.post(begin(client), {"file": file, "revision": "0"}).status_code == 413


def test_the_same_file_sent_again_changes_nothing(client):
    questions = [
        {"key": "q", "kind": "file", "title": "File?"},
        {"key": "then", "kind": "statement", "title": "Then"},
    ]
    published({"title": "Kinds", "slug": "kinds", "questions": questions, "tiers": ONE_TIER})
    url = begin(client)
    for _ in range(2):
        file = SimpleUploadedFile("a.png", PNG)
        assert client.post(url, {"file": file, "revision": "0"}).status_code == 303
    assert Answer.objects.get().revision == 1
    assert "Sent already: a.jpg" in client.get(url).text
    other = SimpleUploadedFile("b.pdf", b"%PDF-1.7")
    assert client.post(url, {"file": other, "revision": "1"}).status_code == 303
    assert Upload.objects.get().name == "b.pdf"


def test_a_picture_is_shown_with_its_words_and_choices_with_theirs(client):
    picture = Picture.objects.create(name="p", type="image/png", data=PNG)
    choices = [{**AB[0], "picture": picture}, {**AB[1], "picture": picture}]
    quiz_of("picture", {"choices": choices, "picture": picture, "picture_alt": "A fruit"})
    page = client.get(begin(client)).text
    assert f'src="/q/p/{picture.token}/" alt="A fruit"' in page
    assert page.count(f"/q/p/{picture.token}/") == 3
    shown = client.get(f"/q/p/{picture.token}/")
    assert (shown.content, shown["Content-Type"]) == (PNG, "image/png")
    assert client.get("/q/p/x/").status_code == 404
