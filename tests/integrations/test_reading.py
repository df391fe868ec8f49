"""Hostile and broken requests: each gets an answer in the one form, none a 500."""

import json

import pytest
from django.conf import settings
from django.db import OperationalError

from apps.contacts import erasing
from apps.integrations import docs
from apps.integrations.api import api
from tests.integrations.conftest import Caller

WRONG: dict[str, tuple[bytes, tuple[int, str, str]]] = {
    "nothing": (b"", (400, "bad_json", "")),
    "no JSON": (b"{", (400, "bad_json", "")),
    "two documents": (b"{} {}", (400, "bad_json", "")),
    "not UTF-8": (b'{"label": "\xff"}', (400, "bad_json", "")),
    "UTF-16": ('{"label": "x"}'.encode("utf-16"), (400, "bad_json", "")),
    "NaN": (b'{"label": NaN}', (400, "bad_json", "label")),
    "Infinity, deep": (
        b'{"options": [{"value": -Infinity}]}',
        (400, "bad_json", "options[0].value"),
    ),
    "5,000 digits": (b'{"label": ' + b"9" * 5000 + b"}", (400, "bad_json", "label")),
    "a huge exponent": (b'{"label": 1e99999}', (422, "wrong_type", "label")),
    "2^70": (b'{"label": %d}' % 2**70, (422, "wrong_type", "label")),
    "deep": (b"[" * 100_000, (400, "too_deep", "")),
    "deep objects": (b'{"a":' * 100_000, (400, "too_deep", "")),
    "a key twice": (b'{"label": "x", "label": "y"}', (400, "duplicate_key", "")),
    "a key twice, deep": (
        b'{"options": ["a", {"value": "b", "value": "c"}]}',
        (400, "duplicate_key", "options[1]"),
    ),
    "NUL": (b'{"label": "a\\u0000", "kind": "text"}', (422, "wrong_value", "label")),
    "half a pair": (b'{"label": "\\ud800", "kind": "text"}', (422, "wrong_value", "label")),
    "half a pair as a key": (
        b'{"label": "x", "kind": "text", "\\ud800": 1}',
        (422, "wrong_value", ""),
    ),
    "a text": (b'"x"', (422, "wrong_type", "")),
    "null": (b"null", (422, "wrong_type", "")),
    "too large": (b'"%s"' % (b"x" * settings.API_BODY_LIMIT), (413, "too_large", "")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_body_is_refused_with_its_place(call: Caller, name: str) -> None:
    body, refused = WRONG[name]
    assert call.no("PUT", "/traits/plan", body) == refused


@pytest.mark.parametrize(
    ("method", "path", "body", "at"),
    [
        ("PUT", "/segments/x", b'{"rule": NaN}', ""),
        ("PUT", "/segments/x", b'{"rule": {"all": [NaN]}}', "all[0]"),
        ("PUT", "/segments/x", b'{"rules": [NaN]}', "rules[0]"),
        ("POST", "/contacts", b'{"events": [NaN]}', "events[0]"),
        ("POST", "/quizzes/import?format=typeform", b'{"events": [NaN]}', "events[0]"),
    ],
)
def test_only_a_rule_and_the_rows_of_a_bulk_call_are_places_of_their_own(
    call: Caller, method: str, path: str, body: bytes, at: str
) -> None:
    assert call.no(method, path, body) == (400, "bad_json", at)


def test_a_body_of_exactly_the_limit_is_read(call: Caller) -> None:
    body = json.dumps({"label": "x", "kind": "text"}).encode().ljust(settings.API_BODY_LIMIT)
    assert call("PUT", "/traits/plan", body).status_code == 200
    assert call.no("PUT", "/traits/plan", body + b" ") == (413, "too_large", "")


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("GET", "/traits/plan", (405, "method_not_allowed", "")),
        ("OPTIONS", "/traits/plan", (405, "method_not_allowed", "")),
        ("GET", "/nothing", (404, "not_found", "")),
        ("GET", "/", (404, "not_found", "")),
        ("PUT", "/traits/", (404, "not_found", "")),
        ("POST", "/contacts/", (404, "not_found", "")),
        ("PUT", "/traits/a%00b", (400, "bad_request", "")),
        ("PUT", "/traits/%ED%A0%80", (422, "wrong_value", "key")),
        ("POST", "/docs", (405, "method_not_allowed", "")),
    ],
)
def test_a_wrong_address_or_method_is_refused_in_the_same_form(
    call: Caller, method: str, path: str, refused: tuple[int, str, str]
) -> None:
    assert call.no(method, path, {"label": "x", "kind": "text"}) == refused


