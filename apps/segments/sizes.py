"""How many are in each segment, and how that went day by day, without counting the members.

Whoever moves contacts notes by how much each segment changed, in the same transaction. Notes are
appended, never altered, so nobody waits for anybody; the pulse adds them to their days once there
are many. A reader adds up days and notes in one statement, and so sees each move exactly once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from apps.core import rows
from apps.segments.models import Size, SizeNote

DAYS = 30
A_WEEK = 7  # calendar days, today included
FOLD_FROM = 1000  # notes: fewer are added up while the page is made
FOLD = 5000  # notes of one transaction
COLUMNS = ("segment_id", "day", "entered", "departed", "gone")
NOTHING = [0, 0, 0]
_ByDay = dict[date | None, list[int]]  # None: all days before
_WRITTEN = " UNION ALL ".join(
    f"SELECT {', '.join(COLUMNS)} FROM {{{name}}}" for name in ("days", "notes")
)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a segment: who moved on it, and how many were in it at its end."""

    date: date
    members: int
    entered: int
    departed: int


@dataclass(frozen=True, slots=True)
class Course:
    """How a segment's size went, up to today."""

    days: tuple[Day, ...]

    @property
    def members(self) -> int:
        return self.days[-1].members

    @property
    def entered(self) -> int:
        """Return how many entered in the last seven days, today included."""
        return sum(day.entered for day in self.days[-A_WEEK:])

    @property
    def departed(self) -> int:
        return sum(day.departed for day in self.days[-A_WEEK:])


def note(changes: Iterable[tuple[int, int, int, int]], *, now: datetime) -> None:
    """Note who moved: segment, how many entered, left, and went for good.

    In the transaction that moves them.
    """
    day = localdate(now).isoformat()
    written = [(pk, day, *counts) for pk, *counts in sorted(changes)]
    rows.insert(SizeNote, COLUMNS, written)


def members(segment_ids: Iterable[int]) -> dict[int, int]:
    """Return how many are in each of the segments now. One query."""
    ids = list(segment_ids)
    found = dict.fromkeys(ids, 0)
    sql = "SELECT segment_id, SUM(entered - departed - gone) FROM ({}) AS written {} GROUP BY 1"
    if ids:
        found.update((pk, int(count)) for pk, count in _asked(sql, ids))
    return found


def courses(segment_ids: Iterable[int], *, now: datetime, days: int = DAYS) -> dict[int, Course]:
    """Return how the size of each of the segments went over the last days. One query."""
    ids, today = list(segment_ids), localdate(now)
    first = today - timedelta(days=days - 1)
    sql = (
        "SELECT segment_id, CASE WHEN day < %s THEN NULL ELSE day END, SUM(entered),"
        " SUM(departed), SUM(gone) FROM ({}) AS written {} GROUP BY 1, 2"
    )
    told: dict[int, _ByDay] = {pk: {} for pk in ids}
    for pk, day, *counts in _asked(sql, ids, first.isoformat()) if ids else ():
        told[pk][_day(day) if day else None] = [int(count) for count in counts]
    dates = [first + timedelta(days=number) for number in range(days)]
    return {pk: _course(dates, by_day) for pk, by_day in told.items()}


def _course(dates: Sequence[date], by_day: _ByDay) -> Course:
    """Put the days in their order; what a faster clock wrote of tomorrow is today's."""
    ahead = [counts for day, counts in by_day.items() if day and day > dates[-1]]
    by_day[dates[-1]] = [
        sum(them) for them in zip(by_day.get(dates[-1], NOTHING), *ahead, strict=True)
    ]
    entered, departed, gone = by_day.get(None, NOTHING)
    members, found = entered - departed - gone, []
    for day in dates:
        entered, departed, gone = by_day.get(day, NOTHING)
        members += entered - departed - gone
        found.append(Day(day, members, entered, departed))
    return Course(tuple(found))


def _asked(sql: str, ids: Iterable[int], *params: str) -> list[tuple[Any, ...]]:
    written = _WRITTEN.format(days=rows.table(Size), notes=rows.table(SizeNote))
    return rows.run(sql.format(written, f"WHERE segment_id IN ({rows.listed(ids)})"), params)


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def fold() -> None:
    """Add notes to their days, once there are many. Several may fold at once."""
    while SizeNote.objects.order_by("pk")[FOLD_FROM : FOLD_FROM + 1].exists():
        if not _fold():  # others are at it
            return


def _fold() -> int:
    """Add the oldest notes to their days; return how many notes that were."""
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    table = rows.table(SizeNote)
    with transaction.atomic():
        taken = rows.run(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {FOLD:d}"
            f" {skip}) RETURNING {', '.join(COLUMNS)}"
        )
        if taken:
            _add_to_days(taken)
    return len(taken)


def _add_to_days(notes: Iterable[Sequence[Any]]) -> None:
    """Add them in one order, so that two who fold never wait for each other in a circle."""
    summed: dict[tuple[int, str], list[int]] = {}
    for segment_id, day, *counts in notes:
        held = summed.setdefault((segment_id, str(day)), [0, 0, 0])
        held[:] = [before + more for before, more in zip(held, counts, strict=True)]
    table = rows.table(Size)
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in COLUMNS[2:])
    rows.run(
        f"INSERT INTO {table} ({', '.join(COLUMNS)})"
        f" VALUES {', '.join(['(%s, %s, %s, %s, %s)'] * len(summed))}"
        f" ON CONFLICT (segment_id, day) DO UPDATE SET {added}",
        [value for key, counts in sorted(summed.items()) for value in (*key, *counts)],
        answers=False,
    )
