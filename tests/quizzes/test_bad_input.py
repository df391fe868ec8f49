"""Whatever is sent to the public pages: a clear 4xx page, and nothing changed."""

import json

import pytest

from apps.quizzes.drafting import draft
from tests.quizzes.drafts import QUALIFY, everything, published

pytestmark = pytest.mark.django_db
URLENCODED = "application/x-www-form-urlencoded"
TOKEN = "A" * 32
NUL, HALF = "a\x00b", "%ED%A0%80"

ODD = {
    **QUALIFY,
    "slug": "odd",
    "questions": [
        {"key": "number", "kind": "number", "title": "N", "minimum": 0, "maximum": 10, "step": 2},
        {"key": "text", "kind": "text", "title": "T"},
        {"key": "contact", "kind": "contact", "title": "C", "fields": ["first_name", "email"]},
    ],
    "tiers": [QUALIFY["tiers"][0]],
}


@pytest.fixture
def client(client):
    client.raise_request_exception = False
    return client


@pytest.fixture
def url(client):
    published()
    return client.post("/q/ready/")["Location"]


@pytest.fixture
def odd(client):
    published(ODD)
    return client.post("/q/odd/")["Location"]


def at(url, key):
    return f"{url.rsplit('/', 2)[0]}/{key}/"


def assert_refused(client, status, send):
    before = everything()
    answer = send()
    assert answer.status_code == status, answer.text[:500]
    assert "<h1" in answer.text
    assert not answer.cookies
    assert everything() == before


