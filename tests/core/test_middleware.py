from http import HTTPStatus

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import failures
from apps.core.middleware import BodyLimitMiddleware
from config.urls import handler500 as handler500
from config.urls import urlpatterns as real


def locked(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database is locked")


def closed(request: HttpRequest) -> HttpResponse:
    raise InterfaceError("connection already closed")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("ann@example.com")


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns = [
    path("q/locked", locked),
    path("q/closed", closed),
    path("q/broken", broken),
    path("q/fine", fine),
    *real,
]


class FailsBelow:
    """A middleware that needs the database before any view is called."""

    def __init__(self, get_response: object) -> None:
        pass

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raise OperationalError("could not connect to server")


@pytest.fixture(autouse=True)
def _pages(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("address", ["/q/locked", "/q/closed"])
def test_a_database_that_is_away_is_a_503(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer["Retry-After"] == str(failures.RETRY_AFTER)
    assert "back in a moment" in answer.content.decode()


def test_so_it_is_when_middleware_finds_it_away(client: Client, settings: Settings) -> None:
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], f"{__name__}.FailsBelow"]
    answer = client.get("/q/fine")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer["Retry-After"] == str(failures.RETRY_AFTER)


def test_any_other_error_is_a_500_that_tells_nothing(client: Client) -> None:
    answer = client.get("/q/broken")
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "ann@example.com" not in answer.content.decode()


def test_public_pages_refuse_large_bodies(client: Client, settings: Settings) -> None:
    body = b"x" * (settings.PUBLIC_BODY_LIMIT + 1)
    answer = client.post("/q/fine", body, content_type="text/plain")
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    answer = client.post("/q/fine", body[:-1], content_type="text/plain")
    assert answer.status_code == HTTPStatus.OK


def test_public_pages_refuse_bodies_of_unknown_length() -> None:
    request = RequestFactory().post("/q/fine", HTTP_TRANSFER_ENCODING="chunked")
    answer = BodyLimitMiddleware(fine)(request)
    assert answer.status_code == HTTPStatus.LENGTH_REQUIRED


def test_public_pages_set_no_cookie_and_ask_for_no_token() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/q/fine", b"hello", content_type="text/plain")
    assert answer.content == b"hello"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_staff_pages_send_strangers_to_the_login(client: Client) -> None:
    answer = client.get("/leads/")
    assert answer.status_code == HTTPStatus.FOUND
    assert answer["Location"].startswith("/login/")


@pytest.mark.django_db
def test_staff_pages_ask_for_a_token() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login/", {"username": "a", "password": "b"})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_no_page_allows_foreign_or_inline_content(client: Client) -> None:
    for address in ("/q/fine", "/q/locked", "/healthz"):
        policy = client.get(address)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.django_db
def test_a_staff_page_is_kept_in_no_cache(client: Client) -> None:
    client.force_login(User.objects.create_user("a@example.com", "x", role="sales"))
    assert "no-store" in client.get("/leads/")["Cache-Control"]


def test_a_staff_address_that_asks_for_thousands_of_words_is_refused(client: Client) -> None:
    assert client.get("/admin/contacts/event/?q=" + "a+" * 1500).status_code == 414
