"""Running installations with a real mail server, for the journeys across the product."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection

from tests.running import Installation, installation
from tests.smtp import CountingServer

pytest.register_assert_rewrite("tests.journeys.promises")
# SQLite is for one host.
collect_ignore = [] if connection.vendor == "postgresql" else ["test_many_hosts.py"]
PASSWORD = "a-long-passphrase"


@dataclass(frozen=True)
class Site:
    process: Installation
    mail: CountingServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.port}"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    with CountingServer() as mail, installation(directory, TIDEMARK_PASSWORD=PASSWORD) as process:
        process.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{mail.port}"
        process.environment["PUBLIC_URL"] = f"http://127.0.0.1:{process.port}"
        for role in ("marketer", "sales"):
            process.manage("make_user", f"{role}@staff.example", "--role", role, "--name", role)
        process.manage("collectstatic", "--no-input", "-v0")
        process.start()
        yield Site(process, mail)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the demonstration company, for tests that change nothing others look at."""
    directory = tmp_path_factory.mktemp("demo")
    with CountingServer() as mail, installation(directory) as process:
        process.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{mail.port}"
        process.environment["PUBLIC_URL"] = f"http://127.0.0.1:{process.port}"
        process.manage("demo")
        process.manage("collectstatic", "--no-input", "-v0")
        process.start()
        yield Site(process, mail)
