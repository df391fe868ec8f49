import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.smtp import free_port


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [sys.executable, "manage.py", "mailsink", f"--port={port}", f"--dir={tmp_path}"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR)
    try:
        _wait_for(port)
        yield port, process
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    ends_at = time.monotonic() + 15
    while True:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=2).close()
        except OSError:
            assert time.monotonic() < ends_at, "the sink does not answer"
            time.sleep(0.1)
        else:
            return


def test_every_mail_becomes_a_file_and_sigterm_ends_it_cleanly(
    sink: tuple[int, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    port, process = sink
    mail = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Hi\r\n\r\n.dot\r\nend\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        for _ in range(3):
            client.sendmail("a@b.example", ["c@d.example"], mail)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [mail] * 3
    assert {path.suffix for path in tmp_path.iterdir()} == {".eml"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


def test_a_port_that_is_taken_is_said_so(
    sink: tuple[int, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    command = [sys.executable, "manage.py", "mailsink", f"--port={sink[0]}", f"--dir={tmp_path}"]
    second = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=30
    )
    assert second.returncode == 1
    assert "No mail server on 127.0.0.1" in second.stderr
