"""What every test may rely on."""

import os

import pytest
from pytest_django.fixtures import SettingsWrapper

# Playwright keeps an event loop open in this thread; Django would refuse to query beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def _plain_static_files(settings: SettingsWrapper) -> None:
    """Let templates name static files without collecting them first."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _quick_passwords(settings: SettingsWrapper) -> None:
    """Hash passwords cheaply: Argon2 takes its time by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
