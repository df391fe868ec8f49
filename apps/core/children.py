"""One process of ours: started in its own session, stopped gently, started again when it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings

from apps.core import reaper

STEADY = 5.0  # seconds after which a start counts as having succeeded
PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before the start after so many failures


@dataclass
class Child:
    """A program and, while it runs, its process.

    `fresh` returns the variables of one start, so that two starts can be told apart.
    """

    name: str
    argv: Sequence[str]
    fresh: Callable[[], Mapping[str, str]] = dict
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self.start_at

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.argv,
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.fresh()},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def clear_up(self) -> float:
        """End what the dead process left behind; return the seconds until the next start."""
        reaper.end_groups([self.pid])
        steady = time.monotonic() - self.started > STEADY
        self.failures = 0 if steady else self.failures + 1
        pause = PAUSES[min(self.failures, len(PAUSES) - 1)]
        self.process, self.start_at = None, time.monotonic() + pause
        return pause

    def ask_to_stop(self) -> None:
        """Send one SIGTERM to the main process: a whole qcluster would hang on it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if self.process:
            reaper.end_groups([self.pid])
            self.process.wait()


class Reaper:
    """The process that ends the children should this one be killed."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(reaper.__file__)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        for pid in self._children:
            self._write(f"+{pid}\n")

    def keep_alive(self) -> None:
        if self._process.poll() is not None:
            self._start()

    def watch(self, pid: int) -> None:
        self._children.add(pid)
        self._write(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._children.discard(pid)
        self._write(f"-{pid}\n")

    def close(self) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):  # keep_alive starts another, told of everything
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
