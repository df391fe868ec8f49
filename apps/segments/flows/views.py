"""The page that shows where members came from and went to."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from apps.segments.flows import counting, drawing
from apps.segments.flows.counting import Period
from apps.segments.models import Segment
from apps.segments.rights import may_view

CHOICES = (7, 30, 90, 365)
USUAL = timedelta(days=29)
LONGEST = timedelta(days=3660)


@require_safe
@may_view
def flow(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Segment.objects.select_related("ladder"), pk=pk)
    now = timezone.now()
    period = period_of(request.GET, now=now)
    found = counting.flow(row, period)
    today = localdate(now)
    context = {
        "segment": row,
        "period": period,
        "flow": found,
        "most": counting.MOST,
        "drawing": drawing.draw(found.came, found.went),
        "choices": [(days, today - timedelta(days=days - 1), today) for days in CHOICES],
    }
    return render(request, "segments/flow.html", context)


def period_of(given: Mapping[str, str], *, now: datetime) -> Period:
    """Return the days that are asked for; what makes no sense is the last thirty."""
    today = localdate(now)
    last = min(_date(given.get("to", "")) or today, today)
    first = _date(given.get("from", "")) or last - USUAL
    if not last - LONGEST <= first <= last:
        first = last - USUAL
    return Period(first, last)


def _date(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found.year >= 1900 else None
