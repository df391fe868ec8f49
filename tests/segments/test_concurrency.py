"""What must hold when many do everything at once: no error reaches anybody, nothing drifts."""

import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from apps.contacts import consent
from apps.contacts.events import NewEvent, record_event, record_events
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.nurture import sweeping, unsubscribing, walking
from apps.nurture.models import Enrolment, Message, Sequence
from apps.segments import editing, rebuilding, sizes
from apps.segments.jobs import settle_waiting
from apps.segments.models import Change, Ladder, Membership, Pin, Rebuild, Segment, Transition
from apps.segments.ticking import beat, tick
from apps.segments.verifying import verify
from tests.factories import ContactFactory
from tests.nurture import build as nurture
from tests.nurture.build import HOUR, subscriber
from tests.segments.build import IS_PRO, segment
from tests.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogue")]

PLANS = ("pro", "Pro", "basic", None)


@pytest.fixture(autouse=True)
def _the_clock_stands_still() -> None:
    """Let the clock run here: windows slide while the threads work."""


@pytest.fixture(autouse=True)
def _hear_the_failures(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def threads(on_postgres: int, on_sqlite: int) -> int:
    """Return how many threads: SQLite has one writer at a time, more would only wait."""
    return on_postgres if connection.vendor == "postgresql" else on_sqlite


class Crowd:
    """Everything that can happen to forty contacts and seven segments, picked at random."""

    def __init__(self) -> None:
        self.contacts = [ContactFactory().pk for _ in range(40)]
        ladder = Ladder.objects.create(name="Ladder", slug="ladder")
        now = timezone.now()
        tick(now=now)
        segment("pros", IS_PRO, now=now)
        segment("busy", self.rule(random.Random(1)), now=now)
        segment("nested", {"any": [{"segment": "pros"}, {"segment": "busy"}]}, now=now)
        segment("neither", {"not": {"segment": "nested"}}, now=now)
        segment("top", self.rule(random.Random(2)), ladder=ladder, rung=1, now=now)
        segment("middle", IS_PRO, ladder=ladder, rung=2, now=now)
        segment("rest", {"all": []}, ladder=ladder, rung=3, now=now)
        self.sequence = nurture.sequence(
            "One",
            timedelta(seconds=1),
            "Two",
            slug="for-pros",
            segment=Segment.objects.get(slug="pros"),
            re_entry="every_time",
            cooldown=timedelta(0),
        )

    def rule(self, chance: random.Random) -> object:
        window = chance.choice(["1s", "2s", "5s"])
        return chance.choice(
            [
                {"event": "ordered", "count": {"op": "at_least", "value": 2}, "within": window},
                {"event": "ordered", "last": {"op": "older_than", "value": window}},
                {"trait": "trial_ends", "op": "in_next", "value": window},
                {"trait": "contact.last_seen_at", "op": "in_last", "value": window},
                {"all": [{"trait": "score", "op": "at_least", "value": 5}, {"segment": "pros"}]},
            ]
        )

    def work(self, chance: random.Random, *, until: float) -> Callable[[], None]:
        happenings: list[Callable[[random.Random], object]] = [
            *[self.change] * 6,
            *[self.event] * 6,
            *[self.batch] * 2,
            *[self.pin] * 2,
            *[self.settle] * 2,
            *[self.nurse] * 2,
            self.edit,
            self.time,
            self.consent,
        ]

        def run() -> None:
            while time.monotonic() < until:
                chance.choice(happenings)(chance)

        return run

    # What may happen

    def contact(self, chance: random.Random) -> Contact:
        return Contact.objects.get(pk=chance.choice(self.contacts))

    def change(self, chance: random.Random) -> None:
        now = timezone.now()
        fresh = [f"found.{chance.randint(1, 400)}" for _ in range(3)]
        traits = {
            "plan": chance.choice(PLANS),
            "score": chance.choice([4, 6, None]),
            "trial_ends": now + timedelta(seconds=chance.uniform(-3, 3)),
            **dict.fromkeys(fresh, 1),
        }
        some = chance.sample(sorted(traits), 3)
        change_profile(
            self.contact(chance), now=now, traits={key: traits[key] for key in some}, source="test"
        )

    def event(self, chance: random.Random) -> None:
        now = timezone.now()
        when = now + timedelta(seconds=chance.uniform(-3, 2))
        record_event(self.contact(chance), name="ordered", now=now, occurred_at=when)

    def batch(self, chance: random.Random) -> None:
        now = timezone.now()
        rows = [
            NewEvent(pk, "ordered", now, f"{chance.random()}:{pk}")
            for pk in chance.sample(self.contacts, chance.choice([5, 30]))
        ]
        record_events(rows, now=now)

    def pin(self, chance: random.Random) -> None:
        held = chance.choice([Pin.Held.IN, Pin.Held.OUT, None, None])
        row = Segment.objects.get(slug=chance.choice(["pros", "top", "middle"]))
        editing.pin(self.contact(chance), row, held=held, by=None)

    def edit(self, chance: random.Random) -> None:
        slug = chance.choice(["busy", "top", "pros"])
        plan = {"trait": "plan", "op": "is", "value": chance.choice(["pro", "basic"])}
        rule = plan if slug == "pros" else self.rule(chance)
        row = Segment.objects.get(slug=slug)
        editing.save(row, rule=rule, by=None, now=timezone.now())
        for pk in Rebuild.objects.filter(state=Rebuild.State.WAITING).values_list("pk", flat=True):
            rebuilding.run(pk)

    def time(self, chance: random.Random) -> None:
        beat(now=timezone.now())

    def settle(self, chance: random.Random) -> None:
        settle_waiting()

    def nurse(self, chance: random.Random) -> None:
        walking.advance_due(now=timezone.now())
        sweeping.sweep(now=timezone.now())

    def consent(self, chance: random.Random) -> None:
        contact = self.contact(chance)
        if chance.random() < 0.5:
            words = "Send me tips."
            consent.record(contact, now=timezone.now(), granted=True, wording=words, source="test")
        else:
            unsubscribing.unsubscribe(contact, source="test", clock=timezone.now, patience=0)


def test_a_crowd_that_does_everything_at_once_leaves_no_error_and_no_drift(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crowd = Crowd()
    until = time.monotonic() + 10
    count = threads(32, 4)
    at_once(*[crowd.work(random.Random(seed), until=until) for seed in range(count)])
    assert [record.getMessage() for record in caplog.records] == []
    for pk in Rebuild.objects.filter(state=Rebuild.State.WAITING).values_list("pk", flat=True):
        rebuilding.run(pk)
    report = verify()
    assert report.drift == ()
    assert report.broken == ()
    rows = Segment.objects.annotate(count=Count("memberships")).values_list("pk", "count")
    assert sizes.members(pk for pk, _ in rows) == dict(rows)
    settle_waiting()  # what became due while it was looked at
    assert not Change.objects.exists()
    assert Transition.objects.count() > 50  # something did happen


def sequence(**fields: object) -> Sequence:
    """Make a live sequence that pros begin."""
    row = segment("pros", IS_PRO, now=timezone.now())
    return nurture.sequence("Welcome", HOUR, "Later", segment=row, **fields)


def become(plan: str | None, contact: Contact) -> Callable[[], object]:
    return lambda: change_profile(
        Contact.objects.get(pk=contact.pk),
        now=timezone.now(),
        traits={"plan": plan},
        source="test",
    )


def order(contact: Contact, number: int) -> Callable[[], object]:
    return lambda: record_event(
        contact, name="ordered", now=timezone.now(), message_id=f"order-{number % 3}"
    )


@pytest.mark.parametrize("round_", range(5))
def test_however_many_let_a_contact_in_at_once_it_begins_once(round_: int) -> None:
    begun = sequence(re_entry="every_time", cooldown=timedelta(0))
    contact = subscriber()
    many = threads(64, 8)
    at_once(*[become("pro", contact)] * (many // 2), *[order(contact, n) for n in range(many // 2)])
    enrolment = Enrolment.objects.get()
    assert (enrolment.sequence, enrolment.contact) == (begun, contact)
    assert Message.objects.count() == 1
    assert Membership.objects.count() == Transition.objects.count() == 1
    assert contact.events.count() == 3


@pytest.mark.parametrize(
    ("policy", "cooldown", "least", "most"),
    [
        ("never", timedelta(0), 1, 1),
        ("after_finish", HOUR, 1, 1),
        ("every_time", HOUR, 1, 1),
        ("every_time", timedelta(0), 2, 1000),
    ],
)
def test_a_flapping_contact_obeys_the_re_entry_policy(
    policy: str, cooldown: timedelta, least: int, most: int
) -> None:
    sequence(re_entry=policy, cooldown=cooldown)
    contact = subscriber()

    def flap() -> None:
        for _ in range(4):
            become("pro", contact)()
            become(None, contact)()

    at_once(*[flap] * threads(16, 4))
    flap()  # alone: what one does another may undo before it is settled
    entered = Transition.objects.filter(kind="entered").count()
    assert entered > 1
    assert least <= Enrolment.objects.count() <= min(most, entered)
    assert Enrolment.objects.active().count() <= 1
    assert Message.objects.count() == Enrolment.objects.count()
    assert verify().drift == ()


def test_an_event_does_not_wait_for_the_end_of_a_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets in whoever looks while nobody writes: a rebuild must leave such moments."""
    contacts = [ContactFactory() for _ in range(30)]
    settle_waiting()
    pieces: list[str] = []

    def reached(point: str) -> None:
        if point == "rebuild.before_commit":
            pieces.append(point)
            time.sleep(0.1)

    monkeypatch.setattr(rebuilding, "reached", reached)
    monkeypatch.setattr(rebuilding, "PIECE", 1)
    monkeypatch.setattr(rebuilding, "LARGEST", 1)
    row = Segment(name="Everybody", slug="everybody", status="live")
    editing.save(row, rule={"all": []}, by=None, now=timezone.now())
    pieces_before: list[int] = []

    def record() -> None:
        while not pieces:
            time.sleep(0.01)
        order(contacts[-1], 1)()
        pieces_before.append(len(pieces))

    at_once(lambda: rebuilding.run(Rebuild.objects.get().pk), record)
    assert len(pieces) >= 29  # the buyer may be settled before
    assert pieces_before[0] < 20
