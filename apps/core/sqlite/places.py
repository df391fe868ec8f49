"""The place in front of those who wait to write, among threads and processes.

It is a lock on an empty file beside the database. Who waits for it sleeps in the kernel, which
wakes those who wait in the order in which they came, and frees it when its holder is killed.
"""

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from threading import Event, Thread
from weakref import WeakSet

_places: WeakSet[FileIO] = WeakSet()  # of this process: held, or waited for


@contextmanager
def in_front(path: str, *, patience: float) -> Iterator[None]:
    """Wait for the place in front, at most so many seconds, and keep it while the block lasts.

    Who has waited for too long, and whoever finds that there can be no such file, goes on
    without: only the order is lost.
    """
    place = _taken(path, patience)
    try:
        yield
    finally:
        if place:
            fcntl.flock(place, fcntl.LOCK_UN)  # closing is not enough where a fork has it too
            place.close()


def _taken(path: str, patience: float) -> FileIO | None:
    try:
        place = FileIO(path, "r", opener=_made)
        _places.add(place)
        with suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place
    except OSError as error:
        warnings.warn(f"Writers do not queue: {error}", RuntimeWarning, stacklevel=2)
        return None
    try:
        if _waited(place, patience):
            return place
    except BaseException:
        place.close()
        raise
    place.close()
    return None


def _waited(place: FileIO, patience: float) -> bool:
    """Wait in a thread, since the kernel's lock knows no patience.

    Who gives up closes the file, and what the thread is given then is free at once.
    """
    served = Event()

    def wait() -> None:
        with suppress(OSError, ValueError):  # closed before it began
            fcntl.flock(place, fcntl.LOCK_EX)
            served.set()

    Thread(target=wait, daemon=True).start()
    return served.wait(patience)


def _made(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o644)


def _forget() -> None:
    """Close what a fork copied: it would keep the place when the parent is killed."""
    for place in list(_places):
        place.close()


os.register_at_fork(after_in_child=_forget)
