from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import Client
from pytest_django import Settings

from apps.core import ports, storage
from apps.core.management.commands import up
from config import settings as product
from tests.core.test_pages import ERRORS


@pytest.fixture(autouse=True)
def _uncollected(settings: Settings, tmp_path: Path) -> None:
    """Store static files as an installation does that has not run collectstatic yet."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = product.STORAGES


def collect(settings: Settings) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.STORAGES = product.STORAGES  # as a process started now reads the manifest


def test_a_file_is_named_by_its_content_once_it_is_collected(settings: Settings) -> None:
    assert static("css/quiz.css") == "/static/css/quiz.css"
    assert not storage.is_collected()
    collect(settings)
    assert storage.is_collected()
    assert static("css/quiz.css") != "/static/css/quiz.css"
    assert static("css/nothing.css") == "/static/css/nothing.css"


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_its_page_though_nothing_was_collected(name: str) -> None:
    assert "<h1>" in render_to_string(name)


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), [("/login/", 200), ("/q/no/", 404), ("/no/", 404)])
def test_pages_stand_though_nothing_was_collected(address: str, status: int) -> None:
    client = Client(raise_request_exception=False)
    assert client.get(address).status_code == status


def test_what_was_not_collected_is_served_as_it_stands() -> None:
    answer = Client().get("/static/css/quiz.css")
    assert b"".join(answer.streaming_content)


def started(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what `up` says before it would run anything."""
    out = StringIO()
    monkeypatch.setenv("PUBLIC_URL", "http://localhost")
    monkeypatch.setattr(up, "_refuse_old_tables", lambda: None)
    monkeypatch.setattr(up, "Cluster", lambda: SimpleNamespace(fresh=dict))
    monkeypatch.setattr(up, "Supervisor", lambda *_, **__: SimpleNamespace(run=lambda: None))
    call_command("up", port=ports.any_free("127.0.0.1"), stdout=out)
    return out.getvalue()


def test_up_says_that_nothing_was_collected(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "manage.py collectstatic" in started(monkeypatch)
    collect(settings)
    assert "collectstatic" not in started(monkeypatch)
