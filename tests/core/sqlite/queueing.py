"""Looking at the queue from outside, as the kernel tells of it."""

import fcntl
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

PATIENCE = 30  # seconds


def is_free(path: Path) -> bool:
    """Return whether nobody has the place in front."""
    with FileIO(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def wait_until_free(path: Path) -> None:
    _wait(lambda: is_free(path), "somebody stays in front")


def wait_until_taken(path: Path) -> None:
    _wait(lambda: not is_free(path), "nobody comes")


def wait_for_queue(path: Path, *, length: int) -> None:
    """Return once so many wait behind the one in front."""
    _wait(lambda: _waiting(path) == length, f"there are not {length} who wait")


def _wait(so: Callable[[], bool], otherwise: str) -> None:
    ends_at = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < ends_at, otherwise
        time.sleep(0.001)


def _waiting(path: Path) -> int:
    inode = f":{path.stat().st_ino}"
    locks = map(str.split, Path("/proc/locks").read_text().splitlines())
    return sum("->" in lock and any(word.endswith(inode) for word in lock) for lock in locks)
