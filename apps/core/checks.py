"""System checks: each says what is wrong with the settings and what to do about it."""

import sqlite3
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.core.checks import Warning as Caution
from django.utils.dateparse import parse_time
from django.utils.module_loading import import_string

SQLITE_NEEDED = (3, 38)  # JSON functions are built in from here on
ENGINES = {"apps.core.sqlite", "django.db.backends.postgresql"}
WEEK_STARTS = ("monday", "saturday", "sunday")
SINK = ("127.0.0.1", 2525)


@register(Tags.compatibility)
def databases(**_: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine not in ENGINES:
        hint = "Set DATABASE_URL to postgres://... or sqlite:///path, or leave it unset."
        return [Error(f"Tidemark does not run on {engine}.", hint=hint, id="tidemark.E001")]
    if engine == "apps.core.sqlite" and sqlite3.sqlite_version_info < SQLITE_NEEDED:
        hint = "Use a Python built with SQLite 3.38 or later, or PostgreSQL by DATABASE_URL."
        return [
            Error(f"SQLite {sqlite3.sqlite_version} is too old.", hint=hint, id="tidemark.E002")
        ]
    return []


@register(Tags.compatibility)
def queue(**_: Any) -> list[CheckMessage]:
    if settings.Q_CLUSTER["retry"] > settings.Q_CLUSTER["timeout"]:
        return []
    hint = "Set TASK_RETRY higher than TASK_TIMEOUT (seconds)."
    words = "A task would be handed out again while it still runs."
    return [Error(words, hint=hint, id="tidemark.E003")]


@register(Tags.compatibility)
def clock(**_: Any) -> list[CheckMessage]:
    try:
        ZoneInfo(settings.TIME_ZONE)
    except (KeyError, ValueError, OSError):
        hint = "Set TIME_ZONE to a name such as Europe/Paris; without system zones install tzdata."
        words = f"There is no time zone {settings.TIME_ZONE!r} here."
        return [Error(words, hint=hint, id="tidemark.E004")]
    if settings.WEEK_STARTS not in WEEK_STARTS:
        hint = f"Set WEEK_STARTS to one of {', '.join(WEEK_STARTS)}."
        words = f"No week starts on {settings.WEEK_STARTS!r}."
        return [Error(words, hint=hint, id="tidemark.E006")]
    return []


@register(Tags.compatibility)
def nightly(**_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"NIGHTLY names {job} at {hour!r}, which cannot be run.",
            hint="Name a function by its dotted path, and the hour as HH:MM.",
            id="tidemark.E005",
        )
        for job, hour in settings.NIGHTLY.items()
        if not _runs(job, hour=hour)
    ]


def _runs(job: str, *, hour: str) -> bool:
    try:
        return callable(import_string(job)) and parse_time(hour) is not None
    except (ImportError, ValueError):
        return False


@register(Tags.security, deploy=True)
def address(**_: Any) -> list[CheckMessage]:
    """Check what the outside sees; the first three hang together."""
    found: list[CheckMessage] = []
    if not settings.HTTPS:
        hint = "Set PUBLIC_URL to the https:// address people use."
        found.append(Caution("PUBLIC_URL is not https.", hint=hint, id="tidemark.W001"))
    elif not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the number of proxies before Tidemark, usually 1."
        words = "PUBLIC_URL is https and no proxy is trusted: every page redirects for ever."
        found.append(Caution(words, hint=hint, id="tidemark.W002"))
    host = urlsplit(settings.PUBLIC_URL).hostname
    if host not in settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = f"Set ALLOWED_HOSTS={host}"
        words = "ALLOWED_HOSTS must name the host of PUBLIC_URL, and not everything."
        found.append(Caution(words, hint=hint, id="tidemark.W003"))
    return found


@register(Tags.security, deploy=True)
def mail(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if (settings.EMAIL_HOST, settings.EMAIL_PORT) == SINK:
        hint = "Set EMAIL_URL=smtp+tls://user:password@host:587"
        words = "Mail goes to the demo's sink, not to people."
        found.append(Caution(words, hint=hint, id="tidemark.W004"))
    if "localhost" in settings.DEFAULT_FROM_EMAIL:
        hint = "Set DEFAULT_FROM_EMAIL='Name <address@your.domain>'"
        words = "Mail would come from an address nobody can answer."
        found.append(Caution(words, hint=hint, id="tidemark.W005"))
    return found


@register(Tags.security, deploy=True)
def key(**_: Any) -> list[CheckMessage]:
    if not settings.SECRET_KEY_IS_GENERATED:
        return []
    hint = "On several hosts, set one SECRET_KEY (or SECRET_KEY_FILE) for all; back it up."
    words = f"SECRET_KEY was made here and is kept in {settings.DATA_DIR}."
    return [Info(words, hint=hint, id="tidemark.I001")]
