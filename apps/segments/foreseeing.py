"""What a rule would do before it is saved: who matches, who would enter and leave."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.contacts.models import Contact
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.segments.models import Membership, Segment
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
