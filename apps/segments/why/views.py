"""Why a contact is in a segment, or is not, now or at another moment."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.contacts.models import Contact
from apps.segments.models import Segment
from apps.segments.rights import may_view
from apps.segments.why.moments import Asked
from apps.segments.why.showing import Way, page


@require_safe
@may_view
def why(request: HttpRequest, contact_pk: int, slug: str) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=contact_pk)
    segment = get_object_or_404(Segment, slug=slug)
    if contact.merged_into_id is not None:
        return redirect("segments:why", contact.merged_into_id, slug)
    links = [
        (str(contact), reverse("admin:contacts_contact_change", args=[contact.pk])),
        (segment.name, reverse("segments:segment", args=[segment.pk])),
    ]
    way = Way(links, choose=reverse("segments:why-chosen", args=[contact.pk]))
    return answer(request, contact, segment, way=way)


@require_safe
@may_view
def choose(request: HttpRequest, contact_pk: int) -> HttpResponse:
    """Lead on from a form that names the segment."""
    segment = get_object_or_404(Segment, slug=request.GET.get("segment", "")[:80])
    return redirect("segments:why", contact_pk, segment.slug)


def answer(request: HttpRequest, contact: Contact, segment: Segment, *, way: Way) -> HttpResponse:
    """Answer with the page, or to HTMX with what the moment changes of it."""
    asked = Asked.of(request.GET, now=timezone.now())
    shown = page(contact, segment, asked=asked, way=way)
    is_part = request.headers.get("HX-Request") == "true"
    template = "segments/why/_why.html" if is_part else "segments/why/why.html"
    response = render(request, template, {"page": shown})
    response["Vary"] = "HX-Request"
    return response
