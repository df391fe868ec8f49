"""What every answer costs: two reads and one write, in statements of ours.

Answering is what a busy quiz asks most of a server, and the ORM would take longer over these
than the database does (docs/performance.md).
"""

import json
from datetime import datetime
from typing import Any

from django.db import connection

from apps.core import rows
from apps.quizzes.models import Answer, Response, Version

ALL = tuple(field.attname for field in Response._meta.concrete_fields)
OF_THE_VERSION = ("id", "quiz_id", "number", "digest")  # without the definition
OF_AN_ANSWER = ("id", "response_id", "question_key", "value", "other", "revision")
HELD = f"""
SELECT {", ".join(f"response.{name}" for name in ALL)},
    {", ".join(f"version.{name}" for name in OF_THE_VERSION)}
FROM quizzes_response AS response
JOIN quizzes_version AS version ON version.id = response.version_id
WHERE response.token_hash = %s
"""
LOCKED = {"postgresql": "FOR UPDATE OF response", "sqlite": ""}
SAID = f"""
SELECT {", ".join(OF_AN_ANSWER)} FROM quizzes_answer WHERE response_id = %s ORDER BY id
"""
KEPT = """
INSERT INTO quizzes_answer (response_id, question_key, value, other, revision, answered_at)
VALUES (%s, %s, %s, %s, 1, %s)
"""


def hold(token_hash: str) -> Response | None:
    """Return the response, locked to the end of the transaction, with its version."""
    for found in rows.run(HELD + LOCKED[connection.vendor], [token_hash]):
        response = rows.made(Response, ALL, found[: len(ALL)])
        response.version = rows.made(Version, OF_THE_VERSION, found[len(ALL) :])
        return response
    return None


def said(response: Response) -> dict[str, Answer]:
    """Return every answer of a response by question key, without the moment it was given."""
    made = (rows.made(Answer, OF_AN_ANSWER, row) for row in rows.run(SAID, [response.pk]))
    return {answer.question_key: answer for answer in made}


def keep(response: Response, question_key: str, value: Any, other: str, *, now: datetime) -> Answer:
    """Write a first answer; raises IntegrityError where there is one already."""
    written = None if value is None else json.dumps(value)
    rows.run(KEPT, [response.pk, question_key, written, other, now], answers=False)
    return Answer(
        response=response, question_key=question_key, value=value, other=other, answered_at=now
    )
