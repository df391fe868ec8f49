"""What the pages of a proposal show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.urls import reverse

from apps.segments.dry_run.rehearsing import STEPS
from apps.segments.editor.editor import ASK_AGAIN_ABOVE
from apps.segments.models import Proposal, ProposedMove, Segment

SHOWN = 6  # of each list on the proposal's own page
LISTED = 50
NOT_CARRIED = {"do", "enrol_existing", "confirmed", "ask", "estimated"}


@dataclass(frozen=True, slots=True)
class Moves:
    """A stretch of a list; `after` leads to the next."""

    moves: list[ProposedMove]
    after: int | None


def context(proposal: Proposal) -> dict[str, Any]:
    """Return what the page of a proposal shows, worked out or not."""
    found: dict[str, Any] = {
        "proposal": proposal,
        "steps": [(words, number, proposal.step) for number, words in enumerate(STEPS)],
        "fields": list(_carried(proposal)),
        "back": _editor_of(proposal),
        "number_asked": ASK_AGAIN_ABOVE,
    }
    if proposal.state == Proposal.State.DONE:
        own, *others = proposal.outcome["segments"]
        found |= {
            "own": own,
            "own_after": own["members"] + own["entering"] - own["leaving"],
            "others": [_line(one) for one in others if one["entering"] or one["leaving"]],
            "unmoved": sum(not (one["entering"] or one["leaving"]) for one in others),
            "entering": moves(proposal, own["slug"], enters=True, limit=SHOWN),
            "leaving": moves(proposal, own["slug"], enters=False, limit=SHOWN),
            "asks_number": proposal.outcome["starting"] > ASK_AGAIN_ABOVE,
        }
    return found


def moves(
    proposal: Proposal, slug: str, *, enters: bool, after: str = "", limit: int = LISTED
) -> Moves:
    """Return who would enter or leave a segment, by contact, behind `after`."""
    rows = _of_segment(proposal, slug).filter(enters=enters)
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(contact__gt=int(after))
    found = list(rows.select_related("contact").order_by("contact")[: limit + 1])
    page = found[:limit]
    return Moves(page, page[-1].contact_id if len(found) > limit else None)


def line_of(proposal: Proposal, slug: str) -> dict[str, Any] | None:
    """Return the numbers of one segment; None where the proposal does not touch it."""
    lines = proposal.outcome.get("segments", [])
    return next((line for line in lines if line["slug"] == slug), None)


def _of_segment(proposal: Proposal, slug: str) -> QuerySet[ProposedMove]:
    rows = ProposedMove.objects.filter(proposal=proposal)
    if proposal.segment_id is None and slug == proposal.outcome["segments"][0]["slug"]:
        return rows.filter(segment=None)
    return rows.filter(segment__in=Segment.objects.filter(slug=slug))


def _line(one: dict[str, Any]) -> dict[str, Any]:
    after = one["members"] + one["entering"] - one["leaving"]
    return {**one, "after": after}


def _carried(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield the fields of the editor's form, for the way back to it."""
    for name, value in parse_qsl(proposal.posted, keep_blank_values=True):
        if name not in NOT_CARRIED:
            yield name, value


def _editor_of(proposal: Proposal) -> str:
    pk = proposal.segment_id
    return reverse("segments:edit", args=[pk]) if pk else reverse("segments:new")
