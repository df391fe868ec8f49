"""Where each role can go: the links of the header, and the page a person lands on."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class Place:
    label: str
    url_name: str
    permission: str  # "staff" for a page of every admin and marketer
    under: tuple[str, ...]  # beginnings of the paths that belong to this place


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool


PLACES = (
    Place("Home", "home", "staff", ()),
    Place("Quizzes", "admin:quizzes_quiz_changelist", "quizzes.view_quiz", ("/admin/quizzes/",)),
    Place(
        "Segments",
        "segments:list",
        "segments.view_segment",
        ("/admin/segments/",),
    ),
    Place(
        "Sequences",
        "admin:nurture_sequence_changelist",
        "nurture.view_sequence",
        ("/admin/nurture/",),
    ),
    Place(
        "Contacts",
        "admin:contacts_contact_changelist",
        "contacts.view_contact",
        ("/admin/contacts/", "/imports/"),
    ),
    Place("Leads", "leads:list", "leads.view_lead", ("/leads/",)),
)


def links(user: User, *, path: str) -> Iterator[Link]:
    """Yield the places this user may open, the present one marked."""
    for place in PLACES:
        if not _may_open(user, place):
            continue
        url = reverse(place.url_name)
        yield Link(place.label, url, current=path == url or path.startswith(place.under))


def front_page(user: User) -> str:
    """Return the address this person starts the day at."""
    return reverse("home") if user.is_staff else reverse("leads:list")


def _may_open(user: User, place: Place) -> bool:
    return user.is_staff if place.permission == "staff" else user.has_perm(place.permission)
