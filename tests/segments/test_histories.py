"""Random histories: whatever happens, in whatever order, also in the midst of a rebuild, stored
membership is what a recomputation from scratch by either reading says.

    HISTORIES=long    1,000 histories of each kind; about an hour
"""

import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from apps.contacts.erasing import erase
from apps.contacts.events import NewEvent, record_event, record_events
from apps.contacts.merging import merge
from apps.contacts.models import Contact, Event
from apps.contacts.profile import change_profile
from apps.segments import editing, looking, rebuilding, settling
from apps.segments.looking import Look
from apps.segments.models import (
    Ladder,
    Overtaken,
    Pin,
    Rebuild,
    RebuildPart,
    Segment,
    Transition,
)
from apps.segments.ticking import tick
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.segments.build import rebuild_all, segment, settle_all

pytestmark = pytest.mark.usefixtures("catalogue")
HISTORIES = 1000 if os.environ.get("HISTORIES") == "long" else 10
STEPS = 30


class World:
    """A few contacts and segments, and a clock that only goes forward."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = NOW
        tick(now=self.now)
        for _ in range(6):
            ContactFactory(created_at=NOW)
        ladder = Ladder.objects.create(name="Ladder", slug="ladder")
        segment("a", self.leaf())
        segment("b", {"any": [{"segment": "a"}, self.leaf()]})
        segment("c", {"all": [{"not": {"segment": "b"}}, self.leaf()]})
        segment("top", self.leaf(), ladder=ladder, rung=1)
        segment("middle", {"any": [self.leaf(), {"segment": "c"}]}, ladder=ladder, rung=2)
        segment("rest", {"all": []}, ladder=ladder, rung=3)

    def contact(self) -> Contact:
        return self.random.choice(list(Contact.objects.standing().order_by("pk")))

    def moment(self) -> datetime:
        """Some time around now: past, exactly now, or still to come."""
        return self.now + timedelta(hours=self.random.choice([-90, -48, -24, -1, 0, 0, 1, 30]))

    def leaf(self) -> dict[str, object]:
        window = self.random.choice(["1h", "1d", "2d", "90h"])
        return self.random.choice(
            [
                {"trait": "plan", "op": "is", "value": "pro"},
                {"trait": "score", "op": "at_least", "value": 5},
                {"trait": "trial_ends", "op": "in_next", "value": window},
                {"trait": "trial_ends", "op": "not_in_last", "value": window},
                {"trait": "born", "op": "in_last", "value": window},
                {"trait": "contact.last_seen_at", "op": "older_than", "value": window},
                {"event": "ordered", "count": {"op": "at_least", "value": 2}, "within": window},
                {"event": "ordered", "count": {"op": "at_most", "value": 1}, "within": window},
                {"event": "ordered", "last": {"op": "older_than", "value": window}},
                {"event": "ordered", "first": {"op": "in_last", "value": window}},
                {"not": {"event": "visited"}},
                {
                    "event": "ordered",
                    "sum": {"property": "total", "op": "at_least", "value": 0.3},
                    "within": window,
                },
                {"event": "ordered", "min": {"property": "total", "op": "less_than", "value": 0.2}},
                {"event": "visited", "then": {"event": "ordered", "within": window}},
                {"trait": "trial_ends", "op": "in_period", "value": "this_week"},
                {"trait": "born", "op": "anniversary_in_next", "value": "36h"},
            ]
        )

    # What may happen

    def trait(self) -> None:
        value = self.random.choice(
            [
                {"plan": self.random.choice(["pro", "PRO", "basic", None])},
                {"score": self.random.choice([4, 5, 6.5, None])},
                {"trial_ends": self.random.choice([self.moment(), None])},
                {"born": self.random.choice([self.moment().date().isoformat(), None])},
            ]
        )
        change_profile(self.contact(), now=self.now, traits=value, source="test")

    def event(self) -> None:
        name = self.random.choice(["ordered", "ordered", "visited"])
        record_event(
            self.contact(),
            name=name,
            now=self.now,
            occurred_at=self.moment(),
            properties=self.random.choice([{}, {"total": 0.1}, {"total": 0.2}, {"total": "0.3"}]),
        )

    def replay(self) -> None:
        """Send an event again as it was."""
        event = Event.objects.order_by("?").first()
        if event is not None:
            record_event(
                event.contact,
                name=event.name,
                now=self.now,
                occurred_at=event.occurred_at,
                properties=event.properties,
                message_id=event.message_id,
            )

    def batch(self) -> None:
        """Take many events in at once, some for the second time."""
        fresh = [
            NewEvent(self.contact().pk, "ordered", self.moment(), f"{self.random.random()}")
            for _ in range(5)
        ]
        record_events([*fresh, *fresh[:2]], now=self.now)

    def arrival(self) -> None:
        ContactFactory(created_at=self.now)

    def merge(self) -> None:
        into, gone = self.contact(), self.contact()
        if into != gone and Contact.objects.standing().count() > 3:
            merge(into=into.pk, gone=gone.pk, now=self.now)

    def erasure(self) -> None:
        if Contact.objects.standing().count() > 4:
            erase(self.contact().pk)

    def deletion(self) -> None:
        event = Event.objects.order_by("?").first()
        if event is not None:
            event.delete()

    def pin(self) -> None:
        held = self.random.choice([Pin.Held.IN, Pin.Held.OUT, None])
        row = self.random.choice(list(Segment.objects.order_by("pk")))
        editing.pin(self.contact(), row, held=held, by=None)

    def edit(self) -> None:
        row = Segment.objects.get(slug=self.random.choice(["a", "top"]))
        editing.save(row, rule=self.leaf(), by=None, now=self.now)
        if self.random.random() < 0.5:
            settle_all(now=self.now)
        rebuild_all(now=self.now)

    def clock(self) -> None:
        jump = self.random.choice([1, 59, 3600, 5 * 3600, 86_400, 4 * 86_400])
        self.now += timedelta(seconds=jump)
        tick(now=self.now)

    def arrangement(self) -> None:
        ladder = Ladder.objects.get()
        order = list(ladder.rungs.exclude(slug="rest").values_list("pk", flat=True))
        rest = ladder.rungs.get(slug="rest").pk
        editing.arrange(
            ladder, [*self.random.sample(order, len(order)), rest], by=None, now=self.now
        )
        rebuild_all(now=self.now)

    def zone(self) -> None:
        """Have all looked at anew when rules say otherwise at once: so it is after a new zone."""
        slug = self.random.choice(["a", "top"])
        Segment.objects.filter(slug=slug).update(rule=self.leaf())
        rebuilding.rebuild_all(now=self.now)

    def second_worker(self) -> None:
        rebuild_all(now=self.now)

    def step(self) -> str:
        happenings: list[Callable[[], None]] = [
            self.trait,
            self.event,
            self.event,
            self.replay,
            self.batch,
            self.arrival,
            self.merge,
            self.erasure,
            self.deletion,
            self.pin,
            self.edit,
            self.clock,
            self.clock,
        ]
        happening = self.random.choice(happenings)
        happening()
        settle_all(now=self.now)
        return happening.__name__

    def meanwhile(self) -> None:
        """Let something happen beside a rebuild; whoever it touches is settled or not yet."""
        while self.random.random() < 0.7:
            happening = self.random.choice(
                [self.trait, self.event, self.batch, self.arrival, self.merge, self.erasure,
                 self.pin, self.edit, self.clock, self.arrangement, self.zone, self.second_worker]
            )  # fmt: skip
            happening()
            if self.random.random() < 0.6:
                settle_all(now=self.now)

    def fact(self) -> None:
        """Let something be committed that nobody settles yet."""
        if self.random.random() < 0.3:
            self.random.choice([self.trait, self.event, self.merge, self.pin])()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_membership_is_a_pure_function_of_facts_rules_and_the_clock(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # whoever is settled is found by the statement, as many contacts are
        monkeypatch.setattr(settling, "FEW", 0)
    world = World(seed)
    steps = []
    for _ in range(STEPS):
        steps.append(world.step())
        report = verify(now=world.now)
        assert report.drift == (), steps
        assert report.broken == ()


def beside(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Have things happen after each look of a rebuild, between its pieces, and within them.

    What happens may be a rebuild too, of the same part as well, as if a second worker took it;
    beside that one nothing happens.
    """
    is_quiet = False

    def happening(then: Callable[[], None]) -> None:
        nonlocal is_quiet
        if not is_quiet:
            is_quiet = True
            then()
            is_quiet = False

    def look_at(part: RebuildPart, *, now: datetime) -> Look:
        found = looking.look_at(part, now=now)
        happening(world.meanwhile)
        return found

    monkeypatch.setattr(rebuilding, "look_at", look_at)
    monkeypatch.setattr(rebuilding, "reached", lambda point: happening(world.meanwhile))
    monkeypatch.setattr(rebuilding, "take", lambda numbers: happening(world.fact))
    monkeypatch.setattr(rebuilding, "TRIES", world.random.choice([0, 1, 5]))
    for name in ("PIECE", "LEAST", "LARGEST"):
        monkeypatch.setattr(rebuilding, name, 2)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_rebuild_ends_in_the_same_whatever_happens_while_it_is_under_way(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(seed)
    for _ in range(6):
        world.trait()
        world.event()
    settle_all(now=world.now)
    beside(monkeypatch, world)
    for _ in range(STEPS // 3):
        world.random.choice([world.edit, world.arrangement, world.zone])()
        settle_all(now=world.now)
        rebuild_all(now=world.now)
        report = verify(now=world.now)
        assert report.drift == ()
        assert report.broken == ()
        assert not Rebuild.objects.filter(state=Rebuild.State.WAITING).exists()
        assert not Overtaken.objects.exists()
    assert [*torn()] == []


def torn() -> Iterator[tuple[int, int]]:
    """Yield who entered where they were, or left where they were not; a merge mixes two pasts."""
    kept = Transition.objects.filter(former=None, contact__merged_into=None).order_by("pk")
    merged = set(Transition.objects.exclude(former=None).values_list("contact", flat=True))
    last: dict[tuple[int, int], str] = {}
    for pair in kept.exclude(contact__in=merged).values_list("contact", "segment", "kind"):
        key, kind = pair[:2], pair[2]
        if last.get(key, Transition.Kind.LEFT) == kind:
            yield key
        last[key] = kind
