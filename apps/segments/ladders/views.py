"""The pages of ladders. An order is tried out by addresses, and changes nothing until applied."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.segments import editing
from apps.segments.ladders import arranging, showing
from apps.segments.ladders.forms import LadderForm
from apps.segments.models import Ladder
from apps.segments.rights import may_change, may_view


@require_http_methods(["GET", "HEAD", "POST"])
@may_view
def ladders(request: HttpRequest) -> HttpResponse:
    """List the ladders; a POST begins one."""
    if request.method == "POST":
        return _begin(request)
    return render(request, "segments/ladders.html", {"ladders": showing.summaries()})


@may_change
def _begin(request: HttpRequest) -> HttpResponse:
    form = LadderForm(request.POST)
    if form.is_valid():
        row = arranging.begin(form.cleaned_data["name"])
        messages.success(request, f"The ladder {row} is there. Add its first rung.")
        return redirect("segments:ladder", row.slug)
    messages.error(request, "A ladder needs a name of at most 120 characters.")
    return redirect("segments:ladders")


@require_safe
@may_view
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a ladder, in its order or in one that is tried out, with what that would change."""
    row = get_object_or_404(Ladder, slug=slug)
    shown = showing.ladder(row, request.GET)
    context: dict[str, Any] = {"shown": shown, "ladder": row}
    if shown.is_tried and "numbers" in request.GET:
        try:
            context["effects"] = arranging.foresee(row, shown.order, now=timezone.now())
        except editing.SegmentError as error:
            context["refusal"] = str(error)
    template = {"ladder": "segments/_ladder.html", "effects": "segments/_effects.html"}
    response = render(
        request,
        template.get(request.headers.get("HX-Target", ""), "segments/ladder.html"),
        context,
    )
    response["Vary"] = "HX-Request, HX-Target"
    return response


@require_POST
@may_change
def arrange(request: HttpRequest, slug: str) -> HttpResponse:
    """Apply an order to everybody."""
    row = get_object_or_404(Ladder, slug=slug)
    order, was = (showing.keys(request.POST.get(name, "")) for name in ("order", "was"))
    by = cast("User", request.user)
    try:
        if arranging.arrange(row, order, was=was, by=by, now=timezone.now()):
            messages.success(request, f"{row} is arranged anew; contacts are being moved.")
    except editing.SegmentError as error:
        messages.error(request, str(error))
    return redirect("segments:ladder", slug)


@require_POST
@may_change
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    row = get_object_or_404(Ladder, slug=slug)
    form = LadderForm(request.POST)
    if form.is_valid():
        Ladder.objects.filter(pk=row.pk).update(name=form.cleaned_data["name"])
    else:
        messages.error(request, "A ladder needs a name of at most 120 characters.")
    return redirect("segments:ladder", slug)


@require_POST
@may_change
def default(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare what a contact stands on whom no rung takes, or take that away."""
    row = get_object_or_404(Ladder, slug=slug)
    by, now = cast("User", request.user), timezone.now()
    form = LadderForm(request.POST)
    try:
        if request.POST.get("do") == "drop":
            arranging.drop_default(row, by=by, now=now)
        elif form.is_valid():
            arranging.declare_default(row, name=form.cleaned_data["name"], by=by, now=now)
        else:
            messages.error(request, "The default needs a name of at most 120 characters.")
    except editing.SegmentError as error:
        messages.error(request, str(error))
    return redirect("segments:ladder", slug)


@require_POST
@may_change
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a ladder that has no rung any more."""
    row = get_object_or_404(Ladder, slug=slug)
    if Ladder.objects.filter(pk=row.pk, rungs=None).delete()[0]:
        messages.success(request, f"The ladder {row} is deleted. It had no rungs.")
        return redirect("segments:ladders")
    messages.error(request, "Take its rungs off first.")
    return redirect("segments:ladder", slug)
