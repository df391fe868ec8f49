"""A whole installation, run as an operator would: `manage.py up` with a database of its own.

Its settings are the product's, plus the drills of tests/drills.py: pages and jobs that are slow
or deadly on request. Everything it starts is ended by its pid.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

from django.conf import settings

from apps.core.reaper import end_groups

Answer = TypeVar("Answer")

PATIENCE = 60.0  # seconds for anything, on a busy machine


def wait_for(
    question: Callable[[], Answer],
    *,
    seconds: float = PATIENCE,
    meanwhile: Callable[[], str] = str,
) -> Answer:
    """Ask until the answer is true; fail with the last answer, and `meanwhile`, in the end."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        late = time.monotonic() >= deadline
        assert not late, f"still {answer!r} after {seconds} s\n{meanwhile()}"
        time.sleep(0.05)
    return answer


def processes(session: int) -> dict[int, str]:
    """Return the living processes of a session: pid and command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(sid) == session and state != "Z":
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found[int(entry.name)] = b" ".join(words).decode()
    return found


def children(parent: int) -> dict[int, str]:
    """Return the living children of a process: pid and command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found[int(entry.name)] = b" ".join(words).decode()
    return found


class Installation:
    """One database, one port, and while it is up the supervisor's process."""

    def __init__(self, directory: Path, *, database_url: str, **variables: str) -> None:
        self.directory = directory
        self.port = _free_port()
        self.log = directory / "up.log"
        self.sessions: set[int] = set()
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "DJANGO_SETTINGS_MODULE": "tests.running_settings",
            "DATA_DIR": str(directory),
            "DATABASE_URL": database_url,
            "CANARY_LIMIT": "8",
            "TASK_TIMEOUT": "20",
            "TASK_RETRY": "22",
            **variables,
        }

    def manage(self, *words: str) -> None:
        argv = [sys.executable, "manage.py", *words]
        subprocess.run(argv, cwd=settings.BASE_DIR, env=self.environment, check=True)

    def start(self, *words: str) -> None:
        argv = [sys.executable, "manage.py", "up", "--port", str(self.port), *words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self.is_ready, seconds=2 * PATIENCE, meanwhile=self.says)

    def says(self) -> str:
        """Return what /readyz answers and how the log ends, for a failure's message."""
        try:
            answer = self.get("/readyz")
        except HTTPError as error:
            answer = error.read().decode()
        except OSError as error:
            answer = str(error)
        return f"{answer}\n{self.log.read_text()[-4000:]}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def child(self, words: str) -> int:
        """Return the pid of the supervisor's child whose command line holds `words`."""
        found = children(self.pid)
        self.sessions.update(found)
        return next((pid for pid, line in found.items() if words in line), 0)

    def get(self, path: str, *, timeout: float = 20) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
            return str(answer.read().decode())

    def is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log.read_text()
        self.sessions.update(children(self.pid))
        try:
            return bool(self.get("/readyz"))
        except OSError:
            return False

    def stop(self) -> float:
        """Send one SIGTERM to the supervisor; return the seconds it took to end."""
        assert self.process
        self.sessions.update(children(self.pid))
        asked = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - asked

    def remains(self) -> dict[int, str]:
        """Return what still lives of everything that was ever started here."""
        return {pid: line for session in self.sessions for pid, line in processes(session).items()}

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop()
        end_groups(self.sessions)


@contextmanager
def installation(directory: Path, **variables: str) -> Iterator[Installation]:
    """Migrate a fresh database on the server the suite itself runs on; remove it at the end."""
    with _database(directory) as url:
        site = Installation(directory, database_url=url, **variables)
        site.manage("migrate", "--no-input", "-v0")
        try:
            yield site
        finally:
            site.end()


@contextmanager
def _database(directory: Path) -> Iterator[str]:
    here = settings.DATABASES["default"]
    if here["ENGINE"] != "django.db.backends.postgresql":
        yield f"sqlite:///{directory / 'tidemark.sqlite3'}"
        return
    name = f"tidemark_run_{secrets.token_hex(4)}"
    server = f"{here['USER']}@{here['HOST']}:{here['PORT'] or 5432}"
    _on_server(server, f'CREATE DATABASE "{name}"')
    try:
        yield f"postgres://{server}/{name}"
    finally:
        _on_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(server: str, statement: str) -> None:
    psycopg = __import__("psycopg")
    with psycopg.connect(f"postgres://{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
