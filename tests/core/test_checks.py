import sqlite3
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from pytest_django import Settings

from apps.core import checks
from apps.rules.clock import WeekStart


def found(check: Callable[[], list[CheckMessage]]) -> list[str | None]:
    messages = check()
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://quiz.example.com"
    settings.HTTPS = True
    settings.TRUSTED_PROXIES = 1
    settings.ALLOWED_HOSTS = ["quiz.example.com"]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 587
    settings.DEFAULT_FROM_EMAIL = "Example <hello@example.com>"
    settings.SECRET_KEY_IS_GENERATED = False


def test_production_settings_pass() -> None:
    every = [checks.databases, checks.queue, checks.clock, checks.nightly]
    every += [checks.address, checks.mail, checks.key]
    assert [found(check) for check in every] == [[]] * 7


def test_an_engine_we_do_not_run_on_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(django_settings.DATABASES["default"], "ENGINE", "django.db.backends.mysql")
    assert found(checks.databases) == ["tidemark.E001"]


def test_an_old_sqlite_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = "apps.core.sqlite"
    monkeypatch.setitem(django_settings.DATABASES["default"], "ENGINE", engine)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 0))
    assert found(checks.databases) == ["tidemark.E002"]


def test_a_retry_within_the_timeout_is_an_error(settings: Settings) -> None:
    settings.Q_CLUSTER = {"retry": 60, "timeout": 60}
    assert found(checks.queue) == ["tidemark.E003"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_an_error(settings: Settings, zone: str) -> None:
    settings.TIME_ZONE = zone
    assert found(checks.clock) == ["tidemark.E004"]


@pytest.mark.parametrize("day", ["Monday", "friday", ""])
def test_a_day_no_week_starts_on_is_an_error(settings: Settings, day: str) -> None:
    settings.WEEK_STARTS = day
    assert found(checks.clock) == ["tidemark.E006"]


def test_every_start_of_a_week_that_rules_know_may_be_set() -> None:
    assert {day.name.lower() for day in WeekStart} == set(checks.WEEK_STARTS)


@pytest.mark.parametrize(
    ("job", "hour"),
    [("apps.core.nowhere", "03:00"), ("apps.core.nightly.tidy", "25:00"), ("tidy", "at three")],
)
def test_a_nightly_job_that_cannot_run_is_an_error(settings: Settings, job: str, hour: str) -> None:
    settings.NIGHTLY = {job: hour}
    assert found(checks.nightly) == ["tidemark.E005"]


def test_an_address_without_https_is_a_warning(settings: Settings) -> None:
    settings.HTTPS = False
    assert found(checks.address) == ["tidemark.W001"]


def test_https_without_a_trusted_proxy_is_a_warning(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert found(checks.address) == ["tidemark.W002"]


@pytest.mark.parametrize("hosts", [[], ["other.example.com"], ["quiz.example.com", "*"]])
def test_hosts_that_do_not_fit_are_a_warning(settings: Settings, hosts: list[str]) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert found(checks.address) == ["tidemark.W003"]


def test_mail_that_reaches_nobody_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 2525
    settings.DEFAULT_FROM_EMAIL = "Tidemark <hello@localhost.localdomain>"
    assert found(checks.mail) == ["tidemark.W004", "tidemark.W005"]


def test_a_key_made_here_is_only_mentioned(settings: Settings) -> None:
    settings.SECRET_KEY_IS_GENERATED = True
    assert found(checks.key) == ["tidemark.I001"]
