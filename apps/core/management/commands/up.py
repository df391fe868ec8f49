"""Run Tidemark on this machine."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.core import ports, storage
from apps.core.children import Child
from apps.core.supervisor import Cluster, Supervisor

NOT_COLLECTED = (
    "static files were not collected: browsers cannot keep them, nor take them compressed."
    " Run: manage.py collectstatic --no-input"
)
PATIENCE = 10.0  # seconds: what a killed supervisor left is ended within 5


class Command(BaseCommand):
    help = "Runs web, queue and pulse, and keeps them running until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, help="processes that do the queue's tasks")
        parser.add_argument(
            "--mail-sink",
            type=int,
            nargs="?",
            const=0,
            metavar="PORT",
            help="keep every mail as a file instead of sending it; without PORT on a free one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_old_tables()
        _refuse_taken_port(options["host"], options["port"])
        if options["mail_sink"] == 0:
            options["mail_sink"] = ports.any_free("127.0.0.1")
        _tell_children(**options)
        if options["workers"]:
            settings.WORKERS = options["workers"]
        cluster = Cluster()
        queue = Child("queue", _manage("qcluster"), fresh=cluster.fresh)
        children = [
            Child("web", web(host=options["host"], port=options["port"])),
            queue,
            Child("pulse", _manage("pulse")),
        ]
        if options["mail_sink"]:
            sink = _manage("mailsink", "--port", str(options["mail_sink"]))
            children.append(Child("mail sink", sink))
        if not storage.is_collected():
            self._say(NOT_COLLECTED)
        self._say(f"http://{options['host']}:{options['port']}/")
        Supervisor(children, queue=queue, cluster=cluster, say=self._say).run()

    def _say(self, words: str) -> None:
        self.stdout.write(f"up: {words}")
        self.stdout.flush()


def _refuse_old_tables() -> None:
    """Raise CommandError when migrations are missing; a database that is away may come back."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError:
        return
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is older than this code. Run: manage.py migrate")
    connection.close()


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        ports.wait_until_free(host, port, seconds=PATIENCE)
    except ports.PortTaken as error:
        raise CommandError(str(error)) from None


def _tell_children(*, port: int, workers: int | None, mail_sink: int | None, **_: Any) -> None:
    os.environ.setdefault("PUBLIC_URL", f"http://localhost:{port}")
    if workers:
        os.environ["WORKERS"] = str(workers)
    if mail_sink:  # a demo must never mail real people, whatever the environment says
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{mail_sink}"


def _manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]


def web(*, host: str, port: int, application: str = "config.wsgi:application") -> list[str]:
    """Return the command line of the web server."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(settings.WEB_PROCESSES)),
        *("--blocking-threads", str(settings.WEB_THREADS)),
        *("--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "4", "--log-level", "warning"),
        application,
    ]