@pytest.mark.parametrize(
    ("method", "path", "extra", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("POST", "/contacts/", {}, 404),
        ("PUT", "/traits/a%00b", {}, 400),
        ("GET", "/segments", {"Host": "another.example.com"}, 400),
        ("PATCH", "/segments", {}, 405),
        ("POST", "/events", {"Content-Length": str(settings.API_BODY_LIMIT + 1)}, 413),
        ("POST", "/events", {"Transfer-Encoding": "chunked"}, 411),
        ("DELETE", "/contacts/1", {}, 500),
        ("DELETE", "/contacts/2", {}, 503),
    ],
)
def test_no_refusal_is_made_of_a_page(
    call: Caller,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    extra: dict[str, str],
    status: int,
) -> None:
    def fail(contact_id: int) -> None:
        raise OperationalError if contact_id == 2 else ValueError

    monkeypatch.setattr(erasing, "erase", fail)
    call.client.raise_request_exception = False
    answer = call(method, path, **extra)
    assert (answer.status_code, answer.templates) == (status, [])
    assert set(answer.json()) == {"code", "message", "at"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"label": "x" * 201, "kind": "text"}, "At most 200 characters."),
        ({"label": "", "kind": "text"}, "This cannot be empty."),
        ({"label": " ", "kind": "text"}, "This cannot be empty."),
        ({"label": "x", "kind": "choice", "options": ["a"] * 201}, "At most 200 entries."),
        ({"label": "x", "kind": "choice", "options": [""]}, "This cannot be empty."),
    ],
)
def test_what_is_too_long_or_empty_is_told_in_its_own_words(
    call: Caller, body: object, message: str
) -> None:
    assert call("PUT", "/traits/plan", body).json()["message"] == message


def test_rows_are_told_so_too(call: Caller) -> None:
    row = {"contact": {"id": 1}, "name": "x"}
    rows = [row | {"message_id": ""}, row | {"message_id": "x" * 201}, row | {"name": ""}]
    rows[2]["message_id"] = "m"
    said = call.post("/events", {"events": rows})
    empty, long = "This cannot be empty.", "At most 200 characters."
    assert [error["message"] for error in said["errors"]] == [empty, long, empty]
    said = call.post("/contacts", {"contacts": [{"external_id": "x" * 201}]})
    assert [error["message"] for error in said["errors"]] == [long]


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "x"])
def test_another_kind_of_content_is_refused(call: Caller, content_type: str) -> None:
    body = {"label": "x", "kind": "text"}
    refused = call.no("PUT", "/traits/plan", body, content_type=content_type)
    assert refused == (400, "wrong_content", "")


def test_a_chunked_body_is_refused_in_the_same_form(call: Caller) -> None:
    refused = call.no("PUT", "/traits/plan", {}, **{"Transfer-Encoding": "chunked"})
    assert refused == (411, "length_required", "")


def test_the_openapi_document_names_every_call_and_how_it_says_no(call: Caller) -> None:
    document = call.get("/openapi.json")
    assert document["openapi"].startswith("3.")
    for methods in document["paths"].values():
        for operation in methods.values():
            assert {"401", "422", "429"} <= set(operation["responses"])
            assert operation["description"]
    assert "Problem" in document["components"]["schemas"]


def test_the_page_for_people_shows_every_call_without_a_script_or_a_third_party() -> None:
    page = Caller()("GET", "/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<script" not in text
    assert "//" not in text.replace("</", "").replace("http://www.w3.org", "")
    shown = list(docs.calls(api.get_openapi_schema(path_prefix="/api/v1/")))
    assert shown
    assert all(call.path in text and call.about for call in shown)
