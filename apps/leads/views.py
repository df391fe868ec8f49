"""The list of leads, one lead, and what sales does with it."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.models import User
from apps.leads import browsing, working
from apps.leads.models import Lead
from apps.leads.portrait import portrait
from apps.segments.models import Segment
from apps.segments.why.showing import Way
from apps.segments.why.views import answer

may_view = permission_required("leads.view_lead", raise_exception=True)
may_change = permission_required("leads.change_lead", raise_exception=True)


@may_view
@require_safe
@vary_on_headers("HX-Request")
def lead_list(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    asked = browsing.Asked.of(request.GET)
    context: dict[str, Any] = {
        "asked": asked,
        "page": browsing.page(asked, user=user),
        "tabs": browsing.tabs(asked, user=user),
        "stages": Lead.Stage.choices,
        "newest": replace(asked, after="").address(),
    }
    if _is_part(request):
        return render(request, "leads/_list.html", context)
    return render(request, "leads/list.html", {**context, "quizzes": browsing.quizzes()})


@may_view
@require_safe
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.select_related("contact", "owner", "response"), pk=pk)
    context = {"lead": lead, "portrait": portrait(lead, now=timezone.now())}
    return render(request, "leads/detail.html", {**context, **_work(request, lead)})


@may_view
@require_safe
def lead_why(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Explain a live segment to whoever may see the lead: sales have no other way to it."""
    lead = get_object_or_404(Lead.objects.select_related("contact"), pk=pk)
    segment = get_object_or_404(Segment.objects.live(), slug=slug)
    way = Way(
        [("Leads", reverse("leads:list")), (str(lead), reverse("leads:detail", args=[pk]))],
        choose=reverse("leads:why-chosen", args=[pk]),
        live_only=True,
    )
    return answer(request, lead.contact, segment, way=way)


@may_view
@require_safe
def lead_why_chosen(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead on from a form that names the segment."""
    segment = get_object_or_404(Segment.objects.live(), slug=request.GET.get("segment", "")[:80])
    return redirect("leads:why", pk, segment.slug)


@may_change
@require_POST
def lead_stage(request: HttpRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead, pk=pk)
    try:
        moved = working.move(lead, stage=request.POST.get("stage", ""), now=timezone.now())
    except working.StageError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    done = f"{lead} is {lead.get_stage_display().lower()} now." if moved else ""
    return _answer(request, lead, done=done)


@may_change
@require_POST
def lead_owner(request: HttpRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead, pk=pk)
    try:
        working.assign(lead, owner=_chosen(request.POST.get("owner", "")))
    except working.OwnerError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    done = f"{lead.owner} owns this lead now." if lead.owner else "Nobody owns this lead now."
    return _answer(request, lead, done=done)


def _answer(request: HttpRequest, lead: Lead, *, done: str) -> HttpResponse:
    """Answer a change: the controls alone to HTMX, a redirect to everybody else."""
    if _is_part(request):
        context = {"lead": lead, "done": done, **_work(request, lead)}
        return render(request, "leads/_work.html", context)
    if done:
        messages.success(request, done)
    return redirect("leads:detail", pk=lead.pk)


def _work(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    """Return what the controls of stage and owner need."""
    return {
        "stages": Lead.Stage.choices,
        "colleagues": User.objects.filter(is_active=True).order_by("name", "email"),
        "may_change": _user(request).has_perm("leads.change_lead"),
    }


def _chosen(pk: str) -> User | None:
    if not pk:
        return None
    found = User.objects.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    if found is None:
        raise working.OwnerError("There is no such colleague.")
    return found


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # signed in: every page here asks for a permission
    return request.user
