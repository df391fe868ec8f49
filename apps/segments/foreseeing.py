"""What a rule would do before it is saved: who matches, who would enter and leave."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.contacts.models import Contact
from apps.rules.codec import dumps
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.segments.models import Membership, Segment
from apps.segments.places import segment_places
from apps.segments.plan import catalogue, live_plan
from apps.segments.population import Population

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Preview:
    sentence: str
    count: int
    of: int
    sample: tuple[Contact, ...]
    entering: int
    leaving: int


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001
    """Something about a rule that is so for certain, and where in it."""

    code: str
    message: str
    at: str
    witness: object = None


def warnings(rule: Rule) -> list[Warning]:
    """Return what is provably odd about a rule: nobody is in a segment that is not live."""
    drafts = Segment.objects.filter(status=Segment.Status.DRAFT)
    waiting = set(drafts.values_list("slug", flat=True))
    return [
        Warning("draft_segment", f"'{slug}' is a draft: nobody is in it.", at)
        for at, slug in segment_places(dumps(rule))
        if slug in waiting
    ]


def preview(rule: Rule, *, segment: Segment | None = None, now: datetime) -> Preview:
    """Return who the rule holds for at `now`, and the difference to the segment's members.

    Pins and ladders are left aside: this is the rule alone.
    """
    holds = Population(live_plan(), now).rule(rule)
    standing = Contact.objects.standing()
    members = Membership.objects.filter(
        segment=segment.pk if segment else None, contact=OuterRef("pk")
    )
    count = holds.count()
    entering = holds.exclude(Exists(members)).count()
    before = standing.filter(Exists(members)).count()
    return Preview(
        sentence=sentence(rule, catalogue()),
        count=count,
        of=standing.count(),
        sample=tuple(holds.order_by("-pk")[:SAMPLE]),
        entering=entering,
        leaving=before - (count - entering),
    )
