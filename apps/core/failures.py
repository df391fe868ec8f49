"""Answers for what goes wrong below the views, and for a database that is away."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_AFTER = 5  # seconds


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached, or was too busy to answer in time."""
    return isinstance(error, OperationalError | InterfaceError)


def answer(request: HttpRequest, status: int) -> HttpResponse:
    """Return the page of an error; under the API none: what stands outermost there words it."""
    if request.path_info.startswith(settings.API_PATH):
        return HttpResponse(status=status)
    return render(None, f"{status}.html", status=status)


def unavailable(request: HttpRequest) -> HttpResponse:
    response = answer(request, 503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


# What Django answers errors with: the handlers of config.urls.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an uncaught exception, wherever it was raised."""
    return unavailable(request) if is_away(sys.exc_info()[1]) else answer(request, 500)
