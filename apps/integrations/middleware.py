"""Whatever answers under /api/, answers in the API's form when it says no."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from apps.integrations.refusals import Refusal

View = Callable[[HttpRequest], HttpResponseBase]
SAID = {  # what Django and the middleware below answer with pages
    400: ("bad_request", "This request cannot be read."),
    404: ("not_found", "There is no such address."),
    405: ("method_not_allowed", "This address does not take that method."),
    411: ("length_required", "Say how long the body is: Content-Length."),
    413: ("too_large", f"A body has at most {settings.API_BODY_LIMIT} bytes."),
    414: ("too_large", "The address is too long."),
    500: ("internal_error", "Something went wrong here. It is logged."),
    503: ("unavailable", "The database is away or busy. Try again shortly."),
}
KEPT = ("Retry-After", "Allow")  # headers


class ApiErrorMiddleware:
    """Stands outermost: a page of HTML never comes out of /api/ as an error."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if answer.status_code < 400 or not request.path_info.startswith(settings.API_PATH):
            return answer
        if answer.get("Content-Type", "").startswith("application/json"):
            return answer
        code, message = SAID.get(answer.status_code, ("refused", "This request is refused."))
        headers = {name: answer[name] for name in KEPT if name in answer}
        return Refusal(code, message, status=answer.status_code, headers=headers).answer()
