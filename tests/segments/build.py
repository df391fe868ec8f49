"""Segments for tests, saved through the same verb as a marketer's."""

from datetime import datetime

from apps.contacts.models import Contact
from apps.segments import editing, rebuilding
from apps.segments.models import Ladder, Membership, Rebuild, Segment
from apps.segments.settling import settle_waiting
from tests.factories import NOW

IS_PRO = {"trait": "plan", "op": "is", "value": "pro"}
BOUGHT_TWICE_IN_30_DAYS = {
    "event": "order_completed",
    "count": {"op": "at_least", "value": 2},
    "within": "30d",
}


def segment(
    slug: str,
    rule: object | None,
    *,
    ladder: Ladder | None = None,
    rung: int | None = None,
    status: str = Segment.Status.LIVE,
    now: datetime = NOW,
) -> Segment:
    row = Segment(name=slug.title(), slug=slug, status=status, ladder=ladder, rung=rung)
    editing.save(row, rule=rule, by=None, now=now)
    rebuild_all(now=now)
    return row


def rebuild_all(*, now: datetime = NOW) -> None:
    """Do what workers do: carry every rebuild to its end, settle every mark."""
    for rebuild in Rebuild.objects.filter(state=Rebuild.State.WAITING).order_by("pk"):
        rebuilding.run(rebuild.pk, now=now)
    settle_all(now=now)


def settle_all(*, now: datetime = NOW) -> None:
    while settle_waiting(limit=1000, now=now):
        pass


def members(slug: str) -> set[int]:
    return set(Membership.objects.filter(segment__slug=slug).values_list("contact_id", flat=True))


def standing(contact: Contact) -> set[str]:
    return set(contact.memberships.values_list("segment__slug", flat=True))
