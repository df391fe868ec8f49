from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.smtp import CountingServer, use


@pytest.fixture
def smtp_server(settings: Settings) -> Iterator[CountingServer]:
    """A real mail server that mail is handed to, with all it took."""
    with CountingServer() as server:
        use(settings, port=server.port)
        yield server


@pytest.fixture(autouse=True)
def _known_sender(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://quiz.example"
    settings.DEFAULT_FROM_EMAIL = "Harbour Light <hello@harbour.example>"
