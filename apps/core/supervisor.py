"""Keep Tidemark's processes running: web, queue, pulse and, for the demo, the mail sink."""

import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from apps.core import busy, canary
from apps.core.children import Child, Reaper
from apps.core.models import Canary

PATIENCE = 5.0  # seconds for a clean stop
LOOK_EVERY = 0.25  # seconds
STARTING = 3  # times the limit that a cluster may take, on a busy machine, to answer at all

Say = Callable[[str], None]


class Cluster:
    """Names each start of the queue's cluster and tells whether that one has gone silent."""

    def __init__(self) -> None:
        self.run_dir = Path(tempfile.mkdtemp(prefix="tidemark-"))
        self.name = ""
        self.silent = Event()
        self._answered = 0
        self._since = 0.0

    def fresh(self) -> Mapping[str, str]:
        """Return the variables of a new start; what is known of the last one is forgotten."""
        self.name = f"{socket.gethostname()[:60]}-{secrets.token_hex(4)}"
        directory = self.run_dir / self.name
        directory.mkdir()
        self._answered, self._since = 0, time.monotonic()
        self.silent.clear()
        return {"CLUSTER": self.name, "CLUSTER_DIR": str(directory)}

    def listen(self) -> None:
        """Look at the canary once; set `silent` past the limit, unless all workers are at work.

        One that has never answered is still starting: were it held to the limit, a machine that
        takes longer than that to start one would replace it for ever. A database that is away
        says nothing about the cluster: the wait starts over.
        """
        name = self.name
        try:
            close_old_connections()
            row = Canary.objects.filter(cluster=name).first()
        except DatabaseError:
            self._since = time.monotonic()
            return
        if row and (row.answered > self._answered or not row.is_waiting):
            self._answered, self._since = row.answered, time.monotonic()
        waited = time.monotonic() - self._since
        limit = settings.CANARY_LIMIT * (1 if self._answered else STARTING)
        if waited > limit and name == self.name and not self._is_busy(name):
            self.silent.set()

    def _is_busy(self, name: str) -> bool:
        return busy.at_work(self.run_dir / name) >= int(settings.WORKERS)

    def dismiss(self, name: str) -> None:
        """Forget the cluster that has ended; where the database is away, its row ages out."""
        shutil.rmtree(self.run_dir / name, ignore_errors=True)
        with suppress(DatabaseError):
            canary.dismiss(name)
        connection.close()


class Supervisor:
    def __init__(self, children: list[Child], *, queue: Child, cluster: Cluster, say: Say) -> None:
        self.children = children
        self.queue = queue
        self.cluster = cluster
        self.say = say
        self.stopping = Event()

    def run(self) -> None:
        """Start everything, keep it running until a signal says stop, then stop it."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        self.reaper = Reaper()
        Thread(target=self._listen, daemon=True).start()
        try:
            while not self.stopping.wait(LOOK_EVERY):
                self._look()
        finally:
            self._stop()

    def _listen(self) -> None:
        """Follow the canary, in a thread of its own: a slow database must not delay a stop."""
        while not self.stopping.wait(min(1.0, settings.CANARY_LIMIT / 4)):
            if self.queue.process:
                self.cluster.listen()

    def _look(self) -> None:
        self.reaper.keep_alive()
        if self.cluster.silent.is_set():
            self.say("queue has not answered its canary: killing it")
            self.queue.kill()
            self.cluster.silent.clear()
        for child in self.children:
            if child.has_died():
                self._clear_up(child)
            if child.is_due():
                child.start()
                self.reaper.watch(child.pid)
                self.say(f"{child.name} started (pid {child.pid})")

    def _clear_up(self, child: Child) -> None:
        pid, code = child.pid, child.process.returncode if child.process else None
        pause = child.clear_up()
        self.reaper.forget(pid)
        if child is self.queue:
            Thread(target=self.cluster.dismiss, args=[self.cluster.name], daemon=True).start()
        self.say(f"{child.name} ended ({code}): starting it again in {pause:.1f} s")

    def _stop(self) -> None:
        """Ask each main process once, wait, then end whatever is left of the groups."""
        self.say("stopping")
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not all(map(_has_ended, self.children)):
            time.sleep(0.05)
        for child in self.children:
            if not _has_ended(child):
                self.say(f"{child.name} did not stop in {PATIENCE:.0f} s: killing it")
            child.kill()
            self.reaper.forget(child.pid)
        self.reaper.close()
        self._forget_cluster()
        self.say("stopped")

    def _forget_cluster(self) -> None:
        forgetting = Thread(target=self.cluster.dismiss, args=[self.cluster.name], daemon=True)
        forgetting.start()
        forgetting.join(1.0)
        shutil.rmtree(self.cluster.run_dir, ignore_errors=True)


def _has_ended(child: Child) -> bool:
    return child.process is None or child.process.poll() is not None
