"""What happened to a contact, newest first: apps above add what they know.

timeline.register(transitions)     # in AppConfig.ready

def transitions(contact: Contact, limit: int) -> Iterable[Entry]: ...
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from apps.contacts.models import Contact

LIMIT = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One line; tones: success, warning, danger, accent, quiet (the colour of its dot)."""

    at: datetime
    what: str
    detail: str = ""
    tone: str = "quiet"
    url: str = ""


Source = Callable[[Contact, int], Iterable[Entry]]


def register(source: Source) -> Source:
    """Add a source, which yields its latest entries, newest first and at most `limit`."""
    if source not in _sources:
        _sources.append(source)
    return source


def entries(contact: Contact, *, limit: int = LIMIT) -> list[Entry]:
    """Return the latest entries of all sources together, newest first."""
    found = (source(contact, limit) for source in _sources)
    merged = heapq.merge(*found, key=lambda entry: entry.at, reverse=True)
    return list(islice(merged, limit))


def events(contact: Contact, limit: int) -> Iterable[Entry]:
    for event in contact.events.order_by("-occurred_at", "-id")[:limit]:
        yield Entry(event.occurred_at, in_words(event.name), properties(event.properties))


def consents(contact: Contact, limit: int) -> Iterable[Entry]:
    for consent in contact.consents.order_by("-at", "-id")[:limit]:
        what = f"{consent.get_purpose_display()} consent " + (
            "given" if consent.granted else "withdrawn"
        )
        tone = "success" if consent.granted else "warning"
        yield Entry(consent.at, what, f"“{consent.wording}” ({consent.source})", tone)


_sources: list[Source] = [events, consents]


def in_words(name: str) -> str:
    """Return an event's name as a person would write it: `order_completed` is Order completed."""
    words = name.replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def properties(values: Mapping[str, Any]) -> str:
    """Return an event's properties in one short line."""
    shown = (f"{key} {value}" for key, value in values.items() if value not in (None, "", [], {}))
    line = ", ".join(shown)
    return line if len(line) <= 160 else f"{line[:159]}…"
