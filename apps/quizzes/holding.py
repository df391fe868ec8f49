"""What every answer costs: two reads and one write, in statements of ours.

Answering is what a busy quiz asks most of a server, and the ORM would take longer over these
than the database does (docs/performance.md).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.core import rows
from apps.quizzes.models import Answer, Response, Version

ALL = tuple(field.attname for field in Response._meta.concrete_fields)
OF_THE_VERSION = ("id", "quiz_id", "number", "digest")  # without the definition
HELD = f"""
SELECT {", ".join(f"response.{name}" for name in ALL)},
    {", ".join(f"version.{name}" for name in OF_THE_VERSION)}
FROM quizzes_response AS response
JOIN quizzes_version AS version ON version.id = response.version_id
WHERE response.token_hash = %s
"""
LOCKED = {"postgresql": "FOR NO KEY UPDATE OF response", "sqlite": ""}
SAID = """
SELECT question_key, value, other, revision FROM quizzes_answer WHERE response_id = %s ORDER BY id
"""
KEPT = """
INSERT INTO quizzes_answer (response_id, question_key, value, other, revision, answered_at)
VALUES (%s, %s, %s, %s, 1, %s)
"""


class Said(NamedTuple):
    """What was said to one question, as an `Answer` keeps it."""

    value: Any
    other: str = ""
    revision: int = 1


Rows = Mapping[str, Said]  # by question key


def hold(token_hash: str) -> Response | None:
    """Return the response, locked to the end of the transaction, with its version."""
    for found in rows.run(HELD + LOCKED[connection.vendor], [token_hash]):
        response = rows.made(Response, ALL, found[: len(ALL)])
        response.version = rows.made(Version, OF_THE_VERSION, found[len(ALL) :])
        return response
    return None


def said(response: Response) -> dict[str, Said]:
    """Return every answer of a response by question key, in the order first given."""
    found = rows.run(SAID, [response.pk])
    return {
        key: Said(None if value is None else json.loads(value), other, revision)
        for key, value, other, revision in found
    }


def keep(response: Response, question_key: str, value: Any, other: str, *, now: datetime) -> Said:
    """Write a first answer; raises IntegrityError where there is one already."""
    written = None if value is None else json.dumps(value)
    rows.run(KEPT, [response.pk, question_key, written, other, now], answers=False)
    return Said(value, other)


def change(response: Response, question_key: str, now_said: Said, *, now: datetime) -> Said:
    """Write what is said now in the place of an answer that is there."""
    Answer.objects.filter(response=response, question_key=question_key).update(
        **now_said._asdict(), answered_at=now
    )
    return now_said
