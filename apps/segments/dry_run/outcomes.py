"""What an edit would do, in numbers and as plain data, while its moves are foreseen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.segments import sizes
from apps.segments.difference import fits
from apps.segments.dry_run import following
from apps.segments.dry_run.comparing import counted, foreseen
from apps.segments.dry_run.edits import Basis, Edit
from apps.segments.dry_run.following import Effect
from apps.segments.models import Change, Rebuild, Segment

SEQUENCES = "the sequences"  # no slug has a blank
Counts = Mapping[tuple[int, bool], int]


def basis_of(edit: Edit) -> Basis:
    """Return a digest of all that the outcome hangs on but facts and the clock."""
    return {**edit.basis(), SEQUENCES: following.state(edit.moving_ids)}


def starting(edit: Edit, *, now: datetime) -> int:
    """Return how many contacts would start sequences, were existing members to start them."""
    with foreseen(edit, now=now):
        return following.foretell(edit.moving_ids, now=now).starting


def outcome(edit: Edit, *, name: str, now: datetime) -> dict[str, Any]:
    """Return who moves where, in numbers, and what sequences start and stop by it."""
    told = following.foretell(edit.moving_ids, now=now)
    segments = [(edit.pk, edit.slug, name), *((one.pk, one.slug, one.name) for one in edit.others)]
    names = _names(effect.segment_id for effect in told.effects)
    names |= {pk: called for pk, _, called in segments}
    return {
        "segments": _lines(segments, counted()),
        "sequences": [_row(effect, names[effect.segment_id]) for effect in told.effects],
        "starting": told.starting,
        "is_whole": fits(edit.changing),
        "is_moving_anyway": is_moving(),
    }


def _lines(segments: Iterable[tuple[int, str, str]], counts: Counts) -> list[dict[str, Any]]:
    """Return a line for each segment, the edited one first."""
    listed = list(segments)
    members = sizes.members(pk for pk, _, _ in listed)
    return [
        {
            "slug": slug,
            "name": name,
            "members": members[pk],
            "entering": counts.get((pk, True), 0),
            "leaving": counts.get((pk, False), 0),
        }
        for pk, slug, name in listed
    ]


def _names(pks: Iterable[int]) -> dict[int, str]:
    """Return names of segments: what gives way in a lane may begin by one that nobody edits."""
    return dict(Segment.objects.filter(pk__in=set(pks)).values_list("pk", "name"))


def _row(effect: Effect, segment: str) -> dict[str, Any]:
    return {
        "name": effect.name,
        "address": effect.address,
        "segment": segment,
        "starts": effect.starts,
        "restarts": effect.restarts,
        "stops": effect.stops,
        "gives_way": effect.gives_way,
    }


def is_moving() -> bool:
    """Return whether facts or other edits are being worked in, so that numbers still change."""
    under_way = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    return Change.objects.exists() or under_way.exists()
