"""The marketer's pages: the list, one segment, its editor, and why a contact is in it."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.segments import editing, listing
from apps.segments.editor import Editor
from apps.segments.explaining import NotLive, explain, reason_lines
from apps.segments.forms import PinForm
from apps.segments.models import Segment
from apps.segments.plan import catalogue

may_view = permission_required("segments.view_segment", raise_exception=True)
may_change = permission_required("segments.change_segment", raise_exception=True)


@require_safe
@may_view
def segments(request: HttpRequest) -> HttpResponse:
    return render(request, "segments/list.html", {"segments": listing.overview()})


@require_safe
@may_view
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Segment.objects.select_related("ladder"), pk=pk)
    page = listing.page(row, after=request.GET.get("after", ""), words=request.GET.get("q", ""))
    template = (
        "segments/_members.html" if request.headers.get("HX-Request") else "segments/segment.html"
    )
    response = render(request, template, {"page": page, "segment": row, "pin_form": PinForm()})
    response["Vary"] = "HX-Request"
    return response


@may_change
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the editor; a POST adds and drops rows, previews, or saves."""
    row = get_object_or_404(Segment, pk=pk) if pk else Segment(status=Segment.Status.LIVE)
    editor = Editor(row, form=request.POST if request.method == "POST" else None)
    now = timezone.now()
    if editor.asks_to_save and editor.save(by=cast("User", request.user), now=now):
        messages.success(request, f"{row.name} is saved as revision {row.revision}.")
        return _redirect(request, row)
    template = (
        "segments/_editor.html" if request.headers.get("HX-Request") else "segments/editor.html"
    )
    response = render(request, template, editor.context(now=now))
    response["Vary"] = "HX-Request"
    return response


def _redirect(request: HttpRequest, row: Segment) -> HttpResponse:
    response = redirect("segments:segment", row.pk)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": response["Location"]})
    return response


@require_POST
@may_change
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Segment, pk=pk)
    form = PinForm(request.POST)
    if form.is_valid():
        contact = form.cleaned_data["email"]
        held = form.cleaned_data["held"] or None
        editing.pin(contact, row, held=held, by=cast("User", request.user))
        words = {"in": "held in", "out": "held out of"}.get(held or "", "left to the rule in")
        messages.success(request, f"{contact} is now {words} {row.name}.")
    else:
        messages.error(
            request, " ".join(str(error) for errors in form.errors.values() for error in errors)
        )
    return redirect("segments:segment", row.pk)


@require_safe
@may_view
def why(request: HttpRequest, contact_pk: int, slug: str) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=contact_pk)
    row = get_object_or_404(Segment, slug=slug)
    try:
        explanation = explain(contact, row, now=timezone.now())
    except NotLive as error:
        messages.warning(request, str(error))
        return redirect("segments:segment", row.pk)
    reason = explanation.reason
    context = {
        "contact": contact,
        "segment": row,
        "explanation": explanation,
        "lines": list(reason_lines(reason, catalogue())) if reason else [],
    }
    return render(request, "segments/why.html", context)
