"""What another order of a ladder's rungs would do, and its declared default.

The default is a segment like any other, on the last rung there can be, with the rule
"everybody": so every reading knows it, sequences can start by it, and a contact of a ladder with a
default stands on exactly one rung.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.core import rows
from apps.segments import editing, sizes
from apps.segments.difference import differences
from apps.segments.forms import free_slug
from apps.segments.models import Ladder, Segment
from apps.segments.plan import CycleError, Plan, Planned, compile_plan
from apps.segments.scope import roomy
from apps.segments.settling import effective_now


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen to one segment."""

    segment: Planned
    members: int
    entering: int
    leaving: int

    @property
    def after(self) -> int:
        return self.members + self.entering - self.leaving


class Stale(editing.SegmentError):
    """Somebody arranged the ladder meanwhile."""


def foresee(ladder: Ladder, order: Sequence[int], *, now: datetime) -> list[Effect]:
    """Return what the order would change, for every segment it touches. Raises SegmentError.

    Nobody is moved: the plan as it would be is laid against the members as they are stored.
    """
    plan = _plan(ladder, order)
    touched = _touched(plan, ladder, order)
    entering, leaving = _counted(plan, touched, now=now)
    members = sizes.members(planned.pk for planned in touched)
    return [
        Effect(planned, members[planned.pk], entering[planned.pk], leaving[planned.pk])
        for planned in touched
    ]


def _plan(ladder: Ladder, order: Sequence[int]) -> Plan:
    """Return the live segments as they would stand."""
    live = list(Segment.objects.live())
    for row in live:
        if row.pk in order:
            row.ladder_id, row.rung = ladder.pk, order.index(row.pk) + 1
        elif row.ladder_id == ladder.pk and not row.is_default:
            row.ladder_id = row.rung = None
    live.sort(key=lambda row: (row.ladder_id or 0, row.rung or 0, row.pk))
    try:
        return compile_plan(live)
    except CycleError as error:
        raise editing.Circle(error) from None


def _touched(plan: Plan, ladder: Ladder, order: Sequence[int]) -> list[Planned]:
    """Return the rungs of before and after, and what refers to them; rungs first."""
    before = set(ladder.rungs.values_list("pk", flat=True))
    rungs = [one for one in plan.segments if one.ladder_id == ladder.pk or one.pk in before]
    marks = frozenset(f"segment:{one.slug}" for one in rungs)
    others = [one for one in plan.touched_by(marks) if one not in rungs]
    places = {pk: place for place, pk in enumerate(order)}
    last = len(places)
    rungs.sort(key=lambda one: (one.ladder_id is None, places.get(one.pk, last)))
    return [*rungs, *others]


def _counted(
    plan: Plan, touched: Sequence[Planned], *, now: datetime
) -> tuple[Counter[int], Counter[int]]:
    chosen = [one for one in plan.segments if one in touched]
    entering, leaving = Counter[int](), Counter[int]()
    with roomy(helpers=1):  # somebody waits for it
        for sql, params in differences(chosen, plan, effective_now(now)):
            counts = f"SELECT segment_id, due, COUNT(*) FROM ({sql}) AS moving GROUP BY 1, 2"
            for pk, due, number in rows.run(counts, params):
                (entering if due else leaving)[pk] += number
    return entering, leaving


def order_of(ladder: Ladder) -> list[int]:
    """Return the rungs in their order, the default left out."""
    rungs = ladder.rungs.exclude(rung=Segment.DEFAULT_RUNG).order_by("rung")
    return list(rungs.values_list("pk", flat=True))


def arrange(
    ladder: Ladder, order: Sequence[int], *, was: Sequence[int], by: User, now: datetime
) -> bool:
    """Let the rungs be these, unless the ladder is not what it `was`. Raises SegmentError."""
    if order_of(ladder) != list(was):
        raise Stale("Somebody arranged the ladder meanwhile. Look at it as it is now.")
    return editing.arrange(ladder, order, by=by, now=now)


def declare_default(ladder: Ladder, *, name: str, by: User, now: datetime) -> Segment:
    """Make the segment on which everybody stands whom no rung takes. Raises SegmentError."""
    row = Segment(
        name=name,
        slug=free_slug(Segment, name),
        status=Segment.Status.LIVE,
        ladder=ladder,
        rung=Segment.DEFAULT_RUNG,
    )
    return editing.save(row, rule=Segment.EVERYBODY, by=by, now=now)


def drop_default(ladder: Ladder, *, by: User, now: datetime) -> bool:
    """Archive the default; off the ladder its rule would hold for everybody."""
    row = ladder.rungs.filter(rung=Segment.DEFAULT_RUNG).first()
    if row is None:
        return False
    row.ladder = row.rung = None
    row.status = Segment.Status.ARCHIVED
    editing.save(row, rule=row.rule, by=by, now=now)
    return True


def begin(name: str) -> Ladder:
    return Ladder.objects.create(name=name, slug=free_slug(Ladder, name))
