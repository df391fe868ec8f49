"""The page that asks before a segment is archived, and before it is taken back."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.rules.errors import RuleError
from apps.segments import sizes
from apps.segments.archiving import shelving
from apps.segments.editing import SegmentError
from apps.segments.listing import in_words
from apps.segments.models import Segment
from apps.segments.plan import catalogue
from apps.segments.rights import may_change

WORDS = {True: "archived. Nobody is in it any more.", False: "back."}


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, and on a POST archive the segment or (`do=take_back`) take it back."""
    row = get_object_or_404(Segment.objects.select_related("ladder"), pk=pk)
    if request.method != "POST":
        return _ask(request, row)
    archives = request.POST.get("do") != "take_back"
    act = shelving.archive if archives else shelving.take_back
    try:
        done = act(row.pk, by=cast("User", request.user), now=timezone.now())
    except (SegmentError, RuleError) as error:
        return _ask(request, row, refusal=str(error))
    if done:
        messages.success(request, f"{row.name} is {WORDS[archives]}")
    return redirect("segments:segment", row.pk)


def _ask(request: HttpRequest, row: Segment, *, refusal: str = "") -> HttpResponse:
    context = {
        "segment": row,
        "sentence": in_words(row.rule, catalogue()),
        "members": sizes.members([row.pk]).get(row.pk, 0),
        "readers": shelving.readers(row),
        "is_archived": row.status == Segment.Status.ARCHIVED,
        "refusal": refusal,
    }
    return render(request, "segments/archive.html", context)