@pytest.mark.parametrize(
    "path",
    [
        "/q/nowhere/",
        "/q/ready%00/",
        "/q/%ED%A0%80/",
        "/q/" + "a" * 5_000 + "/",
        f"/q/r/{TOKEN}/",
        f"/q/r/{TOKEN}/size/",
        f"/q/r/{TOKEN}/result/",
        f"/q/r/{TOKEN}%00/size/",
        "/q/r/../size/",
        "/q/r/-/size/",
        "/q/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_unknown_quizzes_and_wrong_tokens_are_not_found(client, url, path, method):
    only_read = path.endswith((f"{TOKEN}/", "/result/"))
    refused = 400 if "%00" in path else 405 if method == "post" and only_read else 404
    before = everything()
    data = {"answer": "large", "revision": "0"} if method == "post" else {}
    answer = getattr(client, method)(path, data)
    assert answer.status_code == refused
    assert everything() == before


def test_a_draft_cannot_be_taken(client):
    draft(QUALIFY)
    assert_refused(client, 404, lambda: client.get("/q/ready/"))
    assert_refused(client, 404, lambda: client.post("/q/ready/"))


@pytest.mark.parametrize("key", ["nothing", "SIZE", "size--"])
def test_an_unknown_question_is_not_found(client, url, key):
    send = {"answer": "large", "revision": "0"}
    assert_refused(client, 404, lambda: client.post(at(url, key), send))
    assert_refused(client, 404, lambda: client.get(at(url, key)))


@pytest.mark.parametrize(
    "answer",
    ["huge", "", " ", NUL, "LARGE", "x" * 10_000, "\ufffd", "🦉" * 300, ["small", "large"]],
)
def test_a_choice_that_is_not_offered_is_refused(client, url, answer):
    assert_refused(client, 422, lambda: client.post(url, {"answer": answer, "revision": "0"}))


@pytest.mark.parametrize("answer", [["crm", "nothing"], [NUL], ["crm", "x" * 5_000]])
def test_several_choices_must_all_be_offered(client, url, answer):
    client.post(url, {"answer": "large", "revision": "0"})
    send = {"answer": answer, "revision": "0"}
    assert_refused(client, 422, lambda: client.post(at(url, "tools"), send))


@pytest.mark.parametrize(
    "answer",
    [
        "-2",
        "11",
        "12",
        "3",
        "1.5",
        "nan",
        "inf",
        "-Infinity",
        "1e400",
        "9" * 5_000,
        "0x1",
        "two",
        "1_0",
        NUL,
        "",
        "1e-999999999",
        "٤",
        "4e0",
    ],
)
def test_a_number_must_be_one_that_is_asked_for(client, odd, answer):
    assert_refused(client, 422, lambda: client.post(odd, {"answer": answer, "revision": "0"}))


@pytest.mark.parametrize("answer", [NUL, "x" * 501, "", "   ", "\t\n"])
def test_a_text_must_be_one_that_both_databases_hold(client, odd, answer):
    client.post(odd, {"answer": "2", "revision": "0"})
    send = {"answer": answer, "revision": "0"}
    assert_refused(client, 422, lambda: client.post(at(odd, "text"), send))


@pytest.mark.parametrize(
    "form",
    [
        {"first_name": NUL, "email": "ada@example.com"},
        {"first_name": "x" * 121, "email": "ada@example.com"},
        {"first_name": "Ada", "email": ""},
        {"first_name": "", "email": "ada@example.com"},
        {"first_name": "Ada", "email": "ada"},
        {"first_name": "Ada", "email": "ada@example.com\r\nBcc: eve@example.com"},
        {"first_name": "Ada", "email": NUL + "@example.com"},
        {"first_name": "Ada", "email": "a" * 300 + "@example.com"},
        {"first_name": "Ada", "email": "ada@example.com, eve@example.com"},
        {},
    ],
)
def test_a_contact_form_must_be_filled_in_properly(client, odd, form):
    client.post(odd, {"answer": "2", "revision": "0"})
    client.post(at(odd, "text"), {"answer": "words", "revision": "0"})
    send = {**form, "revision": "0"}
    assert_refused(client, 422, lambda: client.post(at(odd, "contact"), send))


@pytest.mark.parametrize(
    "revision", [None, "", "-1", "x", "1.0", "٣", "²", "9" * 30, "2147483648", NUL]
)
def test_a_form_without_a_sound_revision_is_refused(client, url, revision):
    send = {"answer": "large"} if revision is None else {"answer": "large", "revision": revision}
    assert_refused(client, 400, lambda: client.post(url, send))


@pytest.mark.parametrize("revision", ["1", "7", "2147483647"])
def test_a_revision_that_never_was_is_a_conflict(client, url, revision):
    send = {"answer": "large", "revision": revision}
    assert_refused(client, 409, lambda: client.post(url, send))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_answers_out_of_order_are_a_conflict(client, url, headers):
    send = {"answer": "4", "revision": "0"}
    assert_refused(client, 409, lambda: client.post(at(url, "sure"), send, headers=headers))


def test_an_answer_with_another_body_is_a_conflict(client, url):
    client.post(url, {"answer": "large", "revision": "0"})
    send = {"answer": "small", "revision": "0"}
    assert_refused(client, 409, lambda: client.post(url, send))


def test_a_finished_response_takes_no_more_answers(client, url):
    client.post(url, {"answer": "none", "revision": "0"})
    form = {"first_name": "Ada", "email": "ada@example.com", "revision": "0"}
    client.post(at(url, "contact"), form)
    for key, send in (
        ("size", {"answer": "large", "revision": "1"}),
        ("size", {"answer": "none", "revision": "0"}),
        ("contact", {**form, "email": "eve@example.com", "revision": "1"}),
    ):
        assert_refused(client, 409, lambda key=key, send=send: client.post(at(url, key), send))
    assert_refused(
        client, 409, lambda: client.post(at(url, "size"), {"answer": "??", "revision": "1"})
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "application/json"),
        ("{", "application/json"),
        (json.dumps({"answer": "large", "revision": 0}), "application/json"),
        ("[" * 100_000 + "]", "text/plain"),
        ("answer=large&revision=0", "text/plain"),
        ("answer=large&revision=0", ""),
        ("answer=large&revision=0", f"{URLENCODED}; charset=utf-16"),
        ("nonsense", "multipart/form-data"),
        ("nonsense", "multipart/form-data; boundary="),
        ("nonsense", "multipart/form-data; boundary=x"),
        ("--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (
            '--x\r\nContent-Disposition: form-data; name="answer"\r\n',
            "multipart/form-data; boundary=x",
        ),
        ("--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=é"),
        ("&".join(["answer=large"] * 4_100), URLENCODED),
        (b"\xff\xfe\x00", URLENCODED),
        (b"answer=\xed\xa0\x80&revision=%ff", URLENCODED),
        ("", URLENCODED),
    ],
)
def test_a_broken_body_is_refused(client, url, body, content_type):
    body = body[:60_000]
    assert_refused(
        client, 400, lambda: client.generic("POST", url, body, content_type=content_type)
    )


@pytest.mark.parametrize("body", [f"answer={HALF}&revision=0", f"answer=%00{HALF}&revision=0"])
def test_half_a_surrogate_is_no_choice(client, url, body):
    send = lambda: client.generic("POST", url, body, content_type=URLENCODED)  # noqa: E731
    assert_refused(client, 422, send)


@pytest.mark.parametrize("content_type", [URLENCODED, "application/json"])
def test_a_body_of_one_megabyte_is_too_large(client, url, content_type):
    body = "answer=" + "x" * 1_000_000
    for path in (url, "/q/ready/"):
        assert_refused(
            client,
            413,
            lambda path=path: client.generic("POST", path, body, content_type=content_type),
        )


@pytest.mark.parametrize("value", [NUL, "x" * 201, "a\nb", "\u2028"])
def test_where_one_came_from_must_be_a_short_text(client, url, value):
    assert_refused(client, 400, lambda: client.post("/q/ready/", {"utm_source": value}))


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client, url, method):
    before = everything()
    for path in (url, "/q/ready/", at(url, "result")):
        assert getattr(client, method)(path).status_code == 405
    assert everything() == before
