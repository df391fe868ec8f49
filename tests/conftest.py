"""What every test may rely on."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Playwright, expect
from pytest_django import Settings

from tests import chromium

# Playwright keeps an event loop open in this thread; Django would refuse to query beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=30_000)  # ms: how long a page may take on a busy machine


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Let templates name static files without collecting them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        STORAGES={**django_settings.STORAGES, "staticfiles": plain},
        WHITENOISE_AUTOREFRESH=True,  # else it warns of the folder that is not there
    ):
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Hash passwords cheaply: Argon2 takes its time by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_limit_on_starts(settings: Settings) -> None:
    """Let a test start as many quizzes as it likes: they all come from one address."""
    settings.STARTS_PER_MINUTE = 1_000_000


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the machine's own Chromium where there is one."""
    found = {"executable_path": path} if (path := chromium.find()) else {}
    return {**browser_type_launch_args, **found, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep SQLite's test database in a file: in memory, threads lock whole tables."""
    database = connections["default"].settings_dict
    if database["ENGINE"] == "apps.core.sqlite":
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def _unconnected() -> None:
    connections.close_all()


@pytest.fixture(scope="session")
def playwright(_unconnected: None, playwright: Playwright) -> Iterator[Playwright]:
    """Leave no connection behind, which would keep PostgreSQL's test database from being dropped.

    Django has one connection for a thread with an event loop and another for the same thread
    without, and Playwright's loop runs from here to the end.
    """
    yield playwright
    connections.close_all()
