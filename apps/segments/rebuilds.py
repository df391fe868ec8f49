"""How far the rebuilds of segments are, for the pages that show it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Sum
from django.db.models.functions import Coalesce

from apps.contacts.models import Contact
from apps.segments.models import Rebuild, RebuildPart, Segment


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a rebuild is: percent of the contacts looked at, and who moved.

    `with_ladder`: all rungs were rebuilt together, and who moved is of all of them.
    """

    state: str
    with_ladder: bool
    percent: int
    entered: int
    departed: int
    finished_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        return self.finished_at is None


def under_way(segments: Collection[Segment]) -> set[int]:
    """Return which of the segments are being rebuilt, by themselves or with their ladder."""
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    found = set(waiting.values_list("segment_id", "ladder_id"))
    ids, ladders = {pk for pk, _ in found if pk}, {pk for _, pk in found if pk}
    return {row.pk for row in segments if row.pk in ids or row.ladder_id in ladders}


def latest(segments: Collection[Segment]) -> dict[int, Applied]:
    """Return the last rebuild of each segment that ever had one. Five queries, however many."""
    of_segments = _newest("segment", (row.pk for row in segments))
    of_ladders = _newest("ladder", (row.ladder_id for row in segments if row.ladder_id))
    last = {
        row.pk: max(of_segments.get(row.pk, 0), of_ladders.get(row.ladder_id or 0, 0))
        for row in segments
    }
    rows = Rebuild.objects.filter(pk__in={pk for pk in last.values() if pk})
    counted = rows.annotate(
        came=Coalesce(Sum("parts__entered"), 0), went=Coalesce(Sum("parts__departed"), 0)
    )
    found = list(counted)
    percents = _percents([row.pk for row in found if row.finished_at is None])
    applied = {
        row.pk: Applied(
            state=row.get_state_display(),
            with_ladder=row.ladder_id is not None,
            percent=percents.get(row.pk, 100),
            entered=row.came,
            departed=row.went,
            finished_at=row.finished_at,
        )
        for row in found
    }
    return {pk: applied[rebuild] for pk, rebuild in last.items() if rebuild in applied}


def _newest(of: str, ids: Iterable[int]) -> dict[int, int]:
    rows = Rebuild.objects.filter(**{f"{of}__in": set(ids)}).order_by()
    return dict(rows.values_list(of).annotate(newest=Max("pk")))


def _percents(rebuild_ids: Collection[int]) -> dict[int, int]:
    """Return how much of the contacts each rebuild has looked at."""
    if not rebuild_ids:
        return {}
    newest = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    done = dict.fromkeys(rebuild_ids, 0)
    for part in RebuildPart.objects.filter(rebuild__in=rebuild_ids):
        done[part.rebuild_id] += max(min(part.done_to, newest) - part.first + 1, 0)
    return {pk: min(100 * looked // (newest + 1), 100) for pk, looked in done.items()}
