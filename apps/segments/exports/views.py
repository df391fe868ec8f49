"""The pages of exports: say what is wanted, watch it grow, take the file."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.segments import sizes
from apps.segments.exports import running
from apps.segments.exports.forms import ExportForm
from apps.segments.models import Export, Segment
from apps.segments.rights import may_export

LISTED = 20
TYPES = {
    Export.Format.CSV: "text/csv; charset=utf-8",
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TONES = {
    Export.State.RUNNING: "warning",
    Export.State.DONE: "success",
    Export.State.STOPPED: "danger",
}


@require_http_methods(["GET", "HEAD", "POST"])
@may_export
def exports(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form and earlier files; a POST orders one."""
    row = get_object_or_404(Segment, pk=pk)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            by, now = cast("User", request.user), timezone.now()
            made = running.order(row, by=by, now=now, **form.cleaned_data)
        except running.TooLong as error:
            form.add_error("format", str(error))
        else:
            return redirect("segments:export", pk, made.pk)
    earlier = row.exports.select_related("by", "segment")[:LISTED]
    context = {
        "segment": row,
        "form": form,
        "members": sizes.members([pk])[pk],
        "earlier": [(one, TONES[Export.State(one.state)]) for one in earlier],
    }
    return render(request, "segments/exports.html", context)


@require_safe
@may_export
def export(request: HttpRequest, pk: int, export_pk: int) -> HttpResponse:
    row = _export(pk, export_pk)
    template = (
        "segments/_export.html" if request.headers.get("HX-Request") else "segments/export.html"
    )
    context = {"segment": row.segment, "export": row, "tone": TONES[Export.State(row.state)]}
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@require_POST
@may_export
def stop(request: HttpRequest, pk: int, export_pk: int) -> HttpResponse:
    """End an export that is under way, or take its file away."""
    row = _export(pk, export_pk)
    problem = f"Dropped by {request.user}."[:300]
    if running.stop(row.pk, problem=problem, now=timezone.now()):
        messages.success(request, f"{row} is dropped.")
    return redirect("segments:exports", pk)


@require_safe
@may_export
def download(request: HttpRequest, pk: int, export_pk: int) -> HttpResponse | StreamingHttpResponse:
    row = _export(pk, export_pk)
    if row.state != Export.State.DONE:
        messages.warning(request, "The file is not there yet, or not any more.")
        return redirect("segments:export", pk, export_pk)
    response = StreamingHttpResponse(
        running.content(row), content_type=TYPES[Export.Format(row.format)]
    )
    response["Content-Disposition"] = f'attachment; filename="{row}"'
    response["Content-Length"] = str(row.size)
    return response


def _export(pk: int, export_pk: int) -> Export:
    rows = Export.objects.select_related("segment", "by")
    return get_object_or_404(rows, pk=export_pk, segment=pk)
