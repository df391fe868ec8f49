"""What a segment said before, and the way back to it."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.models import User
from apps.rules.errors import RuleError
from apps.segments import editing
from apps.segments.listing import in_words
from apps.segments.models import Revision, Segment
from apps.segments.plan import catalogue
from apps.segments.revisions import returning, showing
from apps.segments.revisions.forms import ReturnForm
from apps.segments.rights import may_change, may_view

NOTHING = "Nothing to do: the segment says that already."


@require_safe
@may_view
def revisions(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Segment, pk=pk)
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 10 else None
    found = showing.told(row, catalogue(), before=number)
    last = found[-1].revision.number if found else 1
    context = {"segment": row, "revisions": found, "before": last if last > 1 else None}
    return render(request, "segments/revisions.html", context)


@require_safe
@may_view
@vary_on_headers("HX-Request")
def revision(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show one revision beside the present rule, and what going back to it would do.

    HTMX asks for the number alone, then exact.
    """
    row = get_object_or_404(Segment, pk=pk)
    found = get_object_or_404(Revision.objects.select_related("by"), segment=row, number=number)
    if not request.headers.get("HX-Request"):
        return _shown(request, row, found, ReturnForm())
    exact = returning.foresee(row, found, now=timezone.now(), exactly=True)
    if exact is None:
        raise Http404("There is nothing to count.")
    context = {"segment": row, "revision": found, "preview": exact}
    return render(request, "segments/_going_back.html", context)


@require_POST
@may_change
def return_to(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Go back to a revision's rule."""
    row = get_object_or_404(Segment, pk=pk)
    found = get_object_or_404(Revision.objects.select_related("by"), segment=row, number=number)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _shown(request, row, found, form)
    by = cast("User", request.user)
    try:
        after = returning.return_to(found, by=by, now=timezone.now(), **form.cleaned_data)
    except (RuleError, editing.SegmentError) as error:
        form.add_error(None, str(error))
        return _shown(request, row, found, form)
    words = f"The rule of revision {number} is back, as revision {after.revision}."
    messages.success(request, words if after.revision != row.revision else NOTHING)
    return redirect("segments:segment", row.pk)


def _shown(request: HttpRequest, row: Segment, found: Revision, form: ReturnForm) -> HttpResponse:
    known = catalogue()
    context = {
        "segment": row,
        "revision": found,
        "sentence": in_words(found.rule, known),
        "present": in_words(row.rule, known),
        "changes": showing.rule_changes(row.rule, found.rule, known),
        "preview": returning.foresee(row, found, now=timezone.now()),
        "form": form,
        "rehearsal": returning.rehearsal(row, found),
    }
    return render(request, "segments/revision.html", context)
