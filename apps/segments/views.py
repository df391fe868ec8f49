"""The marketer's pages: the list, one segment and its editor."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.segments import editing, listing, members, showing
from apps.segments.editor import page
from apps.segments.editor.editor import Editor
from apps.segments.forms import PinForm
from apps.segments.models import Segment
from apps.segments.rights import may_change, may_view


@require_safe
@may_view
def segments(request: HttpRequest) -> HttpResponse:
    asked = listing.Asked.of(request.GET)
    context = {
        "overview": listing.overview(asked, now=timezone.now()),
        "asked": asked,
        "statuses": Segment.Status.choices,
    }
    return _page_or_part(request, "segments/list.html", "segments/_list.html", context)


@require_safe
@may_view
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Segment.objects.select_related("ladder"), pk=pk)
    context = {"segment": row, "page": members.page(row, members.Asked.of(request.GET))}
    if not request.headers.get("HX-Request"):
        context |= {
            "portrait": showing.portrait(row, now=timezone.now()),
            "pin_form": PinForm(),
        }
    return _page_or_part(request, "segments/segment.html", "segments/_members.html", context)


def _page_or_part(
    request: HttpRequest, page: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    response = render(request, part if request.headers.get("HX-Request") else page, context)
    response["Vary"] = "HX-Request"
    return response


@may_change
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the editor, or the part of it that is asked for; a POST changes the rule, or saves."""
    row = get_object_or_404(Segment, pk=pk) if pk else Segment(status=Segment.Status.LIVE)
    editor = Editor(row, form=request.POST if request.method == "POST" else None)
    now = timezone.now()
    if editor.asks_to_save and editor.save(by=cast("User", request.user), now=now):
        messages.success(request, f"{row.name} is saved as revision {row.revision}.")
        return leave_for(request, "segments:segment", row.pk)
    return show_editor(request, editor)


def show_editor(request: HttpRequest, editor: Editor) -> HttpResponse:
    """Answer with the editor, the page or its part."""
    is_htmx = bool(request.headers.get("HX-Request"))
    template = page.template(editor, is_htmx=is_htmx)
    context = page.context(editor, now=timezone.now(), is_htmx=is_htmx)
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


def leave_for(request: HttpRequest, page: str, pk: int) -> HttpResponse:
    """Lead to another page, whether a page or a part of one was asked for."""
    response = redirect(page, pk)
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
