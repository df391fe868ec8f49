"""Middleware: staff pages carry sessions, users and messages; public pages carry nothing."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

View = Callable[[HttpRequest], HttpResponseBase]


def is_public(request: HttpRequest) -> bool:
    return request.path_info.startswith(settings.PUBLIC_PATHS)


class StaffOnly(MiddlewareMixin):
    """Step aside on public paths: there is no ambient authority there to protect or leak."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_public(request):
            return self.get_response(request)  # type: ignore[return-value]
        return super().__call__(request)  # type: ignore[return-value]

    def process_view(
        self, request: HttpRequest, view: View, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        parent = getattr(super(), "process_view", None)
        return None if parent is None or is_public(request) else parent(request, view, args, kwargs)


class StaffSessionMiddleware(StaffOnly, SessionMiddleware):
    pass


class StaffCsrfMiddleware(StaffOnly, CsrfViewMiddleware):
    pass


class StaffAuthenticationMiddleware(StaffOnly, AuthenticationMiddleware):
    pass


class StaffLoginRequiredMiddleware(StaffOnly, LoginRequiredMiddleware):
    pass


class StaffMessageMiddleware(StaffOnly, MessageMiddleware):
    pass


class UnavailableMiddleware:
    """Answer 503 with Retry-After when the database is away: never a 500, never an "OK"."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        response = render(None, "503.html", status=503)
        response["Retry-After"] = "5"
        return response


class BodyLimitMiddleware:
    """Refuse bodies over 64 kB on public paths before anything reads them."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_public(request) and self._length(request) > settings.PUBLIC_BODY_LIMIT:
            return render(None, "413.html", status=413)
        return self.get_response(request)

    def _length(self, request: HttpRequest) -> int:
        try:
            return int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return 0
