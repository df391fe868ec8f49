import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

PROGRAM = "from apps.core.crashpoints import reached; reached('settle.rung')"


def die(**variables: str) -> int:
    """Pass the point `settle.rung` in a process of its own; return what it ended with."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        check=False,
    ).returncode


@pytest.mark.parametrize(
    ("points", "end"),
    [("settle.rung:1", -signal.SIGKILL), ("settle.rung:0", 0), ("other:1", 0), ("", 0)],
)
def test_only_a_named_point_kills(points: str, end: int) -> None:
    assert die(CRASH_TEST="1", CRASH_POINTS=points) == end


def test_nobody_dies_without_a_crash_test() -> None:
    assert die(CRASH_POINTS="settle.rung:1") == 0


def test_a_point_with_a_file_kills_once(tmp_path: Path) -> None:
    points = f"settle.rung:{tmp_path / 'once'}"
    assert die(CRASH_TEST="1", CRASH_POINTS=points) == -signal.SIGKILL
    assert die(CRASH_TEST="1", CRASH_POINTS=points) == 0


def test_the_dying_say_where_and_without_the_log_nobody_dies(tmp_path: Path) -> None:
    log = tmp_path / "deaths"
    variables = {"CRASH_TEST": "1", "CRASH_POINTS": "settle.rung:1", "CRASH_LOG": str(log)}
    assert die(**variables) == 0
    log.touch()
    assert die(**variables) == -signal.SIGKILL
    assert log.read_text() == "settle.rung\n"
