"""Showing the HTML of a mail without trusting it: an empty sandbox, and nothing from outside."""

from collections.abc import Callable
from typing import Any, cast

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

View = Callable[..., HttpResponse]


def framed(view: View) -> View:
    """Let our own pages frame what the view answers, and let it do nothing there."""
    policy: dict[str, Any] = {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],  # mail has its styles in the text
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "form-action": [NONE],
        "sandbox": [True],
    }
    return cast("View", csp(policy)(xframe_options_sameorigin(view)))
