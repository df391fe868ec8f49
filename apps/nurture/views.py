"""The unsubscribe page: looking changes nothing, one button ends it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.nurture import unsubscribe_token, unsubscribing


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, which link scanners send too; act on POST, by button or RFC 8058 one-click."""
    bearer = unsubscribe_token.read(token)
    contact = unsubscribing.find_contact(bearer) if bearer else None
    if bearer is None or contact is None:
        return render(request, "nurture/unknown_link.html", status=404)
    if request.method != "POST":
        return render(request, "nurture/unsubscribe.html")
    unsubscribing.unsubscribe(
        contact, source=f"link in message {bearer.message_id}", clock=timezone.now
    )
    return render(request, "nurture/unsubscribed.html")
