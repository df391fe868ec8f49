"""Two mail servers for tests: a well-behaved one that counts, and one that follows a script."""

import contextlib
import email
import email.policy
import socket
import threading
from collections import Counter
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from pytest_django import Settings


class Keeper:
    """Takes every mail. Apart from the server: aiosmtpd reads every member at each connection."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.content)
        self.recipients.extend(envelope.rcpt_tos)
        return "250 2.0.0 taken"


class CountingServer:
    """A real SMTP server on a random port that keeps every mail it takes."""

    def __init__(self) -> None:
        keeper = Keeper()
        self.raw, self.recipients = keeper.raw, keeper.recipients
        # The port 0 of a controller cannot be asked for afterwards: find a free one first.
        self.port = free_port()
        self.controller = Controller(keeper, hostname="127.0.0.1", port=self.port)

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
            for raw in list(self.raw)
        ]

    @property
    def message_ids(self) -> Counter[str]:
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.controller.stop()


class ScriptedServer:
    """A server that answers each stage as told: a reply, or DROP, or HANG.

    Stages: connect, ehlo, mail, rcpt, data, payload (before its end), dot (after it).
    """

    DROP = "drop"
    HANG = "hang"
    GOOD = {
        "connect": "220 scripted",
        "ehlo": "250 scripted",
        "mail": "250 ok",
        "rcpt": "250 ok",
        "data": "354 go on",
        "payload": "",
        "dot": "250 taken",
        "quit": "221 bye",
        "rset": "250 ok",
    }

    def __init__(self, **script: str) -> None:
        self.script = {**self.GOOD, **script}
        self.payloads: list[bytes] = []  # mails that came in full, whatever was answered
        self.commands: list[str] = []
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _serve(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(ConnectionError, EOFError, TimeoutError):
                connection.settimeout(5)
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        with lines:
            self._play(connection, "connect")
            while line := lines.readline():
                verb = line.split()[0].decode().lower()
                self.commands.append(verb)
                self._play(connection, "ehlo" if verb == "helo" else verb)
                if verb == "quit":
                    return
                if verb == "data" and self.script["data"].startswith("354"):
                    self._take(connection, lines)

    def _take(self, connection: socket.socket, lines: Any) -> None:
        if self.script["payload"] == self.DROP:
            lines.readline()
            raise EOFError
        payload = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise EOFError
            payload += line
        self.payloads.append(payload)
        self._play(connection, "dot")

    def _play(self, connection: socket.socket, stage: str) -> None:
        action = self.script[stage]
        if action == self.DROP:
            raise EOFError
        if action == self.HANG:
            self.closing.wait(10)
            raise EOFError
        connection.sendall(action.encode() + b"\r\n")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def use(settings: Settings, *, port: int) -> None:
    """Have mail handed to the server on this port."""
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 10
