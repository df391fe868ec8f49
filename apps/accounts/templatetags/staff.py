"""What every staff page shows alike: the navigation, relative times, status dots."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from apps.accounts import navigation

register = template.Library()


@register.inclusion_tag("staff/_header.html", takes_context=True)
def staff_header(context: dict[str, Any]) -> dict[str, Any]:
    """Show the header; a page without a signed-in user gets the name alone."""
    request = context["request"]
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"request": request}
    links = list(navigation.links(user, path=request.path))
    return {
        "request": request,
        "user": user,
        "links": links,
        "front_page": navigation.front_page(user),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Show how long ago something was, the exact time on hover."""
    if moment is None:
        return "never"
    local = localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "j M Y, H:i:s"),
        _short(str(naturaltime(moment))),
    )


@register.simple_tag
def dot(label: object, tone: str = "quiet") -> SafeString:
    """Show a status as a small labelled dot; tones: success, warning, danger, accent, quiet."""
    return format_html('<span class="dot" data-tone="{}">{}</span>', tone, label)


def _short(words: str) -> str:
    """Keep the larger of two units: "1 week, 2 days ago" says "1 week ago"."""
    largest, comma, rest = words.partition(",")
    return f"{largest} ago" if comma and rest.endswith("ago") else words
