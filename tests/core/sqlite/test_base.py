import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from pytest_django import DjangoDbBlocker

from apps.core.sqlite.base import DatabaseWrapper
from apps.core.sqlite.places import in_front
from tests.core.sqlite.queueing import PATIENCE, is_free, wait_for_queue, wait_until_taken

ALIAS = "queued"
TABLE = "CREATE TABLE done (number INTEGER UNIQUE)"
INSERT = "INSERT INTO done (number) VALUES (%s)"
TIMEOUT = 0.2  # seconds


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    path = tmp_path / "some.sqlite3"
    options = {"transaction_mode": "IMMEDIATE", "timeout": TIMEOUT}
    connections.databases[ALIAS] = {
        **connections.databases["default"],
        "ENGINE": "apps.core.sqlite",
        "NAME": str(path),
        "OPTIONS": {**options, "init_command": "PRAGMA journal_mode=WAL;"},
    }
    with django_db_blocker.unblock():
        run(TABLE)
        yield path
        connections[ALIAS].close()
    del connections[ALIAS]
    del connections.databases[ALIAS]


@pytest.fixture
def queue(database: Path) -> Path:
    path = database.with_name("some.sqlite3-queue")
    path.touch()
    return path


@pytest.fixture
def patient(database: Path) -> None:
    connections.databases[ALIAS]["OPTIONS"]["timeout"] = PATIENCE
    connections[ALIAS].close()
    del connections[ALIAS]


@pytest.fixture
def stranger(database: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of a transaction."""
    with closing(sqlite3.connect(database, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        yield stranger


@contextmanager
def at_once() -> Iterator[None]:
    """Fail where somebody waited: it would be for as long as a patient connection does."""
    began = monotonic()
    yield
    assert monotonic() - began < PATIENCE / 2


def run(sql: str, *params: Any) -> list[Any]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def numbers() -> list[int]:
    return [number for (number,) in run("SELECT number FROM done ORDER BY rowid")]


def write(number: int) -> None:
    """Write a number, every other one by a statement outside of a transaction."""
    try:
        if number % 2:
            with transaction.atomic(using=ALIAS):
                run(INSERT, number)
        else:
            run(f"\n  {INSERT}", number)
    finally:
        connections[ALIAS].close()


@pytest.mark.usefixtures("patient")
def test_who_writes_does_so_in_the_order_of_coming(queue: Path) -> None:
    waiting = [Thread(target=write, args=(number,), daemon=True) for number in range(10)]
    with transaction.atomic(using=ALIAS):
        for number, thread in enumerate(waiting):
            thread.start()
            wait_until_taken(queue)
            wait_for_queue(queue, length=number)
        run(INSERT, 100)
    for thread in waiting:
        thread.join(PATIENCE)
    assert numbers() == [100, *range(10)]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("number", [0, 1])
def test_who_comes_again_and_again_does_not_come_before_who_waits(queue: Path, number: int) -> None:
    thread = Thread(target=write, args=(number,), daemon=True)
    with transaction.atomic(using=ALIAS):
        thread.start()
        wait_until_taken(queue)
    for again in range(100, 120):
        with transaction.atomic(using=ALIAS):
            run(INSERT, again)
    thread.join(PATIENCE)
    assert numbers() == [number, *range(100, 120)]


@pytest.mark.usefixtures("patient")
def test_who_reads_waits_for_nobody(queue: Path) -> None:
    with in_front(str(queue), patience=PATIENCE), at_once():
        assert numbers() == []


@pytest.mark.usefixtures("patient", "stranger")
def test_who_writes_into_a_temporary_table_waits_for_nobody(queue: Path) -> None:
    with in_front(str(queue), patience=PATIENCE), at_once():
        run("CREATE TEMPORARY TABLE found (number INTEGER)")
        run("INSERT INTO temp.found SELECT 7")
        assert run("SELECT number FROM found") == [(7,)]


@pytest.mark.usefixtures("patient")
def test_who_has_begun_to_write_lets_the_next_come_to_the_front(queue: Path) -> None:
    with transaction.atomic(using=ALIAS):
        assert is_free(queue)
        with in_front(str(queue), patience=PATIENCE), at_once(), transaction.atomic(using=ALIAS):
            run(INSERT, 1)  # waits for nobody: it writes already
    assert numbers() == [1]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "  BEGIN IMMEDIATE"])
def test_a_transaction_begun_by_hand_writes_without_waiting(queue: Path, begin: str) -> None:
    run(begin)
    with in_front(str(queue), patience=PATIENCE), at_once():
        run(INSERT, 1)
    run("COMMIT")
    assert numbers() == [1]


def test_who_waits_for_too_long_is_told_so(queue: Path, stranger: sqlite3.Connection) -> None:
    for number in (0, 1):
        began = monotonic()
        with pytest.raises(OperationalError, match="locked"):
            write(number)
        assert monotonic() - began >= TIMEOUT
        assert is_free(queue)
    stranger.execute("COMMIT")
    run(INSERT, 3)
    assert numbers() == [3]


def test_those_behind_whoever_waits_for_too_long_do_not_begin_to_wait_anew(
    queue: Path, stranger: sqlite3.Connection
) -> None:
    began = monotonic()
    told: list[int] = []

    def be_told(number: int) -> None:
        with pytest.raises(OperationalError, match="locked"):
            write(number)
        told.append(number)

    waiting = [Thread(target=be_told, args=(number,), daemon=True) for number in range(10)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(PATIENCE)
    assert monotonic() - began < len(waiting) * TIMEOUT
    assert sorted(told) == list(range(10))


def test_what_is_refused_is_not_asked_for_again(queue: Path) -> None:
    run(INSERT, 1)
    with pytest.raises(IntegrityError):
        run(INSERT, 1)
    with pytest.raises(OperationalError, match="nowhere"):
        run("INSERT INTO nowhere VALUES (1)")
    assert is_free(queue)


def test_who_stands_in_its_own_way_is_told_so_at_once(database: Path) -> None:
    """It reads what another has since written over: waiting ends nothing."""
    run(INSERT, 1)
    with connections[ALIAS].cursor() as reading, closing(sqlite3.connect(database)) as stranger:
        reading.execute("SELECT number FROM done UNION ALL SELECT 2")
        assert reading.fetchone() == (1,)
        with stranger:
            stranger.execute("INSERT INTO done VALUES (3)")
        connections[ALIAS].settings_dict["OPTIONS"]["timeout"] = PATIENCE
        with at_once(), pytest.raises(OperationalError, match="locked"):
            run(INSERT, 4)
        connections[ALIAS].settings_dict["OPTIONS"]["timeout"] = TIMEOUT


def test_many_statements_at_once_are_each_done_once(queue: Path) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.executemany(INSERT, [(1,), (2,)])
    assert numbers() == [1, 2]


def test_a_connection_waits_for_a_stranger_as_long_as_before(queue: Path) -> None:
    run(INSERT, 1)
    assert run("PRAGMA busy_timeout") == [(TIMEOUT * 1000,)]


def test_in_memory_nobody_queues(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = database.with_name("elsewhere")
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    memory = DatabaseWrapper({**connections[ALIAS].settings_dict, "NAME": ":memory:"})
    with memory.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(INSERT, [1])
    memory.connection.close()
    assert list(elsewhere.iterdir()) == []
