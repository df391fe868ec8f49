"""Home: what needs attention, for admins and marketers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.core import sparkline
from apps.insights import attention, trends
from apps.leads.models import Lead
from apps.quizzes.models import Response

LATEST = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # signed in: the middleware saw to it
    if not request.user.is_staff:
        return redirect("leads:list")
    now = timezone.now()
    charts = [
        trends.week(Response.objects.finished(), field="finished_at", noun="responses", now=now),
        trends.week(Lead.objects.all(), field="since", noun="leads", now=now),
    ]
    context = {
        "charts": [(trend, _bars(trend)) for trend in charts],
        "warnings": attention.warnings(),
        "movers": attention.movers(now=now),
        "leads": Lead.objects.newest_first().with_people()[:LATEST],
        "steps": attention.first_steps(),
    }
    return render(request, "insights/home.html", context)


def _bars(trend: trends.Trend) -> list[sparkline.Bar]:
    return sparkline.bars([(f"{day.date:%a}", day.count) for day in trend.days])
