"""What a segment and a contact are at a moment: now, in time to come, or as it was then.

Ahead, the facts are as they are now, and every segment is what its rule makes of them then. Of a
moment gone by everything is as it was known then: the rule is the revision of that moment, the
profile what it was, the events those that had been received, and where the contact stood is told
by its transitions, how it was held by hand by the changes of its pins.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from apps.accounts.models import User
from apps.contacts import history
from apps.contacts.history import History
from apps.contacts.models import READ_COLUMNS, Contact, Event
from apps.rules.clock import Clock
from apps.rules.facts import Facts, Occurrence
from apps.rules.keys import Keys
from apps.rules.nodes import Rule
from apps.rules.verdict import holds
from apps.segments import facts as loading
from apps.segments.calendar import installed
from apps.segments.explaining.revisions import Archive
from apps.segments.models import Membership, PinChange, Segment, Transition
from apps.segments.plan import Plan, Planned
from apps.segments.settling import stored
from apps.segments.standing import Judge, Pins, rules_of

Item = TypeVar("Item")
CREATED, LAST_SEEN = "contact.created_at", "contact.last_seen_at"
assert {CREATED, LAST_SEEN} <= {f"contact.{name}" for name in READ_COLUMNS}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one segment and one contact at one moment."""

    segment: Planned
    facts: Facts
    pins: Pins
    since: datetime | None  # when the contact came to where it stands
    member: bool  # as it is stored, or was
    nested: Mapping[str, Rule] = field(default_factory=dict)  # of what the segment refers to


def known_now(contact: Contact, segment: Planned, plan: Plan, *, at: datetime) -> Known:
    """Return what is known now, and where that lets the contact stand at `at`."""
    standing, pinned = stored([contact.pk], plan.segments)
    pins = pinned.get(contact.pk, {})
    below = plan.below([segment])
    facts = loading.load([contact], segments=[segment, *below], standing=standing)[contact.pk]
    stands = Judge(plan, Clock(at, installed())).stand(below, facts=facts, pins=pins)
    member = segment.slug in standing.get(contact.pk, ())
    return Known(
        segment=segment,
        facts=replace(facts, segments=stands),
        pins=pins,
        since=_since(contact, segment, member=member),
        member=member,
        nested=rules_of(below, pins),
    )


def _since(contact: Contact, segment: Planned, *, member: bool) -> datetime | None:
    """Return since when it is a member, or when it last left."""
    if member:
        rows = contact.memberships.filter(segment=segment.pk)
        return rows.values_list("since", flat=True).first()
    left = Transition.objects.filter(contact=contact, segment=segment.pk, kind=Transition.Kind.LEFT)
    return left.order_by("-at", "-pk").values_list("at", flat=True).first()


