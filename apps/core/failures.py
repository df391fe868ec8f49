"""Answers for what goes wrong below the views, and for a database that is away."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_AFTER = 5  # seconds


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached, or was too busy to answer in time."""
    return isinstance(error, OperationalError | InterfaceError)


def unavailable() -> HttpResponse:
    response = render(None, "503.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an uncaught exception, wherever it was raised; Django's handler500."""
    return unavailable() if is_away(sys.exc_info()[1]) else render(None, "500.html", status=500)
