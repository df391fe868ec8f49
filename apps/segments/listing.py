"""What the pages of segments show: the overview, and one segment with its members."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.contacts import people
from apps.contacts.models import MAX_SEARCH, Contact
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.errors import RuleError
from apps.rules.prose import sentence
from apps.segments.models import Membership, Pin, Rebuild, Revision, Segment, Transition
from apps.segments.plan import catalogue

MEMBERS = 50
REVISIONS = 20
A_WEEK = timedelta(days=7)
TONES = {"live": "success", "draft": "quiet", "archived": "quiet"}


@dataclass(frozen=True, slots=True)
class Line:
    """One segment in the overview."""

    segment: Segment
    sentence: str
    members: int
    entered: int
    left: int
    tone: str
    building: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """One segment in a few words and figures."""

    slug: str
    revision: int
    state: str  # building, or built
    members: int
    prose: str


@dataclass(frozen=True, slots=True)
class Member:
    id: int
    external_id: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Page:
    sentence: str
    count: int
    members: list[Membership]
    next: int | None
    words: str
    revisions: list[tuple[Revision, str]]
    pins: list[Pin]
    rebuild: "Applied | None"
    tone: str


@dataclass(frozen=True, slots=True)
class Applied:
    """How far the latest rebuild is: percent of the contacts looked at, and who moved."""

    state: str
    percent: int
    entered: int
    departed: int


def overview() -> list[Line]:
    """Return every segment, ladders together and in their order. Five queries."""
    known = catalogue()
    since = timezone.now() - A_WEEK
    members = _counts(Membership.objects.all())
    entered = _counts(_moves(Transition.Kind.ENTERED, since))
    left = _counts(_moves(Transition.Kind.LEFT, since))
    building = set(
        Rebuild.objects.filter(state=Rebuild.State.WAITING).values_list("segment_id", flat=True)
    )
    rows = Segment.objects.select_related("ladder").order_by(
        "status", "ladder__name", "rung", "name"
    )
    return [
        Line(
            segment=row,
            sentence=in_words(row.rule, known),
            members=members.get(row.pk, 0),
            entered=entered.get(row.pk, 0),
            left=left.get(row.pk, 0),
            tone=TONES[row.status],
            building=row.pk in building,
        )
        for row in rows
    ]


def _moves(kind: str, since: datetime) -> QuerySet[Transition]:
    return Transition.objects.filter(kind=kind, at__gte=since)


def _counts(rows: QuerySet[Any]) -> dict[int, int]:
    """Return the number of rows by segment."""
    counted = rows.order_by().values("segment").annotate(number=Count("pk"))
    return dict(counted.values_list("segment", "number"))


def in_words(rule: object | None, known: Catalogue) -> str:
    """Return a stored rule as a sentence; one that cannot be read any more says so."""
    if rule is None:
        return "held by hand"
    try:
        return sentence(codec.loads(rule, known), known)
    except RuleError as error:
        return f"cannot be read: {error}"


def page(segment: Segment, *, after: str, words: str) -> Page:
    """Return a segment's page; members by keyset, the earliest member first."""
    known = catalogue()
    rows = Membership.objects.filter(segment=segment).select_related("contact").order_by("pk")
    words = words[:MAX_SEARCH]
    if words:
        name = Q(contact__first_name__istartswith=words) | Q(contact__last_name__istartswith=words)
        rows = rows.filter(Q(contact__email__istartswith=words) | name)
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows[: MEMBERS + 1])
    revisions = segment.revisions.select_related("by")[:REVISIONS]
    return Page(
        sentence=in_words(segment.rule, known),
        count=segment.memberships.count(),
        members=found[:MEMBERS],
        next=found[MEMBERS - 1].pk if len(found) > MEMBERS else None,
        words=words,
        revisions=[(revision, in_words(revision.rule, known)) for revision in revisions],
        pins=list(segment.pins.select_related("contact", "by").order_by("-at")[:MEMBERS]),
        rebuild=_latest_rebuild(segment),
        tone=TONES[segment.status],
    )


def _latest_rebuild(segment: Segment) -> Applied | None:
    rebuild = segment.rebuilds.order_by("-pk").first()
    if rebuild is None:
        return None
    parts = list(rebuild.parts.all())
    newest = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    done = sum(max(min(part.done_to, newest) - part.first + 1, 0) for part in parts)
    return Applied(
        state=rebuild.get_state_display(),
        percent=min(100 * done // (newest + 1), 100),
        entered=sum(part.entered for part in parts),
        departed=sum(part.departed for part in parts),
    )


def briefs(segments: QuerySet[Segment]) -> list[Brief]:
    """Return these segments in brief, by slug. Five queries, however many."""
    known = catalogue()
    rows = list(segments.order_by("slug"))
    ids = [row.pk for row in rows]
    members = _counts(Membership.objects.filter(segment__in=ids))
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING, segment__in=ids)
    building = set(waiting.values_list("segment_id", flat=True))
    return [
        Brief(
            slug=row.slug,
            revision=row.revision,
            state="building" if row.pk in building else "built",
            members=members.get(row.pk, 0),
            prose=in_words(row.rule, known),
        )
        for row in rows
    ]


def members_after(segment: Segment, *, after: int, limit: int) -> tuple[list[Member], int | None]:
    """Return members by contact id, behind `after`, and the id the next page goes on from."""
    rows = Membership.objects.filter(segment=segment, contact__gt=after).order_by("contact")
    found = list(rows.values_list("contact_id", "since")[: limit + 1])
    page, more = found[:limit], len(found) > limit
    names = people.external_ids_of([contact_id for contact_id, _ in page])
    members = [Member(contact_id, names.get(contact_id), since) for contact_id, since in page]
    return members, page[-1][0] if more else None


def standing_of(contact: Contact) -> list[tuple[str, datetime]]:
    """Return the live segments the contact is in, by slug, and since when."""
    rows = contact.memberships.filter(segment__status=Segment.Status.LIVE)
    return list(rows.order_by("segment__slug").values_list("segment__slug", "since"))
