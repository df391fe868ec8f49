"""The editor's form as a browser posts it, and proposals made of it."""

import json
from datetime import datetime
from typing import Any

from django.http import QueryDict

from apps.accounts.models import User
from apps.segments.dry_run import rehearsing
from apps.segments.editor.editor import Editor
from apps.segments.models import Proposal, Segment
from tests.factories import NOW

Form = dict[str, str]


def form(segment: Segment | None, *, rule: object, **fields: Any) -> Form:
    """Return what the editor posts to save the segment, a new one if there is none."""
    row = segment or Segment(name="New", status=Segment.Status.LIVE)
    said = {"name": row.name, "status": row.status, "ladder": row.ladder_id, "rung": row.rung}
    posted = {"do": "save", **said, **fields}
    posted |= {"static": "on"} if rule is None else {"view": "json", "json": json.dumps(rule)}
    return {name: "" if value is None else str(value) for name, value in posted.items()}


def editor(segment: Segment | None, posted: Form) -> Editor:
    query = QueryDict(mutable=True)
    query.update(posted)
    fresh = Segment(status=Segment.Status.LIVE)
    return Editor(Segment.objects.get(pk=segment.pk) if segment else fresh, form=query)


def proposed(
    segment: Segment | None, posted: Form, *, by: User, now: datetime = NOW
) -> Proposal | None:
    """Return the proposal, worked out; None where the edit cannot be saved."""
    found = rehearsing.propose(editor(segment, posted), by=by, now=now)
    if found is not None:
        found.refresh_from_db()
    return found
