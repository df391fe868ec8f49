"""What a rule would do before it is saved: who matches, who would enter and leave."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from apps.contacts.models import Contact
from apps.core import rows
from apps.rules.codec import dumps
from apps.rules.keys import keys
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.rules.query import Sql
from apps.segments.difference import holding_afresh
from apps.segments.models import Membership, Rebuild, Segment
from apps.segments.places import segment_places
from apps.segments.plan import Planned, catalogue, live_plan
from apps.segments.population import holding
from apps.segments.scope import EVERYBODY, Scope, roomy

if TYPE_CHECKING:
    from apps.segments.proving import Warning  # noqa: A004

SAMPLE = 5
ESTIMATED_FROM = 100_000  # contacts; fewer are counted at once
ASKED = 2000  # contacts that an estimate is made from
RUN = 25  # of them beside each other: they share the pages that have to be read


@dataclass(frozen=True, slots=True)
class Preview:
    """`is_estimate`: the numbers are drawn from a sample of the contacts."""

    sentence: str
    count: int
    of: int
    sample: tuple[Contact, ...]
    entering: int
    leaving: int
    is_estimate: bool = False


def warnings(rule: Rule, *, segment: Segment | None = None, now: datetime) -> "list[Warning]":
    """Return what is odd about a rule for certain: that nobody is in a draft, and what is proved.

    `segment` is the one the rule is for: it is not compared with itself, and the sequences that
    listen to it are looked at too.
    """
    from apps.segments import proving  # noqa: PLC0415  z3 takes long to load
    from apps.segments.sprawl import colliding  # noqa: PLC0415  the same

    drafts = Segment.objects.filter(status=Segment.Status.DRAFT)
    waiting = set(drafts.values_list("slug", flat=True))
    found = [
        proving.Warning("draft_segment", f"'{slug}' is a draft: nobody is in it.", at)
        for at, slug in segment_places(dumps(rule))
        if slug in waiting
    ]
    own = segment.slug if segment is not None else ""
    proved = proving.warnings(rule, plan=live_plan(), known=catalogue(), now=now, but=own)
    together = colliding.warnings(rule, segment, now=now) if segment is not None else ()
    return [*found, *proved, *together]


def preview(
    rule: Rule, *, segment: Segment | None = None, now: datetime, afresh: bool = False
) -> Preview:
    """Return who the rule holds for at `now`, and the difference to the segment's members.

    Its own pins and ladder are left aside: this is the rule alone. `afresh`: at another moment
    than this, so that the segments it refers to have other members than are stored.
    """
    found = _foreseen(rule, segment, now=now, afresh=afresh)
    by_pk = Contact.objects.in_bulk(found.newest)
    return Preview(
        sentence=sentence(rule, catalogue()),
        count=found.count,
        of=found.of,
        sample=tuple(by_pk[pk] for pk in found.newest if pk in by_pk),
        entering=found.entering,
        leaving=found.leaving,
    )


def estimate(rule: Rule, *, segment: Segment | None = None, now: datetime) -> Preview:
    """Return the same from a sample of the contacts, where they are many; else exactly."""
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if last < ESTIMATED_FROM:
        return preview(rule, segment=segment, now=now)
    drawn = _drawn(last)
    found = _foreseen(rule, segment, now=now, scope=Scope(ids=drawn))
    share = last / len(drawn)
    return Preview(
        sentence=sentence(rule, catalogue()),
        count=round(found.count * share),
        of=round(found.of * share),
        sample=(),
        entering=round(found.entering * share),
        leaving=round(found.leaving * share),
        is_estimate=True,
    )


def _drawn(last: int) -> tuple[int, ...]:
    """Return the ids an estimate is made from, the same each time."""
    firsts = range(1, last - RUN + 2, RUN)
    chance = random.Random(last)  # noqa: S311  a sample
    runs = sorted(chance.sample(firsts, min(ASKED // RUN, len(firsts))))
    return tuple(first + place for first in runs for place in range(RUN))


@dataclass(frozen=True, slots=True)
class _Foreseen:
    of: int
    count: int
    entering: int
    leaving: int
    newest: list[int]


def _foreseen(
    rule: Rule,
    segment: Segment | None,
    *,
    now: datetime,
    scope: Scope = EVERYBODY,
    afresh: bool = False,
) -> _Foreseen:
    """Find who the rule holds for, once, and count them every way."""
    due, params = _due(rule, now=now, scope=scope, afresh=afresh)
    members = scope.of(Membership.objects.filter(segment=segment), "contact").values("contact_id")
    there, more = members.query.sql_with_params()
    sql = f"WITH due (id) AS MATERIALIZED ({due})"
    if segment is not None:
        sql += f", there (id) AS MATERIALIZED ({there}) {_BOTH_WAYS} UNION ALL "
        params = (*params, *more)
    found: dict[str, list[int]] = {}
    with roomy(helpers=1):  # somebody waits for it
        for what, number in rows.run(f"{sql} {_COUNTED}", params):
            found.setdefault(what, []).append(number)
    [count] = found["count"]
    [entering], [leaving] = found.get("entering", [count]), found.get("leaving", [0])
    people = scope.of(Contact.objects.standing(), "pk").count()
    return _Foreseen(people, count, entering, leaving, found.get("newest", []))


def _due(rule: Rule, *, now: datetime, scope: Scope, afresh: bool) -> Sql:
    """Return SQL for the ids the rule holds for.

    By the stored members of the segments it refers to, for that is several times as fast; but
    not where those are of another moment, or being worked out just now.
    """
    plan = live_plan()
    read = plan.all_below(keys(rule).segments)
    if read and (afresh or _being_rebuilt(read)):
        found = holding_afresh(rule, plan, now, scope)
        if found is not None:
            return found
    rows = holding(rule, plan=plan, now=now, scope=scope).values("pk")
    sql, params = rows.query.sql_with_params()
    return sql, tuple(params)


def _being_rebuilt(segments: Iterable[Planned]) -> bool:
    under_way = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    read = {segment.slug: segment.pk for segment in segments}
    its = Q(segment__in=read.values()) | Q(beside__has_any_keys=list(read))
    return under_way.filter(Q(segment=None) | its).exists()


_BOTH_WAYS = " UNION ALL ".join(
    f"SELECT '{what}', count(*) FROM {these} LEFT JOIN {others} ON {others}.id = {these}.id"
    f" WHERE {others}.id IS NULL"
    for what, these, others in (("entering", "due", "there"), ("leaving", "there", "due"))
)
_COUNTED = (
    "SELECT 'count', count(*) FROM due UNION ALL SELECT 'newest', id FROM"
    f" (SELECT id FROM due ORDER BY id DESC LIMIT {SAMPLE}) AS newest"
)
