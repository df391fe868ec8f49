"""Rehearsing a proposed edit: everybody compared, the sequences asked, the lists written.

A worker's job with its row in `Proposal`. The queue hands a task out again whose worker was
killed; then it begins anew, and a former worker that is still at it finds out and stops.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import QueryDict

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.core import rows
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.segments.dry_run import outcomes
from apps.segments.dry_run.comparing import TABLE, foreseen
from apps.segments.dry_run.edits import NEW, Basis, Edit
from apps.segments.editor.editor import Editor
from apps.segments.listing import in_words
from apps.segments.models import Foreseen, Proposal, ProposedMove, Segment
from apps.segments.plan import catalogue

JOB = "apps.segments.jobs.rehearse"
STEPS = (
    "Comparing every contact with the edited rule",
    "Writing the lists",
    "Asking what can be proved of the rules",
)
FEW = 20_000  # contacts that are compared before the page is answered
PIECE = 20_000  # moves written at once
TRIES = 3
NOT_ANY_MORE = "This edit cannot be saved any more. Go back to editing to see why."
TOO_LONG = "It could not be worked out: it was begun again and again, and never ended."


class TakenOver(Exception):
    """Another worker began the same rehearsal anew, or it is gone."""


def propose(editor: Editor, *, by: User, now: datetime) -> Proposal | None:
    """Write down what the editor's form would save, and have it rehearsed.

    None: it cannot be saved, and the editor tells why. Few contacts are compared at once.
    """
    edit = editor.trial(by=by, now=now)
    if edit is None or editor.posted is None:
        return None
    posted = editor.posted.copy()
    posted.pop("csrfmiddlewaretoken", None)
    proposal = Proposal.objects.create(
        segment_id=editor.segment.pk,
        name=editor.segment.name,
        posted=posted.urlencode(),
        by=by,
        at=now,
    )
    newest = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest <= FEW:
        rehearse(proposal.pk, now=now)
    else:
        ring(JOB, proposal.pk)
    return proposal


def editor_of(proposal: Proposal, **more: str) -> Editor:
    """Return the editor as it was when the proposal was made; `more` is put into its form."""
    posted = QueryDict(proposal.posted, mutable=True)
    for name, value in more.items():
        posted[name] = value
    fresh = Segment(status=Segment.Status.LIVE)
    segment = Segment.objects.get(pk=proposal.segment_id) if proposal.segment_id else fresh
    return Editor(segment, form=posted)


def rehearse(proposal_id: int, *, now: datetime) -> None:
    """Work out what a proposal would do. Safe to run twice, or twice at once."""
    with suppress(TakenOver):
        proposal = _taken(proposal_id)
        if proposal.attempt > TRIES:
            _end(proposal, Proposal.State.FAILED, {"problem": TOO_LONG}, now=now)
            return
        ProposedMove.objects.filter(proposal=proposal).delete()
        editor = editor_of(proposal)
        edit = editor.trial(by=proposal.by, now=now)
        if edit is None:
            _end(proposal, Proposal.State.FAILED, {"problem": NOT_ANY_MORE}, now=now)
            return
        _work(proposal, edit, editor.segment.rule, now=now)


def _taken(proposal_id: int) -> Proposal:
    """Take the proposal up: whoever was at it loses it. Raises TakenOver where it is done."""
    if not Proposal.objects.under_way().filter(pk=proposal_id).update(attempt=F("attempt") + 1):
        raise TakenOver
    return Proposal.objects.select_related("by").get(pk=proposal_id)


def _work(proposal: Proposal, edit: Edit, rule: object | None, *, now: datetime) -> None:
    from apps.segments.dry_run import proved  # noqa: PLC0415  z3 takes long to load

    known = catalogue()
    before = Segment.objects.filter(proposals=proposal).values_list("rule", flat=True)
    basis = outcomes.basis_of(edit)
    with foreseen(edit, now=now):
        outcome = outcomes.outcome(edit, name=proposal.name, now=now)
        _step(proposal, 1)
        _write_lists(proposal)
    _step(proposal, 2)
    appearing, going = proved.warnings(edit, known=known, now=now)
    outcome |= {
        "says": in_words(rule, known),
        "said": in_words(before[0], known) if before else "",
        "appearing": appearing,
        "going": going,
    }
    _end(proposal, Proposal.State.DONE, outcome, now=now, basis=basis)


def _write_lists(proposal: Proposal) -> None:
    """Write who moves, in pieces of contacts in order, each a transaction."""
    after = 0
    while (last := _end_of_piece(after)) is not None:
        with transaction.atomic():
            _hold(proposal)
            rows.run(_INSERT, [proposal.pk, NEW, after, last], answers=False)
        after = last
        reached("rehearsal.between_pieces")


_INSERT = f"""
INSERT INTO {rows.table(ProposedMove)} (proposal_id, segment_id, contact_id, enters)
SELECT %s, NULLIF(segment_id, %s), contact_id, due FROM {TABLE}
JOIN {rows.table(Contact)} AS contact ON contact.id = contact_id
WHERE contact_id > %s AND contact_id <= %s ORDER BY contact_id
"""  # noqa: S608


def _end_of_piece(after: int) -> int | None:
    """Return the contact that the next piece ends with, None behind the last."""
    ids = Foreseen.objects.filter(contact_id__gt=after).order_by("contact_id")
    found = ids.values_list("contact_id", flat=True)
    last: int | None = found[PIECE - 1 : PIECE].first() or found.last()
    return last


def _step(proposal: Proposal, done: int) -> None:
    with transaction.atomic():
        _hold(proposal)
        Proposal.objects.filter(pk=proposal.pk).update(step=done)


def _end(
    proposal: Proposal,
    state: Proposal.State,
    outcome: Mapping[str, Any],
    *,
    now: datetime,
    basis: Basis | None = None,
) -> None:
    with transaction.atomic():
        _hold(proposal)
        Proposal.objects.filter(pk=proposal.pk).update(
            state=state, outcome=outcome, basis=basis or {}, done_at=now
        )


def _hold(proposal: Proposal) -> None:
    """Hold the proposal's row. Raises TakenOver where another worker has it."""
    held = Proposal.objects.select_for_update().filter(pk=proposal.pk, attempt=proposal.attempt)
    if not held:
        raise TakenOver
