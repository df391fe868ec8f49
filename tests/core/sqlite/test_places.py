import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from apps.core.sqlite.places import in_front
from tests.core.sqlite.queueing import (
    PATIENCE,
    is_free,
    wait_for_queue,
    wait_until_free,
    wait_until_taken,
)

WAITING = 12
STAYS = """
import os, sys, time
from apps.core.sqlite.places import in_front

with in_front(sys.argv[1], patience=60):
    {more}
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "queue"
    path.touch()
    return path


def another(path: Path, more: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STAYS.format(more=more), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def pid_from(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    return int(process.stdout.readline())


def test_whoever_came_first_is_served_first(path: Path) -> None:
    served = []

    def ask(number: int) -> None:
        with in_front(str(path), patience=PATIENCE):
            served.append(number)

    threads = [Thread(target=ask, args=(number,), daemon=True) for number in range(WAITING)]
    with in_front(str(path), patience=PATIENCE):
        for number, thread in enumerate(threads):
            thread.start()
            wait_for_queue(path, length=number + 1)
        assert served == []
    for thread in threads:
        thread.join(PATIENCE)
    assert served == list(range(WAITING))


def test_another_process_waits_too(path: Path) -> None:
    with in_front(str(path), patience=PATIENCE):
        other = another(path)
        wait_for_queue(path, length=1)
    wait_until_taken(path)
    assert pid_from(other) == other.pid
    other.kill()
    other.communicate()


def test_the_place_of_the_killed_is_free(path: Path) -> None:
    with another(path) as other:
        pid_from(other)
        assert not is_free(path)
        other.kill()
    wait_until_free(path)


def test_a_fork_does_not_keep_the_place_of_its_parent(path: Path) -> None:
    with another(path, more="os.fork()") as parent:
        child = {pid_from(parent), pid_from(parent)} - {parent.pid}
        try:
            assert not is_free(path)
            parent.kill()
            parent.wait()
            wait_until_free(path)
        finally:
            os.kill(child.pop(), signal.SIGKILL)


def test_an_error_frees_the_place(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), in_front(str(path), patience=PATIENCE):
        raise KeyboardInterrupt
    assert is_free(path)


def test_where_there_can_be_no_file_nobody_waits(tmp_path: Path) -> None:
    path, done = tmp_path / "nowhere" / "queue", []
    with pytest.warns(RuntimeWarning, match="do not queue"), in_front(str(path), patience=0):
        done.append(True)
    assert done


def test_who_has_waited_for_too_long_goes_on_and_keeps_it_from_nobody(path: Path) -> None:
    with another(path) as other:
        pid_from(other)
        os.kill(other.pid, signal.SIGSTOP)  # lives, and does nothing
        for _ in range(3):
            began = monotonic()
            with in_front(str(path), patience=0.1):
                assert monotonic() - began >= 0.1
        other.kill()
    wait_until_free(path)


def test_an_interrupted_wait_keeps_the_place_from_nobody(path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with in_front(str(path), patience=PATIENCE):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt), in_front(str(path), patience=PATIENCE):
                pass
    finally:
        signal.signal(signal.SIGALRM, before)
    wait_until_free(path)
