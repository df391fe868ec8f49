"""The page of the sprawl report, and the button that has it worked out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.segments.rights import may_view
from apps.segments.sprawl import ordering, page


@require_safe
@may_view
def report(request: HttpRequest) -> HttpResponse:
    """Show the last report, and how far the next one is; asked by HTMX, only that."""
    if request.headers.get("HX-Request"):
        progress = page.progress()
        response = render(request, "segments/sprawl/_progress.html", {"progress": progress})
        if progress is None:
            response["HX-Refresh"] = "true"
    else:
        response = render(request, "segments/sprawl/report.html", {"page": page.page()})
    response["Vary"] = "HX-Request"
    return response


@require_POST
@may_view
def order(request: HttpRequest) -> HttpResponse:
    ordering.order(now=timezone.now())
    return redirect("segments:report")
