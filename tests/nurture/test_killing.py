import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.nurture.dying_workers import CONTACTS
from tests.smtp import CountingServer

pytestmark = pytest.mark.alone

POINTS = (
    "advance.before_commit",
    "advance.committed",
    "deliver.claimed",
    "deliver.before_handing_commit",
    "deliver.handing",
    "deliver.accepted",
)
PROGRAM = """
import django
django.setup()
from tests.nurture import dying_workers
dying_workers.main()
"""


def database_url(folder: Path) -> str:
    """Return the address of the test's database, or of a file: another process sees no memory."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{folder / 'killing.sqlite3'}"
    at = connection.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_killed_workers_send_nothing_twice_and_forget_nothing(
    tmp_path: Path, smtp_server: CountingServer
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(tmp_path),
        "DATA_DIR": str(tmp_path),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_server.port}",
        "MAIL_LEASE": "1",
        "CRASH_TEST": "1",
        "CRASH_POINTS": ",".join(f"{point}:0.08" for point in POINTS),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["deaths"] >= 10
    assert told["enrolments"] == {"finished": CONTACTS}
    assert set(told["ids"]) <= {"sent", "in_doubt"}
    assert sum(map(len, told["ids"].values())) == 2 * CONTACTS
    taken = smtp_server.message_ids
    assert set(taken.values()) == {1}, "a mail was handed over twice"
    assert set(told["ids"]["sent"]) <= set(taken), "a mail counts as sent and never was"
    doubted = set(told["ids"].get("in_doubt", ()))
    assert set(taken) <= set(told["ids"]["sent"]) | doubted, "a mail was sent unnoticed"
