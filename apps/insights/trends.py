"""How many there were, day by day: this week beside the week before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.timezone import localtime

DAYS = 7


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    count: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The last seven calendar days, today included, and the seven before in one number."""

    noun: str  # responses, leads
    days: tuple[Day, ...]
    before: int

    @property
    def total(self) -> int:
        return sum(day.count for day in self.days)

    @property
    def finding(self) -> str:
        """Return what the chart shows, in words."""
        if not self.total and not self.before:
            return f"No {self.noun} in the last two weeks"
        difference = self.total - self.before
        if not difference:
            return f"As many {self.noun} as the week before"
        more = "more" if difference > 0 else "fewer"
        noun = self.noun if abs(difference) != 1 else self.noun.removesuffix("s")
        return f"{abs(difference):,} {more} {noun} than the week before"


def week(rows: QuerySet[Any], *, field: str, noun: str, now: datetime) -> Trend:
    """Count rows by the local day of `field`, in one query."""
    today = localtime(now).date()
    midnight = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = (
        rows.filter(**{f"{field}__gte": midnight - timedelta(days=2 * DAYS - 1)})
        .order_by()
        .annotate(day=TruncDate(field))
        .values("day")
        .annotate(count=Count("pk"))
    )
    counts: Mapping[date, int] = {row["day"]: row["count"] for row in counted}
    days = [today - timedelta(days=back) for back in reversed(range(2 * DAYS))]
    return Trend(
        noun=noun,
        days=tuple(Day(day, counts.get(day, 0)) for day in days[DAYS:]),
        before=sum(counts.get(day, 0) for day in days[:DAYS]),
    )
