"""What proposals leave behind, and must not keep."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from apps.segments.models import Proposal, ProposedMove

KEPT = timedelta(days=1)
PIECE = 20_000  # moves dropped at once


def forget(*, now: datetime) -> None:
    """Drop the proposals of yesterday and before, saved or not."""
    for proposal in Proposal.objects.filter(at__lt=now - KEPT):
        _drop(proposal)


def forget_texts(emails: Collection[str]) -> None:
    """Drop the proposals whose rule quotes one of these addresses.

    The lists need no word of it: who is erased is gone from them with the contact.
    """
    for proposal in Proposal.objects.all():
        said = f"{unquote_plus(proposal.posted)} {json.dumps(proposal.outcome)}".lower()
        if any(email in said for email in emails):
            _drop(proposal)


def _drop(proposal: Proposal) -> None:
    """Delete a proposal and its lists, a piece at a time."""
    moves = ProposedMove.objects.filter(proposal=proposal)
    while piece := list(moves.values_list("pk", flat=True)[:PIECE]):
        moves.filter(pk__in=piece).delete()
    Proposal.objects.filter(pk=proposal.pk).delete()
