"""Answering a question over HTTP: the whole request, against a bare view on the same server."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from django.core.management import call_command

from apps.core import ports
from apps.core.management.commands.up import web
from apps.quizzes import taking
from apps.quizzes.drafting import draft
from apps.quizzes.models import Answer, Quiz, Response
from apps.quizzes.publishing import publish
from tests.benchmarks.measuring import interleaved, rate, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree

HOST = "127.0.0.1"
CLIENTS = 8  # at once
QUESTIONS = 10  # each respondent answers these; the last one, which finishes, is not measured
PATIENCE = 60.0  # seconds for a server to start
BARE, PRODUCT = "tests.benchmarks.floors.answering:application", "config.wsgi:application"
QUIZ: dict[str, Any] = {
    "title": "Answering, measured",
    "slug": "answering-measured",
    "questions": [
        {
            "key": f"q{place}",
            "title": f"Which of these do you do most often in week {place}?",
            "choices": [
                {"key": key, "label": f"Something of kind {key}", "points": points}
                for points, key in enumerate("abcd")
            ],
        }
        for place in range(QUESTIONS + 1)
    ],
    "tiers": [{"key": "low", "label": "Low"}, {"key": "high", "label": "High", "starts_at": 15}],
}


def measure(bench: Bench) -> Iterator[Measure]:
    call_command("collectstatic", interactive=False, verbosity=0)
    quiz = draft(QUIZ)
    publish(quiz, by=None, now=NOW)
    quiz.refresh_from_db()
    answers = bench.events * 10
    try:
        with serving(PRODUCT) as product, serving(BARE) as bare:
            runs = [lambda port=port: answer_all(quiz, port, answers) for port in (product, bare)]
            by_product, by_floor = interleaved(*runs, rounds=bench.rounds)
    finally:
        Response.objects.filter(version__quiz=quiz).delete()
        quiz.versions.all().delete()
        quiz.delete()
    yield rate(
        "answering a question, the whole request",
        answers / by_product,
        answers / by_floor,
        unit="requests/s",
        at_least=0.7,
    )


@contextmanager
def serving(application: str) -> Iterator[int]:
    """Serve an application as `manage.py up` does; yield its port."""
    port = ports.any_free(HOST)
    environment = {**os.environ, "PUBLIC_URL": f"http://{HOST}:{port}"}
    server = subprocess.Popen(web(host=HOST, port=port, application=application), env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_for(port: int) -> None:
    deadline = time.perf_counter() + PATIENCE
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def answer_all(quiz: Quiz, port: int, answers: int) -> float:
    """Return the seconds that so many answers take, by several respondents at once."""
    before = Answer.objects.count()
    tokens = [taking.start(quiz, now=NOW)[1] for _ in range(answers // QUESTIONS)]
    shares = [tokens[place::CLIENTS] for place in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        taken = seconds(lambda: list(clients.map(_answer, repeat(port), shares)))
    agree(Answer.objects.count() - before, answers)
    return taken


def _answer(port: int, tokens: Sequence[str]) -> None:
    """Answer all questions but the last of each response, over one connection."""
    with socket.create_connection((HOST, port)) as connection:
        for token in tokens:
            for place in range(QUESTIONS):
                connection.sendall(_request(port, token, f"q{place}"))
                _take_answer(connection)


def _request(port: int, token: str, key: str) -> bytes:
    body = "answer=b&revision=0"
    return (
        f"POST /q/r/{token}/{key}/ HTTP/1.1\r\nHost: {HOST}:{port}\r\nHX-Request: true\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _take_answer(connection: socket.socket) -> None:
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    first, *lines = head.decode().lower().split("\r\n")
    assert " 200 " in f"{first} ", found.decode()
    fields = dict(line.split(": ", 1) for line in lines)
    missing = int(fields["content-length"]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))
