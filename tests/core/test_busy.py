import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.core import busy


@pytest.fixture(autouse=True)
def _directory(settings: Settings, tmp_path: Path) -> None:
    settings.CLUSTER_DIR = str(tmp_path)
    settings.Q_CLUSTER = {"timeout": 20}


def test_a_worker_is_at_work_between_begin_and_end(tmp_path: Path) -> None:
    busy.begins(None)
    assert busy.at_work(tmp_path) == 1
    busy.ends(None)
    assert busy.at_work(tmp_path) == 0


def test_a_worker_that_died_at_work_is_no_excuse(tmp_path: Path) -> None:
    (tmp_path / "999999999").touch()
    assert busy.at_work(tmp_path) == 0


def test_a_task_past_its_time_is_no_excuse(tmp_path: Path) -> None:
    busy.begins(None)
    long_ago = time.time() - 60
    os.utime(tmp_path / str(os.getpid()), (long_ago, long_ago))
    assert busy.at_work(tmp_path) == 0


def test_a_directory_that_is_gone_does_not_take_the_worker_down(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CLUSTER_DIR = str(tmp_path / "gone")
    busy.begins(None)
    busy.ends(None)
