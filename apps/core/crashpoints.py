"""Named places at which a test may have this process killed, as a power cut would.

    CRASH_TEST=1 CRASH_POINTS="deliver.claimed:0.05,settle.before_commit:/tmp/once"

After the colon stands how likely each passing is fatal, or the path of a file: whoever makes it
dies, so that it happens once among all processes. Without CRASH_TEST=1 nothing ever happens.
With CRASH_LOG, the path of a file, whoever dies writes the point's name there first; without
the file nobody dies, so that a test which moves it away ends the dying and can count it.
"""

import os
import random
import signal
from pathlib import Path


def _armed() -> dict[str, str]:
    if os.environ.get("CRASH_TEST") != "1":
        return {}
    pairs = os.environ.get("CRASH_POINTS", "").split(",")
    return dict(pair.strip().split(":", 1) for pair in pairs if ":" in pair)


ARMED = _armed()
LOG = os.environ.get("CRASH_LOG", "")


def reached(name: str) -> None:
    """Die here without a word, if a crash test asks for it."""
    if ARMED and _is_fatal(ARMED.get(name, "")) and _is_written_down(name):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_fatal(chance: str) -> bool:
    if not chance:
        return False
    if chance.startswith("/"):
        return _is_first(Path(chance))
    return random.random() < float(chance)  # noqa: S311 - a test's dice


def _is_first(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _is_written_down(name: str) -> bool:
    if not LOG:
        return True
    try:
        log = os.open(LOG, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return False
    os.write(log, f"{name}\n".encode())
    os.close(log)
    return True
