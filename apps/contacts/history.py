"""What was known of a contact at any moment gone by.

Every writer of a profile keeps what it is about to replace, in its own transaction and under the
contact's lock: so the rows of a contact stand in the order of its changes, whatever the clocks of
several hosts said. What is kept are traits and the contact's own fields; when it was last seen is
told by its events.

A merge makes one of two. What was kept of the one that went moves to the one that stayed, under
its former id: of the time before, the two are told together, as merging them then would have made
them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from apps.contacts.models import FIELDS, Contact, ProfileChange
from apps.core import rows

COLUMNS = tuple(f"contact.{name}" for name in FIELDS)
_LEFT_ASIDE = {"contact.created_at", "contact.last_seen_at", "contact.merged_into_id"}
_ROW = ("contact_id", "at", "before")


def keep(contacts: Iterable[Contact], *, now: datetime) -> None:
    """Keep what each of these locked contacts is about to be saved over. One statement."""
    at = rows.adapted(now)  # once, not for each
    replaced = ((contact.pk, at, _replaced(contact)) for contact in contacts)
    rows.insert(ProfileChange, _ROW, [row for row in replaced if row[-1]])


def merge(into: Contact, gone: Contact, *, now: datetime) -> None:
    """Keep what a merge replaces of both, and give `into` the past of `gone`.

    Of `gone` there is a row even if it had nothing: it says when the two became one.
    """
    keep([into], now=now)
    rows.insert(ProfileChange, _ROW, [(gone.pk, now, _replaced(gone))])
    ProfileChange.objects.filter(contact=gone).update(
        contact=into, former=Coalesce(F("former"), Value(gone.pk))
    )


def _replaced(contact: Contact) -> dict[str, Any]:
    found = contact.replaced()
    return {key: value for key, value in found.items() if key not in _LEFT_ASIDE}


@dataclass(frozen=True, slots=True)
class Kept:
    """One row: what was replaced, and when."""

    at: datetime
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Former:
    """What is kept of a contact that was merged into this one; the last row is the merge."""

    pk: int
    changes: Sequence[Kept]

    @property
    def merged_at(self) -> datetime:
        return self.changes[-1].at


@dataclass(frozen=True, slots=True)
class History:
    """The profile of one contact at any moment since `known_from`; before, as far as known."""

    present: Mapping[str, Any]
    known_from: datetime
    changes: Sequence[Kept] = ()
    formers: Sequence[Former] = ()  # the first merged first

    def at(self, moment: datetime) -> dict[str, Any]:
        """Return traits, and fields under `contact.`, as they were once `moment` was over."""
        found = _undone(self.present, self.changes, moment)
        for former in reversed(self.formers):
            if former.merged_at > moment:
                lacked = _undone(dict.fromkeys(COLUMNS, ""), former.changes, moment)
                found = lacked | {key: value for key, value in found.items() if value != ""}
        return found

    def merged_after(self, moment: datetime) -> datetime | None:
        """Return when the contact was next made one with another, or None."""
        return min((f.merged_at for f in self.formers if f.merged_at > moment), default=None)


def read(contacts: Collection[Contact], *, since: datetime | None = None) -> dict[int, History]:
    """Return the histories of these contacts, of moments from `since` on. One query."""
    found: dict[int, dict[int | None, list[Kept]]] = {contact.pk: {} for contact in contacts}
    changes = ProfileChange.objects.filter(contact__in=list(found))
    if since is not None:
        later = ProfileChange.objects.filter(contact=OuterRef("contact"), at__gt=since)
        changes = changes.filter(pk__gte=Subquery(later.order_by("pk").values("pk")[:1]))
    listed = changes.order_by("contact", "pk").values_list("contact", "former", "at", "before")
    for (pk, former), group in groupby(sorted(listed, key=_whose), key=_whose):
        found[pk][former or None] = [Kept(at, before) for _, _, at, before in group]
    return {contact.pk: _history(contact, found[contact.pk]) for contact in contacts}


def _whose(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1] or 0


def _history(contact: Contact, kept: Mapping[int | None, Sequence[Kept]]) -> History:
    formers = [Former(former, changes) for former, changes in kept.items() if former is not None]
    return History(
        present={
            **contact.profile,
            **{f"contact.{name}": getattr(contact, name) for name in FIELDS},
        },
        known_from=contact.history_from,
        changes=kept.get(None, ()),
        formers=sorted(formers, key=lambda former: former.merged_at),
    )


def _undone(
    present: Mapping[str, Any], changes: Sequence[Kept], moment: datetime
) -> dict[str, Any]:
    """Take back what came after the moment, the latest first.

    That is everything from the first later row on: a host whose clock was behind may have
    written an earlier time after it.
    """
    found = dict(present)
    first = next((i for i, change in enumerate(changes) if change.at > moment), len(changes))
    for change in reversed(changes[first:]):
        found |= change.before
    return {key: value for key, value in found.items() if value is not None}
