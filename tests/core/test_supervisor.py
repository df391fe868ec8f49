import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.running import Installation, children, installation, processes, wait_for

pytestmark = pytest.mark.alone

numbers = count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation that every recovery test hurts and finds well again."""
    with installation(tmp_path_factory.mktemp("site")) as running:
        running.start()
        yield running


def trace(site: Installation, number: int) -> Path:
    return site.directory / f"trace-{number}"


def ring(site: Installation, job: str = "leave_a_trace") -> int:
    """Ask the web to ring for a drill, for as long as it takes to answer."""
    number = next(numbers)

    def rung() -> str:
        try:
            return site.get(f"/q/drill/ring/{job}/{number}")
        except (URLError, OSError):
            return ""

    wait_for(rung)
    return number


def works_again(site: Installation) -> None:
    """Wait until a task rung now is done and the installation calls itself ready."""
    number = ring(site)
    wait_for(trace(site, number).exists)
    wait_for(site.is_ready)


def test_a_stop_takes_five_seconds_and_finishes_the_request_and_the_task(tmp_path: Path) -> None:
    with installation(tmp_path) as site, ThreadPoolExecutor() as pool:
        site.start()
        number = ring(site, "take_long")
        request = pool.submit(site.get, "/q/drill/slow")
        time.sleep(0.6)
        took = site.stop()
        assert request.result() == "finished"
        assert trace(site, number).exists()
        assert took < 5.5
        assert site.process
        assert site.process.returncode == 0
        assert site.remains() == {}


def test_a_killed_supervisor_leaves_nothing_and_can_be_started_again(tmp_path: Path) -> None:
    with installation(tmp_path) as site:
        site.start()
        site.is_ready()
        os.kill(site.pid, signal.SIGKILL)
        assert site.process
        site.process.wait()
        wait_for(lambda: not site.remains(), seconds=10)
        site.start()
        works_again(site)


@pytest.mark.parametrize("words", ["granian", "qcluster", "pulse"])
def test_a_killed_child_is_started_again(site: Installation, words: str) -> None:
    killed = site.child(words)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: site.child(words) not in {0, killed})
    works_again(site)
    assert processes(killed) == {}


def test_a_killed_web_process_is_replaced(site: Installation) -> None:
    for pid in children(site.child("granian")):
        os.kill(pid, signal.SIGKILL)
    works_again(site)


def test_a_killed_sentinel_of_the_queue_brings_a_new_cluster(site: Installation) -> None:
    cluster = site.child("qcluster")
    (sentinel,) = children(cluster)
    os.kill(sentinel, signal.SIGKILL)
    wait_for(lambda: site.child("qcluster") not in {0, cluster})
    works_again(site)
    assert processes(cluster) == {}


def test_killed_workers_lose_no_task(site: Installation) -> None:
    (sentinel,) = children(site.child("qcluster"))
    for worker in children(sentinel):
        os.kill(worker, signal.SIGKILL)
    works_again(site)


def test_a_killed_monitor_brings_a_new_cluster(site: Installation) -> None:
    """It dies holding the lock on the results: work is done, but never acknowledged again."""
    former = site.child("qcluster")
    os.kill(former, signal.SIGKILL)
    wait_for(lambda: site.child("qcluster") not in {0, former})
    works_again(site)
    cluster = site.child("qcluster")
    (sentinel,) = children(cluster)
    *_, monitor, _ = sorted(children(sentinel))  # begun after the workers, before the pusher
    os.kill(monitor, signal.SIGKILL)
    wait_for(lambda: site.child("qcluster") not in {0, cluster})
    works_again(site)


def test_a_cluster_that_lives_but_does_nothing_is_replaced(site: Installation) -> None:
    cluster = site.child("qcluster")
    for pid in processes(cluster):
        os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: site.child("qcluster") not in {0, cluster})
    works_again(site)
    assert processes(cluster) == {}
    assert "has not answered its canary" in site.log.read_text()


def test_a_task_that_kills_its_worker_is_buried_while_others_go_on(tmp_path: Path) -> None:
    with installation(tmp_path, TASK_TIMEOUT="1", TASK_RETRY="2", CANARY_LIMIT="30") as site:
        site.start()
        deadly, failing = ring(site, "kill_the_worker"), ring(site, "fail")
        works_again(site)
        wait_for(lambda: len(json.loads(site.get("/q/drill/graves"))) == 2)
        works_again(site)
        buried = json.loads(site.get("/q/drill/graves"))
        assert buried == {"tests.drills.kill_the_worker": 5, "tests.drills.fail": 5}
        assert trace(site, deadly).read_text() == "xxxxx"
        assert trace(site, failing).read_text() == "xxxxx"
