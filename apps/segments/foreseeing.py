"""What a rule would do before it is saved: who matches, who would enter and leave."""

import random
from dataclasses import dataclass
from datetime import datetime

from apps.contacts.models import Contact
from apps.rules.codec import dumps
from apps.rules.nodes import Rule
from apps.rules.prose import sentence
from apps.segments.models import Membership, Segment
from apps.segments.places import segment_places
from apps.segments.plan import catalogue, live_plan
from apps.segments.population import holding
from apps.segments.scope import EVERYBODY, Scope, roomy

SAMPLE = 5
NEWEST = 5000  # ids among which the sample is looked for first
ESTIMATED_FROM = 100_000  # contacts; fewer are counted at once
ASKED = 4000  # contacts that an estimate is made from


@dataclass(frozen=True, slots=True)
class Counts:
    of: int
    count: int
    entering: int
    leaving: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`is_estimate`: the numbers are drawn from a sample of the contacts."""

    sentence: str
    count: int
    of: int
    sample: tuple[Contact, ...]
    entering: int
    leaving: int
    is_estimate: bool = False


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
    counts = _counts(rule, segment, now=now)
    return Preview(
        sentence=sentence(rule, catalogue()),
        count=counts.count,
        of=counts.of,
        sample=_newest(rule, now=now) if counts.count else (),
        entering=counts.entering,
        leaving=counts.leaving,
    )


def estimate(rule: Rule, *, segment: Segment | None = None, now: datetime) -> Preview:
    """Return the same from a sample of the contacts, where they are many; else exactly."""
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if last < ESTIMATED_FROM:
        return preview(rule, segment=segment, now=now)
    drawn = random.Random(last).sample(range(1, last + 1), ASKED)  # noqa: S311  a sample
    counts = _counts(rule, segment, now=now, scope=Scope(ids=tuple(sorted(drawn))))
    share = last / ASKED
    return Preview(
        sentence=sentence(rule, catalogue()),
        count=round(counts.count * share),
        of=round(counts.of * share),
        sample=(),
        entering=round(counts.entering * share),
        leaving=round(counts.leaving * share),
        is_estimate=True,
    )


def _counts(
    rule: Rule, segment: Segment | None, *, now: datetime, scope: Scope = EVERYBODY
) -> Counts:
    people = scope.of(Contact.objects.standing(), "pk")
    matching = holding(rule, plan=live_plan(), now=now, scope=scope)
    with roomy():
        if segment is None:
            count = matching.count()
            return Counts(people.count(), count, entering=count, leaving=0)
        members = scope.of(Membership.objects.filter(segment=segment), "contact")
        before, after = set(members.values_list("contact_id", flat=True)), set()
        after = set(matching.values_list("pk", flat=True))
        return Counts(people.count(), len(after), len(after - before), len(before - after))


def _newest(rule: Rule, *, now: datetime) -> tuple[Contact, ...]:
    """Return the newest contacts the rule holds for, looked for among the newest first."""
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    found: list[int] = []
    span = NEWEST
    while len(found) < SAMPLE:
        newest = Scope(first=max(last - span, 0))
        matching = holding(rule, plan=live_plan(), now=now, scope=newest).order_by("-pk")
        with roomy():
            found = list(matching.values_list("pk", flat=True)[:SAMPLE])
        if span > last:
            break
        span *= 20
    by_pk = Contact.objects.in_bulk(found)
    return tuple(by_pk[pk] for pk in found)