@dataclass(frozen=True, slots=True)
class Received:
    """An event, and when it became known."""

    name: str
    occurrence: Occurrence
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Hand:
    """How a contact was held by hand: by whom, since when, and until when if that is over."""

    held: str
    by: User | None
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of one contact: whatever was so at a moment is found in it."""

    contact: Contact
    profile: History
    events: Sequence[Received]
    seen: Sequence[tuple[datetime, datetime]]  # received, occurred: of every event
    moves: Sequence[Transition]  # in their order
    pins: Sequence[PinChange]  # in their order
    standing: frozenset[str]  # now

    def facts(self, at: datetime) -> Facts:
        """Return what was known of the contact then."""
        events: dict[str, list[Occurrence]] = {}
        for event in self.events:
            if event.received_at <= at:
                events.setdefault(event.name, []).append(event.occurrence)
        columns = {CREATED: self.contact.created_at, LAST_SEEN: self._seen(at)}
        return Facts({**self.profile.at(at), **columns}, events, self.standing_at(at))

    def _seen(self, at: datetime) -> datetime | None:
        times = [occurred_at for received_at, occurred_at in self.seen if received_at <= at]
        if len(times) == len(self.seen):
            return self.contact.last_seen_at
        return max(times, default=None)

    def standing_at(self, at: datetime) -> frozenset[str]:
        """Return the slugs it stood in: the present standing with what came later undone."""
        if self.profile.merged_after(at) is not None:
            return self._standing_of_both(at)
        standing = set(self.standing)
        for move in reversed([move for move in self.moves if move.at > at]):
            if move.kind == Transition.Kind.LEFT:
                standing.add(move.segment.slug)
            else:
                standing.discard(move.segment.slug)
        return frozenset(standing)

    def _standing_of_both(self, at: datetime) -> frozenset[str]:
        """Return where either of those stood who are one contact since."""
        inside: Counter[str] = Counter()
        merges = deque(former.merged_at for former in self.profile.formers)
        for move in self.moves:
            if move.at > at:
                break
            while merges and merges[0] <= move.at:
                inside = Counter(list(+inside))
                merges.popleft()
            inside[move.segment.slug] += 1 if move.kind == Transition.Kind.ENTERED else -1
        return frozenset(+inside)

    def who_stood_in(self, slug: str, at: datetime) -> dict[int | None, bool]:
        """Return which of those who are one since stood in it, by former id; None: its own.

        Empty once the first were one: with a third, it is not kept which of the two it was.
        """
        if any(former.merged_at <= at for former in self.profile.formers):
            return {}
        inside: Counter[int | None] = Counter()
        for move in self.moves_of(slug):
            if move.at <= at:
                inside[move.former] += 1 if move.kind == Transition.Kind.ENTERED else -1
        return {whose: inside[whose] > 0 for whose in (None, *self._formers)}

    @property
    def _formers(self) -> list[int]:
        return [former.pk for former in self.profile.formers]

    def pins_at(self, at: datetime) -> Pins:
        return {slug: hand.held for slug, hand in self.hands_at(at).items()}

    def hands_at(self, at: datetime) -> dict[str, Hand]:
        """Return by slug how it was held; of two who are one since, its own hands go first."""
        later = [former.pk for former in self.profile.formers if former.merged_at > at]
        found: dict[str, Hand] = {}
        for whose in (None, *later):
            found = _hands([one for one in self.pins if one.former == whose], at) | found
        return found

    def moves_of(self, slug: str) -> list[Transition]:
        return [move for move in self.moves if move.segment.slug == slug]


def _hands(changes: Iterable[PinChange], at: datetime) -> dict[str, Hand]:
    found: dict[str, Hand] = {}
    for change in changes:
        slug = change.segment.slug
        if change.at > at:
            if slug in found and found[slug].until is None:
                found[slug] = replace(found[slug], until=change.at)
        elif change.held:
            found[slug] = Hand(change.held, change.by, change.at)
        else:
            found.pop(slug, None)
    return found


def read_pasts(contacts: Collection[Contact], *, reading: Keys | None = None) -> dict[int, Past]:
    """Return the past of these contacts, as far as rules with these keys read it.

    Without keys all of it. At most six queries, however many contacts.
    """
    ids = [contact.pk for contact in contacts]
    profiles = history.read(contacts)
    moves = Transition.objects.filter(contact__in=ids).select_related("segment")
    inside = Membership.objects.filter(contact__in=ids).values_list("contact", "segment__slug")
    moved = _grouped((move.contact_id, move) for move in moves.order_by("at", "pk"))
    pins = PinChange.objects.filter(contact__in=ids).select_related("segment", "by")
    pinned = _grouped((pin.contact_id, pin) for pin in pins.order_by("pk"))
    events, seen = _grouped(_received(ids, reading)), _grouped(_seen(ids, reading))
    standing = _grouped(inside)
    return {
        contact.pk: Past(
            contact=contact,
            profile=profiles[contact.pk],
            events=events.get(contact.pk, ()),
            seen=seen.get(contact.pk, ()),
            moves=moved.get(contact.pk, ()),
            pins=pinned.get(contact.pk, ()),
            standing=frozenset(standing.get(contact.pk, ())),
        )
        for contact in contacts
    }


def _received(ids: Collection[int], reading: Keys | None) -> Iterator[tuple[int, Received]]:
    rows = Event.objects.filter(contact__in=ids).order_by("occurred_at")
    if reading is not None:
        rows = rows.filter(name__in=reading.events)
    for pk, name, occurred_at, received_at, properties in rows.values_list(
        "contact", "name", "occurred_at", "received_at", "properties"
    ):
        yield pk, Received(name, Occurrence(occurred_at, properties), received_at)


def _seen(
    ids: Collection[int], reading: Keys | None
) -> Iterator[tuple[int, tuple[datetime, datetime]]]:
    if reading is not None and LAST_SEEN not in reading.traits:
        return
    rows = Event.objects.filter(contact__in=ids)
    for pk, received_at, occurred_at in rows.values_list("contact", "received_at", "occurred_at"):
        yield pk, (received_at, occurred_at)


def _grouped(pairs: Iterable[tuple[int, Item]]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = {}
    for pk, item in pairs:
        found.setdefault(pk, []).append(item)
    return found


def known_then(past: Past, segment: Segment, archive: Archive, *, at: datetime) -> Known | None:
    """Return what was known at `at`, or None where the segment was not live. Raises Unreadable."""
    planned = archive.live(segment.slug, at)
    if planned is None:
        return None
    facts, pins = past.facts(at), past.pins_at(at)
    moves = [move for move in past.moves_of(segment.slug) if move.at <= at]
    return Known(
        segment=planned,
        facts=facts,
        pins=pins,
        since=moves[-1].at if moves else None,
        member=segment.slug in facts.segments,
        nested=_nested(archive.below(planned, at), facts, pins, at=at),
    )


def _nested(below: Sequence[Planned], facts: Facts, pins: Pins, *, at: datetime) -> dict[str, Rule]:
    """Return the rules of those segments that stood as their rules say: what time does to them.

    Of the others, the standing of then is a fact.
    """
    rules = rules_of(below, pins)
    calendar = installed()
    return {
        slug: rule
        for slug, rule in rules.items()
        if holds(rule, facts, now=at, calendar=calendar) is (slug in facts.segments)
    }
