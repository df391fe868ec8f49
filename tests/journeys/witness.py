"""A process that looks into the installation's database on behalf of the kill test.

It takes one command a line, with whole numbers, and answers with one line of JSON. The test's
own process cannot: its Django is connected to another database. Started by
tests/journeys/chaos.py.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from apps.contacts.models import Contact, Event
from apps.core.models import DeadTask
from apps.nurture.models import Enrolment, Message, Sequence
from apps.quizzes.drafting import draft
from apps.quizzes.models import Response
from apps.quizzes.publishing import publish
from apps.segments import editing
from apps.segments.models import Change, Ladder, Membership, Rebuild, Segment, Transition
from apps.segments.rebuilding import run
from tests.journeys import staging


def main() -> None:
    obey(COMMANDS)


def obey(commands: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    for line in sys.stdin:
        close_old_connections()
        name, *numbers = line.split()
        json.dump(commands[name](*map(int, numbers)), sys.stdout)
        sys.stdout.write("\n")
        sys.stdout.flush()


def seed() -> dict[str, Any]:
    """Write the quiz, the segments and the sequence."""
    now = timezone.now()
    publish(draft(staging.QUIZ), by=None, now=now)
    ladder = Ladder.objects.create(name="Temperature", slug="temperature")
    for slug, rung, rule in staging.SEGMENTS:
        place = {"ladder": ladder, "rung": rung} if rung else {}
        row = Segment(name=slug, slug=slug, status="live", **place)
        editing.save(row, rule=rule, by=None, now=now)
    for pk in Rebuild.objects.values_list("pk", flat=True):
        run(pk)
    sequence = Sequence.objects.create(
        name="Welcome",
        slug="welcome",
        segment=Segment.objects.get(slug=staging.MAILED),
        status=Sequence.Status.LIVE,
        on_leave=Sequence.OnLeave.FINISH,
    )
    for place, step in enumerate(staging.STEPS):
        sequence.steps.create(position=place, **step)
    return {}


def edit() -> dict[str, Any]:
    """Change a segment's rule to its other form; a rebuild follows."""
    row = Segment.objects.get(slug=staging.EDITED)
    other = staging.scored(6 if row.rule == staging.scored(7) else 7)
    editing.save(row, rule=other, by=None, now=timezone.now())
    return {"revision": row.revision}


def unsettled() -> dict[str, int]:
    """Count what membership still waits for."""
    return {
        "marks": Change.objects.count(),
        "rebuilds": Rebuild.objects.filter(state=Rebuild.State.WAITING).count(),
    }


def unmailed() -> dict[str, int]:
    """Count what nurture still has to do."""
    return {
        "messages": Message.objects.exclude(look_at=None).count(),
        "enrolments": Enrolment.objects.active().count(),
    }


@transaction.atomic
def report() -> dict[str, Any]:
    """Return every row that the promises are about, all as of one moment."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    slug = "segment__slug"
    return {
        "responses": [_response(row) for row in Response.objects.prefetch_related("answers")],
        "contacts": _rows(Contact.objects, "id", "email", "profile"),
        "events": _rows(Event.objects.filter(name="quiz_finished"), "contact_id", "message_id"),
        "memberships": _rows(Membership.objects, slug, "contact_id"),
        "transitions": _rows(Transition.objects, slug, "contact_id", "kind"),
        "enrolments": _rows(Enrolment.objects, "id", "contact_id", "sequence__slug", "state"),
        "messages": _rows(
            Message.objects,
            *("enrolment_id", "step__subject", "pass_number"),
            *("contact__email", "state", "reason", "message_id"),
        ),
        "dead_tasks": DeadTask.objects.count(),
    }


def _response(row: Response) -> dict[str, Any]:
    return {
        "id": row.pk,
        "token_hash": row.token_hash,
        "finished": row.is_finished,
        "score": row.score,
        "tier": row.tier_key,
        "contact": row.contact_id,
        "answers": {answer.question_key: answer.value for answer in row.answers.all()},
    }


def _rows(rows: Any, *names: str) -> list[list[Any]]:
    return [list(row) for row in rows.order_by("pk").values_list(*names)]


COMMANDS: dict[str, Callable[[], dict[str, Any]]] = {
    name.__name__: name for name in (seed, edit, unsettled, unmailed, report)
}
