"""The supervisor's last will: end its children when it was killed and cannot.

Run as a program by the supervisor, which writes "+pid" and "-pid" as its children come and go.
The end of that input means the supervisor is gone. Plain Python: it must start and act at once.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

PATIENCE = 5.0  # seconds for a clean stop


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the supervisor's end ends the reaper
    orphans = _listen(sys.stdin)
    _signal_each(orphans, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(map(_lives, orphans)) and time.monotonic() < deadline:
        time.sleep(0.1)
    end_groups(orphans)


def _listen(lines: Iterable[str]) -> set[int]:
    children: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            children.add(pid)
        else:
            children.discard(pid)
    return children


def _signal_each(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end_groups(leaders: Iterable[int]) -> None:
    """Kill whatever is left in the process groups that `leaders` opened."""
    for leader in leaders:
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main()
