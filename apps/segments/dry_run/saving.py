"""Saving a proposal once it was looked at: what is saved is what was rehearsed, or nothing."""

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.segments.dry_run.rehearsed import EditedMeanwhile, Rehearsed
from apps.segments.dry_run.rehearsing import editor_of
from apps.segments.editor.editor import Editor
from apps.segments.models import Proposal

HOLDS = timedelta(hours=1)  # the numbers of a rehearsal: people move all the while


class Outdated(Exception):
    """The rehearsal is not what would happen now; the message says why. Nothing was saved."""


def save(
    proposal: Proposal, *, enrol_existing: bool, confirmed: str, by: User, now: datetime
) -> tuple[Editor, bool]:
    """Save what was rehearsed; return the editor and whether that was done.

    Where not, its context has the reasons. Raises Outdated.
    """
    if proposal.state != Proposal.State.DONE or proposal.done_at is None:
        raise Outdated("It was not worked out to the end. Nothing was saved.")
    if now - proposal.done_at > HOLDS:
        raise Outdated("The numbers were more than an hour old. Nothing was saved yet.")
    typed = confirmed.replace(",", "").strip()[:12]
    editor = editor_of(
        proposal,
        enrol_existing="on" if enrol_existing else "",
        confirmed=typed if typed.isdecimal() else "",
    )
    rehearsed = Rehearsed(proposal.outcome["starting"], proposal.basis)
    try:
        return editor, editor.save(by=by, now=now, rehearsed=rehearsed)
    except EditedMeanwhile as error:
        raise Outdated(
            f"Somebody changed {error} meanwhile. Nothing was saved: this is what it would do now."
        ) from None
