from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.integrations import tokens
from apps.integrations.models import ApiToken
from tests.factories import NOW, UserFactory
from tests.integrations.conftest import Caller, caller_with

TRAIT = {"label": "Plan", "kind": "text"}


def made(email: str, scopes: str = "read,write") -> str:
    out = StringIO()
    call_command("api_token", email, scopes=scopes, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


@pytest.mark.django_db
def test_the_command_prints_a_token_that_opens_and_is_kept_as_a_hash_only() -> None:
    user = UserFactory()
    secret = made(user.email.upper())
    row = ApiToken.objects.get()
    assert row.scopes == ["read", "write"]
    assert secret not in str(ApiToken.objects.values().get())
    assert row.hint == secret[: len(row.hint)]
    assert Caller(secret).put("/traits/plan", TRAIT)["key"] == "plan"


@pytest.mark.django_db
def test_the_command_refuses_whoever_and_whatever_cannot_be() -> None:
    UserFactory(email="s@example.com", role=User.Role.SALES)
    UserFactory(email="m@example.com")
    for email, scopes in (
        ("nobody", "read"),
        ("nobody@example.com", "all"),
        ("s@example.com", "read"),
        ("m@example.com", "all"),
        ("m@example.com", ""),
    ):
        with pytest.raises(CommandError):
            made(email, scopes)
    assert not ApiToken.objects.exists()
    assert not User.objects.filter(email__startswith="nobody").exists()


@pytest.mark.django_db
def test_the_command_makes_an_owner_who_cannot_sign_in_where_there_is_none() -> None:
    out, told = StringIO(), StringIO()
    call_command("api_token", "Ann@Example.com", scopes="write", stdout=out, stderr=told)
    user = User.objects.get()
    assert (user.email, user.role, user.is_superuser) == ("ann@example.com", "marketer", False)
    assert not user.has_usable_password()
    assert "no user ann@example.com" in told.getvalue()
    (secret,) = out.getvalue().split()
    assert Caller(secret).put("/traits/plan", TRAIT)["key"] == "plan"
    assert Caller(made("ann@example.com")).put("/traits/plan", TRAIT)
    assert User.objects.count() == 1
    signed_in = Client().post("/login/", {"username": "ann@example.com", "password": "!"})
    assert signed_in.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Bearer tm_x", "Basic tm_x", "tm_x"])
def test_no_token_or_a_bad_one_is_401(shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}
    assert Caller().no("PUT", "/traits/plan", TRAIT, **headers) == (401, "unauthorized", "")
    assert Caller()("PUT", "/traits/plan", TRAIT, **headers)["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
def test_a_session_opens_nothing() -> None:
    caller = Caller()
    caller.client.force_login(UserFactory(role=User.Role.ADMIN))
    assert caller.no("PUT", "/traits/plan", TRAIT) == (401, "unauthorized", "")


@pytest.mark.django_db
def test_no_csrf_token_is_asked_for_and_no_cookie_set() -> None:
    caller = caller_with("write")
    caller.client = Client(enforce_csrf_checks=True)
    answer = caller("PUT", "/traits/plan", TRAIT)
    assert answer.status_code == 200
    assert not answer.cookies


@pytest.mark.django_db
def test_a_missing_scope_is_403() -> None:
    assert caller_with("read").no("PUT", "/traits/plan", TRAIT) == (403, "missing_scope", "")


@pytest.mark.django_db
def test_a_token_ends_to_work_when_revoked_or_when_its_owner_goes() -> None:
    user = UserFactory()
    row, secret = tokens.issue(user, scopes=["write"], now=NOW)
    other, _ = tokens.issue(user, scopes=["write"], now=NOW)
    caller = Caller(secret)
    caller.put("/traits/plan", TRAIT)
    assert tokens.revoke(other, now=NOW)
    assert not tokens.revoke(other, now=NOW)
    caller.put("/traits/plan", TRAIT)
    for change in ({"is_active": False}, {"role": User.Role.SALES}):
        User.objects.filter(pk=user.pk).update(**change)
        assert caller.no("PUT", "/traits/plan", TRAIT)[0] == 401
        User.objects.filter(pk=user.pk).update(is_active=True, role=User.Role.MARKETER)
    tokens.revoke(row, now=NOW)
    assert caller.no("PUT", "/traits/plan", TRAIT)[0] == 401


@pytest.mark.django_db
def test_the_last_use_is_noted_to_the_minute() -> None:
    row, secret = tokens.issue(UserFactory(), scopes=["read"], now=NOW)
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        assert tokens.find(secret, now=NOW + timedelta(seconds=seconds))
        row.refresh_from_db()
        assert row.last_used_at == NOW + timedelta(seconds=noted)


@pytest.mark.django_db
def test_too_many_calls_are_429_with_the_time_to_wait(settings: Settings) -> None:
    settings.API_PER_MINUTE = 3
    caller, other = caller_with("write"), caller_with("write")
    for _ in range(3):
        caller.put("/traits/plan", TRAIT)
    answer = caller("PUT", "/traits/plan", TRAIT)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer["Retry-After"]) > 0
    other.put("/traits/plan", TRAIT)


@pytest.mark.django_db
def test_an_admin_sees_the_tokens_and_revokes_one() -> None:
    row, _ = tokens.issue(UserFactory(), scopes=["read"], now=timezone.now())
    client = Client()
    client.force_login(UserFactory(role=User.Role.ADMIN))
    address = "/admin/integrations/apitoken/"
    assert row.hint in client.get(address).content.decode()
    client.post(address, {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.is_revoked
