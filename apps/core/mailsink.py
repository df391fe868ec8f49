"""The demo's mail server: it keeps every mail as a file and sends nothing on."""

import asyncio
import logging
import os
import secrets
import signal
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_SIZE = 10_000_000  # bytes


class MailSink:
    """What aiosmtpd asks when a mail has come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        keep(content if isinstance(content, bytes) else (content or "").encode(), self.folder)
        return "250 2.0.0 Kept"


def keep(mail: bytes, folder: Path) -> Path:
    """Write the mail to a file of its own; a reader never sees half of one."""
    path = folder / f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        file.write(mail)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    return path


def run(*, host: str, port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT; raises OSError when the port is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would name every recipient
    asyncio.run(_serve(host=host, port=port, folder=folder))


async def _serve(*, host: str, port: int, folder: Path) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    def greet() -> Any:
        return SMTP(MailSink(folder), data_size_limit=MAX_SIZE, hostname="mailsink.localdomain")

    server = await loop.create_server(greet, host=host, port=port)
    await stopping.wait()
    server.close()
