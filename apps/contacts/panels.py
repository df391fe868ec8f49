"""What the page of a contact shows beside its profile: apps above add their own panels.

    panels.register(standing)          # in AppConfig.ready

    def standing(contact: Contact) -> Panel:
        return Panel("Segments", "segments/_contact_panel.html", {"memberships": ...})

The template gets the panel's context and `contact`; the title and the card are drawn around it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


Builder = Callable[[Contact], Panel]
_builders: list[Builder] = []


def register(build: Builder) -> Builder:
    """Show this panel on every contact's page; works as a decorator, twice is once."""
    if build not in _builders:
        _builders.append(build)
    return build


def panels(contact: Contact) -> list[Panel]:
    return [build(contact) for build in _builders]
