"""The demonstration company's past: every explanation is what the record has."""

import io
import random
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command

from apps.contacts.events import NewEvent, record_events
from apps.contacts.gathering import Sighting, gather
from apps.contacts.models import Contact, Identity
from apps.segments import editing, rebuilding
from apps.segments.explaining.account import Gap, account_then
from apps.segments.explaining.past import read_pasts
from apps.segments.explaining.revisions import Archive
from apps.segments.models import Membership, Rebuild, Segment, Transition
from apps.segments.settling import settle_waiting
from apps.segments.ticking import tick

pytestmark = pytest.mark.django_db(transaction=True)
BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
A_DAY = timedelta(days=1)
DAYS = 7
IN_THE_US = {"trait": "contact.country", "op": "is", "value": "US"}
Stood = dict[int, set[str]]  # contact: slugs


def live_a_day(chance: random.Random, *, now: datetime) -> None:
    """Let some buy, some be changed by an import, and one rule be edited."""
    ids = list(Contact.objects.standing().order_by("pk").values_list("pk", flat=True))
    bought = [
        NewEvent(pk, "order_completed", now - chance.random() * A_DAY, f"{now}:{pk}", {"total": 40})
        for pk in chance.sample(ids, 40)
    ]
    record_events(bought, now=now)
    known = Identity.objects.filter(kind=Identity.Kind.EXTERNAL).order_by("pk")
    names = chance.sample(list(known.values_list("value", flat=True)), 60)
    country = chance.choice(["US", "DE", "PT", ""])
    gather([Sighting(name, {"country": country}) for name in names], now=now, source="test")
    row = chance.choice(list(Segment.objects.exclude(rule=None).order_by("pk")))
    editing.save(row, rule={"any": [row.rule, IN_THE_US]}, by=None, now=now)


def come_to_rest(*, now: datetime) -> Stood:
    """Do what workers do; return where everybody stands."""
    tick(now=now)
    for rebuild in Rebuild.objects.filter(state=Rebuild.State.WAITING).order_by("pk"):
        rebuilding.run(rebuild.pk, now=now)
    while settle_waiting(limit=5000, now=now):
        pass
    stood: Stood = {}
    for pk, slug in Membership.objects.values_list("contact", "segment__slug"):
        stood.setdefault(pk, set()).add(slug)
    return stood


def test_the_explanation_agrees_with_stored_membership_for_every_contact_at_ten_instants() -> None:
    chance, witnessed = random.Random(4), {}
    with time_machine.travel(BEGIN, tick=False):
        call_command("demo", stdout=io.StringIO())
        witnessed[BEGIN] = come_to_rest(now=BEGIN)
    for day in range(1, DAYS + 1):
        now = BEGIN + day * A_DAY
        with time_machine.travel(now, tick=False):
            live_a_day(chance, now=now)
            witnessed[now] = come_to_rest(now=now)
    between = BEGIN + A_DAY / 2
    witnessed |= {BEGIN - A_DAY: {}, between: witnessed[BEGIN]}
    assert len(witnessed) == 10
    assert Transition.objects.filter(at__gt=BEGIN).count() > 100
    archive, segments = Archive(), list(Segment.objects.all())
    contacts = list(Contact.objects.standing())
    for past in read_pasts(contacts).values():
        for at, stood in witnessed.items():
            inside = stood.get(past.contact.pk, set())
            for segment in segments:
                told = account_then(past, segment, archive, at=at)
                where = (str(past.contact), segment.slug, at)
                assert told.holds is (segment.slug in inside), where
                if told.missed is not None:  # nobody ticked between two days
                    assert (at, told.missed.gap) == (between, Gap.SETTLING), where
    assert len(contacts) > 400
