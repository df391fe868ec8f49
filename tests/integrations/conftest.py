"""A caller with a token, as an operator's own system is one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.contacts.traits import define
from apps.integrations import tokens
from apps.rules.kinds import Kind
from tests.factories import NOW, UserFactory


class Caller:
    """Calls the API in this process; what it sends is JSON unless it is bytes."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(raise_request_exception=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: object = None, **extra: Any) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else raw,
            content_type=extra.pop("content_type", "application/json"),
            headers=self.headers | extra,
        )

    def get(self, path: str) -> Any:
        return self.ok("GET", path)

    def post(self, path: str, body: object) -> Any:
        return self.ok("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self.ok("PUT", path, body)

    def ok(self, method: str, path: str, body: object = None) -> Any:
        answer = self(method, path, body)
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return answer.json()

    def no(self, method: str, path: str, body: object = None, **extra: Any) -> tuple[int, str, str]:
        """Return status, code and place of a refusal, whose form is checked."""
        answer = self(method, path, body, **extra)
        said = answer.json()
        assert answer.status_code >= 400, said
        assert set(said) == {"code", "message", "at"}, said
        assert all(isinstance(text, str) for text in said.values())
        assert said["message"]
        return answer.status_code, said["code"], said["at"]


def caller_with(*scopes: str, role: str = User.Role.MARKETER) -> Caller:
    _, secret = tokens.issue(UserFactory(role=role), scopes=scopes, now=NOW)
    return Caller(secret)


@pytest.fixture
def call(db: None) -> Caller:
    return caller_with("read", "write")


@pytest.fixture
def catalogue(db: None) -> None:
    """The traits these tests' rules read."""
    define("plan", label="Plan", kind=Kind.TEXT, source="test")
    define("score", label="Score", kind=Kind.NUMBER, source="test")
    define("vip", label="VIP", kind=Kind.BOOLEAN, source="test")
    define("trial_ends", label="Trial ends", kind=Kind.DATETIME, source="test")
    define("born", label="Born", kind=Kind.DATE, source="test")


@pytest.fixture(autouse=True)
def _no_calls_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
