"""Death at random: the processes of a running installation killed while people use it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from tests.running import Installation, children

POINTS = {  # how likely each passing is fatal
    "answer.before_commit": 0.0008,
    "answer.committed": 0.0008,
    "settle.rung": 0.001,
    "settle.before_signal": 0.001,
    "settle.before_commit": 0.001,
    "enrol.before_commit": 0.001,
    "rebuild.between_ranges": 0.2,
    "rebuild.before_commit": 0.2,
    "advance.before_commit": 0.03,
    "advance.committed": 0.03,
    "task.claimed": 0.005,
    "deliver.claimed": 0.03,
    "deliver.before_handing_commit": 0.03,
    "deliver.handing": 0.03,
    "deliver.accepted": 0.03,
}
# How often each kind is killed by hand: whoever is dealt from the pack. One whose death takes
# all of its kind along, and seconds to come back, is rarer.
PACK = {
    "web process": 1,
    "queue process": 14,  # a worker, the pusher or the monitor
    "pulse": 2,
    "queue sentinel": 1,
    "queue main": 1,
    "web main": 1,
}
PAUSE = (0.3, 1.0)  # seconds between two kills by hand
RECOVERY = 30.0  # seconds after the last kill, as promised
PATIENCE = 120.0  # seconds until a test stops waiting for a recovery

WITNESS = """
import django
django.setup()
from tests.journeys import {module}
{module}.main()
"""


class Killer(Thread):
    """Kills one process every now and then, until it is told to stop or has killed enough."""

    def __init__(self, site: Installation, *, chance: random.Random, most: int) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.chance = chance
        self.most = most  # on a slow machine people take longer: do not kill for ever
        self.stopping = Event()
        self.kills: Counter[str] = Counter()

    def run(self) -> None:
        pack = self._shuffled(list(PACK))  # first of all, one of each kind
        while self.kills.total() < self.most:
            if self.stopping.wait(self.chance.uniform(*PAUSE)):
                return
            pack = pack or self._shuffled(list(Counter(PACK).elements()))
            killed = next((kind for kind in pack if self._kill(kind)), None)
            if killed:
                pack.remove(killed)
                self.kills[killed] += 1

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    def _shuffled(self, pack: list[str]) -> list[str]:
        self.chance.shuffle(pack)
        return pack

    def _kill(self, kind: str) -> bool:
        """Kill one of its kind, unless all are dead and not yet back."""
        try:
            os.kill(self.chance.choice(self._find(kind)), signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            return False
        return True

    def _find(self, kind: str) -> list[int]:
        match kind:
            case "web main":
                return self._child("granian")
            case "web process":
                return _children(self._child("granian"))
            case "queue main":
                return self._child("qcluster")
            case "queue sentinel":
                return _children(self._child("qcluster"))
            case "queue process":
                return _children(_children(self._child("qcluster")))
            case _:
                return self._child("pulse")

    def _child(self, words: str) -> list[int]:
        pid = self.site.child(words)
        return [pid] if pid else []


def _children(parents: list[int]) -> list[int]:
    return [pid for parent in parents for pid in children(parent)]


class CrashPoints:
    """The named points of the installation; armed as long as their log stands in its place.

    `points` says how likely each passing is fatal, or which file lets it be fatal once.
    """

    def __init__(self, directory: Path, points: Mapping[str, float | Path] = POINTS) -> None:
        self.log = directory / "deaths"
        self.closed = directory / "deaths-closed"
        self.variables = {
            "CRASH_TEST": "1",
            "CRASH_POINTS": ",".join(f"{name}:{odds}" for name, odds in points.items()),
            "CRASH_LOG": str(self.log),
        }

    def arm(self) -> None:
        self.log.touch()

    def disarm(self) -> None:
        self.log.rename(self.closed)

    def deaths(self) -> Counter[str]:
        log = self.log if self.log.exists() else self.closed
        return Counter(log.read_text().split())


class Rearmer(Thread):
    """Lets one point after the other be fatal once more, so many times or until told to stop."""

    def __init__(self, once: Mapping[str, Path], *, times: int, every: float) -> None:
        super().__init__(daemon=True)
        self.turns = [path for _ in range(times) for path in once.values()]
        self.every = every  # seconds
        self.stopping = Event()

    def run(self) -> None:
        for path in self.turns:
            path.unlink(missing_ok=True)
            if self.stopping.wait(self.every):
                return

    def stop(self) -> None:
        self.stopping.set()
        self.join()


class Witness:
    """Asks a process that is connected to the installation's database, and outlives all deaths."""

    def __init__(self, site: Installation, module: str = "witness") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WITNESS.format(module=module)],
            cwd=settings.BASE_DIR,
            env={**site.environment, "CRASH_TEST": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str, *numbers: int) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{' '.join([command, *map(str, numbers)])}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.communicate(timeout=10)


def seconds_until_nothing(witness: Witness, question: str) -> float:
    """Wait until the counts are all zero; after PATIENCE give up, which a test reports."""
    began = time.monotonic()
    while any(witness.ask(question).values()) and time.monotonic() - began < PATIENCE:
        time.sleep(0.1)
    return time.monotonic() - began


def verify(site: Installation) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "verify_segments"],
        cwd=settings.BASE_DIR,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
