"""Which workers are at work: a file each, so that a busy cluster is not taken for a dead one.

The canary of a cluster whose every worker is in a long task goes unanswered, rightly. The files
live in settings.CLUSTER_DIR, which the supervisor makes; without a supervisor nobody asks.
A file that cannot be written must not take the worker down: it is only an excuse.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

GRACE = 10  # seconds after which a task past its timeout no longer excuses a silence


def begins(sender: object, **_: object) -> None:
    if settings.CLUSTER_DIR:
        with suppress(OSError):
            _mark().touch()


def ends(sender: object, **_: object) -> None:
    if settings.CLUSTER_DIR:
        with suppress(OSError):
            _mark().unlink()


def at_work(directory: Path) -> int:
    """Return how many living workers are in a task that is not past its time."""
    return sum(map(_excuses, directory.iterdir()))


def _excuses(mark: Path) -> bool:
    try:
        age = time.time() - mark.stat().st_mtime
        os.kill(int(mark.name), 0)
    except OSError:
        return False
    return age < int(settings.Q_CLUSTER["timeout"]) + GRACE


def _mark() -> Path:
    return Path(settings.CLUSTER_DIR) / str(os.getpid())
