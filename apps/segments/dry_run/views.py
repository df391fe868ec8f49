"""The pages of a dry run: propose an edit, see what it would do, save it or go back.

A proposal is for whoever made it: others have their own.
"""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.segments.dry_run import rehearsing, saving, showing
from apps.segments.editor.editor import Editor
from apps.segments.models import Proposal, Segment
from apps.segments.rights import may_change
from apps.segments.views import leave_for, show_editor


@require_POST
@may_change
def propose(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Rehearse what the editor's form would save; where it cannot be saved, say why there."""
    row = get_object_or_404(Segment, pk=pk) if pk else Segment(status=Segment.Status.LIVE)
    form = request.POST.copy()
    form["do"] = "save"
    editor = Editor(row, form=form)
    proposal = rehearsing.propose(editor, by=cast("User", request.user), now=timezone.now())
    if proposal is None:
        return show_editor(request, editor)
    return leave_for(request, "segments:proposal", proposal.pk)


@require_safe
@may_change
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _own(request, pk))


@require_POST
@may_change
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what was rehearsed; where it would do something else by now, rehearse it again."""
    row = _own(request, pk)
    by, now = cast("User", request.user), timezone.now()
    try:
        editor, done = saving.save(
            row,
            enrol_existing="enrol_existing" in request.POST,
            confirmed=request.POST.get("confirmed", ""),
            by=by,
            now=now,
        )
    except saving.Outdated as outdated:
        messages.warning(request, str(outdated))
        editor = rehearsing.editor_of(row)
        again = rehearsing.propose(editor, by=by, now=now)
        return (
            leave_for(request, "segments:proposal", again.pk)
            if again
            else show_editor(request, editor)
        )
    if done:
        segment = editor.segment
        messages.success(request, f"{segment.name} is saved as revision {segment.revision}.")
        return leave_for(request, "segments:segment", segment.pk)
    if editor.asks_number:
        return _show(request, row, refusal=editor.refusal, enrol_existing=True)
    return show_editor(request, editor)


@require_safe
@may_change
def moves(request: HttpRequest, pk: int, slug: str, way: str) -> HttpResponse:
    """List who would enter or leave one segment, a stretch at a time."""
    row = _own(request, pk)
    line = showing.line_of(row, slug)
    if line is None:
        raise Http404("The proposal does not touch this segment.")
    after = request.GET.get("after", "")
    found = showing.moves(row, slug, enters=way == "entering", after=after)
    context = {"proposal": row, "line": line, "way": way, "found": found, "count": line[way]}
    part = request.headers.get("HX-Request")
    name = "segments/dry_run/_moves.html" if part else "segments/dry_run/moves.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    return response


def _own(request: HttpRequest, pk: int) -> Proposal:
    return get_object_or_404(Proposal, pk=pk, by=cast("User", request.user))


def _show(request: HttpRequest, row: Proposal, **more: object) -> HttpResponse:
    part = request.headers.get("HX-Request")
    name = "segments/dry_run/_proposal.html" if part else "segments/dry_run/proposal.html"
    response = render(request, name, {**showing.context(row), **more})
    response["Vary"] = "HX-Request"
    return response
