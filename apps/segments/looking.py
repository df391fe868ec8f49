"""The one look of a rebuild: who of a part's contacts differs in what, found by one statement."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.segments.deciding import differences_of
from apps.segments.models import RebuildPart
from apps.segments.moving import Found
from apps.segments.plan import Plan, live_plan
from apps.segments.scope import Scope, roomy
from apps.segments.settling import effective_now


@dataclass(frozen=True, slots=True)
class Look:
    """Who differed in what at one moment by one plan, by ascending contact.

    Three numbers for each of perhaps millions.
    """

    now: datetime
    plan: Plan
    contacts: "array[int]"
    segments: "array[int]"
    due: "array[int]"

    def at(self, piece: Sequence[int]) -> Iterator[Found]:
        """Yield what was found of the contacts of a piece."""
        start, end = bisect_left(self.contacts, piece[0]), bisect_right(self.contacts, piece[-1])
        columns = (self.contacts[start:end], self.segments[start:end], self.due[start:end])
        return zip(*columns, strict=True)


def look_at(part: RebuildPart, *, now: datetime) -> Look:
    """Look at the contacts not yet done. Nobody is held."""
    plan, moment = live_plan(), effective_now(now)
    look = Look(moment, plan, array("q"), array("q"), array("b"))
    statements = differences_of(part.rebuild, plan, _yet_to_do(part), now=moment)
    if not statements:
        return look
    union = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS found" for sql, _ in statements)
    with roomy(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT contact_id, segment_id, due FROM ({union}) AS found ORDER BY contact_id",
            [value for _, params in statements for value in params],
        )
        for contact_id, segment_id, due in cursor:
            look.contacts.append(contact_id)
            look.segments.append(segment_id)
            look.due.append(due)
    return look


def _yet_to_do(part: RebuildPart) -> Scope:
    """Return the contacts of a part; an open end is no condition.

    Where there is one on events, SQLite reads all of them in the order of contacts.
    """
    return Scope(
        first=part.done_to + 1 if part.done_to >= 0 else None,
        last=part.last if part.last < RebuildPart.OPEN else None,
    )
