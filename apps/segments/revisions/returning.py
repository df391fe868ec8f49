"""Going back to the rule of an earlier revision: it becomes the next one."""

import json
from datetime import datetime

from apps.accounts.models import User
from apps.rules.errors import RuleError
from apps.segments import editing
from apps.segments.editor.editor import ASK_AGAIN_ABOVE
from apps.segments.foreseeing import Preview, estimate, preview
from apps.segments.models import Revision, Segment


class MustConfirm(editing.SegmentError):
    """So many would start sequences that the number has to be typed."""

    def __init__(self, many: int) -> None:
        super().__init__(
            f"{many:,} contacts would start sequences at once. Type {many} and return again if"
            " that is what you want."
        )


def foresee(
    segment: Segment, revision: Revision, *, now: datetime, exactly: bool = False
) -> Preview | None:
    """Return what going back would do; None where there is no rule or it cannot be read.

    Where contacts are many it is estimated, unless it is asked for exactly.
    """
    if revision.rule is None:
        return None
    try:
        rule = editing.read_rule(revision.rule)
    except RuleError:
        return None
    return (preview if exactly else estimate)(rule, segment=segment, now=now)


def rehearsal(segment: Segment, revision: Revision) -> dict[str, str]:
    """Return what the editor would post to save the revision's rule: the dry run takes it."""
    said = {
        "name": segment.name,
        "status": segment.status,
        "ladder": "" if segment.ladder_id is None else str(segment.ladder_id),
        "rung": "" if segment.rung is None else str(segment.rung),
    }
    if revision.rule is None:
        return {**said, "static": "on"}
    return {**said, "view": "json", "json": json.dumps(revision.rule, ensure_ascii=False)}


def return_to(
    revision: Revision,
    *,
    by: User,
    now: datetime,
    enrol_existing: bool = False,
    confirmed: int | None = None,
) -> Segment:
    """Save the revision's rule as the segment's next revision; status and ladder stay.

    Raises RuleError where it cannot be read any more, SegmentError where it cannot be saved.
    """
    segment = Segment.objects.get(pk=revision.segment_id)
    if enrol_existing and revision.rule is not None:
        rule = editing.read_rule(revision.rule)
        entering = preview(rule, segment=segment, now=now).entering
        if entering > ASK_AGAIN_ABOVE and confirmed != entering:
            raise MustConfirm(entering)
    return editing.save(segment, rule=revision.rule, by=by, now=now, enrol_existing=enrol_existing)
