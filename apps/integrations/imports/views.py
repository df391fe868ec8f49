"""The pages of imports: bring a file, see how it is read, say yes, watch, and what came of it."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.core.jobs import ring
from apps.integrations.imports import running, showing
from apps.integrations.imports.forms import UploadForm
from apps.integrations.models import Import

AT_ONCE = 1.0  # seconds in which most files are looked through before the page is shown

may_import = permission_required("contacts.add_contact", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@may_import
def imports(request: HttpRequest) -> HttpResponse:
    """Show the form and what was imported before; a POST brings a file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        upload = form.store(by=cast("User", request.user), now=timezone.now())
        if upload:
            if running.carry_on(upload.pk, seconds=AT_ONCE):
                ring(running.JOB, upload.pk)
            return redirect("imports:import", upload.pk)
    earlier = [
        (upload, showing.TONES[Import.State(upload.state)], showing.sentence(upload))
        for upload in showing.earlier()
    ]
    return render(request, "imports/list.html", {"form": form, "earlier": earlier})


@require_safe
@may_import
def one_import(request: HttpRequest, pk: int) -> HttpResponse:
    upload = get_object_or_404(Import.objects.select_related("by"), pk=pk)
    template = (
        "imports/_import.html" if request.headers.get("HX-Request") else "imports/import.html"
    )
    context = {
        "upload": upload,
        "tone": showing.TONES[Import.State(upload.state)],
        "sentence": showing.sentence(upload),
        "preview": showing.preview(upload) if upload.state == Import.State.READY else None,
        "refused": upload.refused_rows.all()[: showing.SHOWN],
    }
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@require_POST
@may_import
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    upload = get_object_or_404(Import, pk=pk)
    if running.order(upload.pk, now=timezone.now()):
        ring(running.JOB, upload.pk)
    else:
        messages.warning(request, "This import has begun already, or was stopped.")
    return redirect("imports:import", upload.pk)


@require_POST
@may_import
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End an import, or drop a file before anything of it was taken in."""
    upload = get_object_or_404(Import, pk=pk)
    before = upload.ordered_at is None
    if running.stop(upload.pk, problem=f"Stopped by {request.user}."[:300], now=timezone.now()):
        kept = "Nothing of it was imported." if before else "What it took in stays."
        messages.success(request, f"{upload} is stopped and its file dropped. {kept}")
    return redirect("imports:list")


@require_safe
@may_import
def refused(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Give all refused rows as a file."""
    upload = get_object_or_404(Import, pk=pk)
    lines = showing.as_csv(upload.refused_rows.all())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-rows-{upload.pk}.csv"'
    return response
