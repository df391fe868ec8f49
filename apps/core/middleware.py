"""Middleware: staff pages carry sessions, users and messages; public pages carry nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import add_never_cache_headers
from django.utils.deprecation import MiddlewareMixin

from apps.core.failures import answer, is_away, unavailable

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
View = Callable[[HttpRequest], HttpResponseBase]
AnyView = Callable[..., HttpResponseBase]

STAFF_QUERY_LIMIT = 2_000  # bytes


def is_public(request: HttpRequest) -> bool:
    return request.path_info.startswith(settings.PUBLIC_PATHS)


class StaffOnly(MiddlewareMixin):
    """Step aside on public paths: there is no ambient authority there to protect or leak."""

    def __call__(self, request: HttpRequest) -> Answer:
        return self.get_response(request) if is_public(request) else super().__call__(request)


class StaffSessionMiddleware(StaffOnly, SessionMiddleware):
    """Besides, let no cache keep a page of staff: after signing out, Back shows nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        page = super().process_response(request, response)
        add_never_cache_headers(page)
        return page


class StaffCsrfMiddleware(StaffOnly, CsrfViewMiddleware):
    def process_view(
        self,
        request: HttpRequest,
        callback: AnyView,
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        if is_public(request):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class StaffAuthenticationMiddleware(StaffOnly, AuthenticationMiddleware):
    pass


class StaffLoginRequiredMiddleware(StaffOnly, LoginRequiredMiddleware):
    def process_view(
        self,
        request: HttpRequest,
        view_func: AnyView,
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if is_public(request):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class StaffMessageMiddleware(StaffOnly, MessageMiddleware):
    pass


class UnavailableMiddleware:
    """Answer 503 when a view finds the database away: never a 500, never an "OK".

    What middleware below raises does not come by here; config.urls.handler500 answers for it.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return unavailable(request) if is_away(error) else None


class BodyLimitMiddleware:
    """Refuse bodies that are too large before anything reads them.

    64 kB on public paths, or a file beside an answer; 500 kB of the API; of staff, what an
    import may have. A chunked body does not say how long it is, and Django would read it as
    empty: refused on public paths.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        if chunked and is_public(request):
            return answer(request, 411)
        if _length(request) > _limit(request):
            return answer(request, 413)
        return self.get_response(request)


class NulMiddleware:
    """Refuse an address with a NUL character: PostgreSQL can hold none, so nothing has one.

    And one of staff that asks too much: a search of thousands of words keeps PostgreSQL
    planning for minutes.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "%00" in query:
            return answer(request, 400)
        if len(query) > STAFF_QUERY_LIMIT and not is_public(request):
            return answer(request, 414)
        return self.get_response(request)


def _limit(request: HttpRequest) -> int:
    if not is_public(request):  # a little more than the file, so that the form can say it
        return int(settings.IMPORT_LIMIT + settings.PUBLIC_BODY_LIMIT)
    if _may_hold_a_file(request):
        return int(settings.UPLOAD_LIMIT + settings.PUBLIC_BODY_LIMIT)
    of_the_api = request.path_info.startswith(settings.API_PATH)
    return int(settings.API_BODY_LIMIT if of_the_api else settings.PUBLIC_BODY_LIMIT)


def _may_hold_a_file(request: HttpRequest) -> bool:
    sent_by_form = request.content_type == "multipart/form-data"
    return sent_by_form and request.path_info.startswith(settings.ANSWER_PATH)


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
