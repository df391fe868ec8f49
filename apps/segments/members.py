"""The members of a segment: who they are, found and paged by key, however many.

They come by contact, the newest first, along the index that keeps each contact in a segment
once; so a page takes the same time wherever it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware

from apps.contacts import people
from apps.contacts.models import MAX_SEARCH, Contact
from apps.segments.models import Membership, Segment, Transition

MEMBERS = 50
LOOKED_THROUGH = 300_000  # contacts, by id, that are searched for words at a time
NO_CONTACT = 2**63 - 1  # behind the last id there can be


@dataclass(frozen=True, slots=True)
class Asked:
    """Which members are to be shown, and from where on: behind one contact or before one."""

    words: str = ""
    since: date | None = None
    after: int | None = None
    before: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Asked":
        return cls(
            words=given.get("q", "").strip()[:MAX_SEARCH],
            since=_date(given.get("since", "")),
            after=_key(given.get("after", "")),
            before=_key(given.get("before", "")),
        )

    def link(self, **where: int) -> str:
        """Return the address of another page of the same members."""
        given = {"q": self.words, "since": self.since or "", **where}
        return "?" + urlencode({name: value for name, value in given.items() if value})

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.since)


@dataclass(frozen=True, slots=True)
class Member:
    contact: Contact
    since: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Members, and the addresses of the pages on either side; empty where there is none.

    `goes_on`: the older contacts have not been looked through yet.
    """

    asked: Asked
    members: list[Member]
    newer: str
    older: str
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A member as the API names it."""

    id: int
    external_id: str | None
    since: datetime


def page(segment: Segment, asked: Asked) -> Page:
    """Return a page of the members that are asked for. At most four queries.

    Words are looked for among so many contacts at a time: names have no index, since it would
    have to be written with every event.
    """
    if asked.before is not None and asked.after is None:
        rows = matching(segment, asked, among=range(asked.before + 1, NO_CONTACT))
        found = list(_keys(rows.order_by("contact")))
        shown = found[:MEMBERS][::-1]
        newer = shown[0][0] if len(found) > MEMBERS else None
        return _page(asked, shown, newer=newer, older=shown[-1][0] if shown else None)
    behind = asked.after if asked.after is not None else _newest(segment) + 1
    last = max(0, behind - LOOKED_THROUGH) if asked.words else 0
    rows = matching(segment, asked, among=range(last, behind))
    found = list(_keys(rows.order_by("-contact")))
    shown = found[:MEMBERS]
    newer = asked.after and (shown[0][0] if shown else asked.after - 1)
    if len(found) > MEMBERS:
        return _page(asked, shown, newer=newer, older=shown[-1][0])
    further = Membership.objects.filter(segment=segment, contact__lt=last).exists()
    return _page(asked, shown, newer=newer, older=last if further else None, goes_on=further)


def _page(
    asked: Asked,
    shown: Sequence[tuple[int, datetime]],
    *,
    newer: int | None,
    older: int | None,
    goes_on: bool = False,
) -> Page:
    people_by_pk = Contact.objects.in_bulk([pk for pk, _ in shown])
    return Page(
        asked=asked,
        members=[Member(people_by_pk[pk], since) for pk, since in shown if pk in people_by_pk],
        newer="" if newer is None else asked.link(before=newer),
        older="" if older is None else asked.link(after=older),
        goes_on=goes_on,
    )


def _newest(segment: Segment) -> int:
    rows = Membership.objects.filter(segment=segment).order_by("-contact")
    return rows.values_list("contact", flat=True).first() or 0


def matching(segment: Segment, asked: Asked, *, among: range) -> QuerySet[Membership]:
    """Return the members among these contacts whose email or name begins with each word."""
    first, behind = among.start, among.stop
    rows = Membership.objects.filter(segment=segment, contact__gte=first, contact__lt=behind)
    if asked.words:
        named = Contact.objects.filter(pk__gte=first, pk__lt=behind).search(asked.words)
        rows = rows.filter(contact__in=named.values("pk"))
    return entered_since(rows, segment, asked.since) if asked.since else rows


def entered_since(rows: QuerySet[Membership], segment: Segment, day: date) -> QuerySet[Membership]:
    """Return those who entered on that day or later: by the history, which has an index."""
    midnight = make_aware(datetime.combine(day, time.min))
    entered = Transition.objects.filter(
        segment=segment, kind=Transition.Kind.ENTERED, at__gte=midnight
    )
    return rows.filter(since__gte=midnight, contact__in=entered.values("contact"))


def after(segment: Segment, *, contact: int, limit: int) -> tuple[list[Named], int | None]:
    """Return members by contact id, behind `contact`, and the id the next page goes on from."""
    rows = Membership.objects.filter(segment=segment, contact__gt=contact).order_by("contact")
    found = list(rows.values_list("contact_id", "since")[: limit + 1])
    shown, more = found[:limit], len(found) > limit
    names = people.external_ids_of([contact_id for contact_id, _ in shown])
    members = [Named(contact_id, names.get(contact_id), since) for contact_id, since in shown]
    return members, shown[-1][0] if more else None


def standing_of(contact: Contact) -> list[tuple[str, datetime]]:
    """Return the live segments the contact is in, by slug, and since when."""
    rows = contact.memberships.filter(segment__status=Segment.Status.LIVE)
    return list(rows.order_by("segment__slug").values_list("segment__slug", "since"))


def _keys(rows: QuerySet[Membership]) -> QuerySet[Membership, tuple[int, datetime]]:
    return rows.values_list("contact_id", "since")[: MEMBERS + 1]


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else None


def _date(text: str) -> date | None:
    """Return a date that a page asks for; what is none asks for nothing."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 1900 <= found.year <= 9000 else None
