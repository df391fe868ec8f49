"""One mail over one SMTP connection, step by step, so that every end has a certain meaning.

Until the final dot the server has nothing (RFC 5321, 4.1.1.4): whatever breaks before may be
tried again. Once the dot is sent only a reply tells what happened; without one nobody knows.
"""

import contextlib
import re
import smtplib
import ssl
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings

OPENING = 20  # seconds to connect, greet, encrypt and sign in
HANDING = 25  # seconds from MAIL to the last reply; with OPENING less than the lease
NOBODY = re.compile(r"\b5\.1\.(1|2|3|6|10)\b")  # RFC 3463, RFC 7505: there is no such mailbox
STATUS = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
NOBODY_CODES = frozenset({550, 551, 553})  # where the reply has no enhanced status


class HandOverError(Exception):
    """A mail that the server did not take, as far as we know."""


class DeferredError(HandOverError):
    """The server has nothing: it may be tried again later."""


class RefusedError(HandOverError):
    """The server will not take this mail."""

    def __init__(self, reason: str, *, nobody_there: bool = False) -> None:
        super().__init__(reason)
        self.nobody_there = nobody_there


class InDoubtError(HandOverError):
    """The mail went out in full and no reply came: the server may have it."""


class Connection:
    """An SMTP connection as the settings describe it, opened on entering the block.

    Raises DeferredError when that fails: a server that is down or misconfigured says nothing
    about the mail.
    """

    def __enter__(self) -> Self:
        self.ends_at = time.monotonic() + OPENING
        try:
            self._open()
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise DeferredError(f"No connection: {_describe(error)}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def send(self, *, sender: str, recipient: str, raw: bytes) -> None:
        """Hand the mail over; return when the server has taken it.

        Raises DeferredError, RefusedError or InDoubtError.
        """
        self.ends_at = time.monotonic() + HANDING
        try:
            self._expect("MAIL", self._timed().mail(sender))
            self._expect("RCPT", self._timed().rcpt(recipient))
            self._expect("DATA", self._timed().docmd("DATA"), good=354)
            self._timed().send(stuffed(raw))
        except (OSError, smtplib.SMTPException) as error:
            raise DeferredError(f"Before the end of the mail: {_describe(error)}") from None
        try:
            reply = self._finish()
        except (OSError, smtplib.SMTPException) as error:
            raise InDoubtError(f"No reply after the end of the mail: {_describe(error)}") from None
        if reply[0] // 100 not in {2, 4, 5}:
            raise InDoubtError(f"Unreadable reply after the end of the mail: {_text(reply)}")
        self._expect("end of the mail", reply)

    def _open(self) -> None:
        maker = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
        self.smtp: smtplib.SMTP = maker(
            settings.EMAIL_HOST,
            settings.EMAIL_PORT,
            local_hostname=urlsplit(settings.PUBLIC_URL).hostname,
            timeout=settings.EMAIL_TIMEOUT,
        )
        self._timed().ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            self._timed().starttls(context=ssl.create_default_context())
            self._timed().ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            self._timed().login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)

    def _timed(self) -> smtplib.SMTP:
        """Return the connection, its next step limited to what is left of the time."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server was too slow")
        if self.smtp.sock:
            self.smtp.sock.settimeout(min(left, settings.EMAIL_TIMEOUT))
        return self.smtp

    def _finish(self) -> tuple[int, bytes]:
        left = max(self.ends_at - time.monotonic(), 1)
        if self.smtp.sock:
            self.smtp.sock.settimeout(left)  # the last reply may take what time is left
        self.smtp.send(b".\r\n")
        return self.smtp.getreply()

    def _expect(self, stage: str, reply: tuple[int, bytes], *, good: int = 250) -> None:
        code = reply[0]
        if code == good or (good == 250 and 200 <= code < 300):
            return
        reason = f"{stage}: {_text(reply)}"
        if 500 <= code < 600:
            raise RefusedError(reason, nobody_there=stage == "RCPT" and _is_nobody(reply))
        raise DeferredError(reason)

    def _close(self) -> None:
        smtp = getattr(self, "smtp", None)
        if smtp is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if smtp.sock:
                smtp.sock.settimeout(1)
                smtp.quit()
        smtp.close()


def stuffed(raw: bytes) -> bytes:
    """Return the mail with its leading dots doubled, ending in a line end, without the last dot."""
    body = re.sub(rb"^\.", b"..", raw, flags=re.MULTILINE)
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _is_nobody(reply: tuple[int, bytes]) -> bool:
    text = _text(reply)
    if STATUS.search(text):
        return NOBODY.search(text) is not None
    return reply[0] in NOBODY_CODES


def _text(reply: tuple[int, bytes]) -> str:
    return f"{reply[0]} {reply[1].decode('ascii', 'replace')}".replace("\x00", "")[:400]


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        message = error.smtp_error
        return _text((error.smtp_code, message if isinstance(message, bytes) else message.encode()))
    return f"{type(error).__name__} {error}".replace("\x00", "")[:400]
