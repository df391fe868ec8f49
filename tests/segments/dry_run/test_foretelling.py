"""What a dry run says is what then happens, for random segments, ladders, pins and sequences.

FORETELLINGS=long    1,000 worlds; about an hour
"""

import os
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from apps.contacts.events import record_event
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.nurture.models import Enrolment, Sequence
from apps.segments import editing
from apps.segments.dry_run import saving
from apps.segments.models import Ladder, Pin, Proposal, Segment, Transition
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory, UserFactory
from tests.nurture import build as nurture
from tests.segments.build import rebuild_all, segment, settle_all
from tests.segments.dry_run.build import form, proposed

pytestmark = pytest.mark.usefixtures("catalogue")
WORLDS = 1000 if os.environ.get("FORETELLINGS") == "long" else 12
EDITS = 5  # in each world, one after another


class World:
    """Contacts with facts, segments that refer to each other, two ladders, pins, sequences."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.marketer = UserFactory()
        for _ in range(12):
            self.contact()
        settle_all()
        self.ladders = [Ladder.objects.create(name=slug, slug=slug) for slug in ("one", "two")]
        self.names = ["a", "b", "c"]
        for name in self.names:
            segment(name, self.rule(self.names[: self.names.index(name)]))
        for number, ladder in enumerate(self.ladders):
            for rung in (1, 3, 5):
                self.add(f"rung-{number}-{rung}", ladder, rung)
        self.add("draft", None, None, status="draft")
        self.add("d", None, None)
        self.pins()
        self.sequences()

    def contact(self) -> None:
        contact = ContactFactory.create()
        traits = {
            "plan": self.random.choice(["pro", "basic", None]),
            "score": self.random.choice([1, 5, 9, None]),
        }
        change_profile(contact, now=NOW, traits=traits, source="test")
        for _ in range(self.random.choice([0, 1, 2])):
            record_event(contact, name="ordered", now=NOW)

    def add(self, slug: str, ladder: Ladder | None, rung: int | None, status: str = "live") -> None:
        rule = self.random.choice([None, self.rule(self.names), self.rule(self.names)])
        segment(slug, rule, ladder=ladder, rung=rung, status=status)
        if status == "live":
            self.names.append(slug)

    def leaf(self, slugs: list[str]) -> dict[str, Any]:
        leaves: list[dict[str, Any]] = [
            {"trait": "plan", "op": "is", "value": "pro"},
            {"trait": "score", "op": "at_least", "value": 5},
            {"event": "ordered", "count": {"op": "at_least", "value": 2}, "within": "1d"},
            {"all": []},
        ]
        leaves += [{"segment": slug} for slug in slugs]
        found = self.random.choice(leaves)
        return {"not": found} if self.random.random() < 0.3 else found

    def rule(self, slugs: list[str]) -> dict[str, Any]:
        parts = [self.leaf(slugs) for _ in range(self.random.choice([1, 1, 2, 3]))]
        return {self.random.choice(["all", "any"]): parts}

    def pins(self) -> None:
        contacts, rows = list(Contact.objects.all()), list(Segment.objects.order_by("pk"))
        for _ in range(6):
            held = self.random.choice(Pin.Held.values)
            whom, where = self.random.choice(contacts), self.random.choice(rows)
            editing.pin(whom, where, held=held, by=None)
        settle_all()

    def sequences(self) -> None:
        for number, row in enumerate(Segment.objects.order_by("pk")):
            if self.random.random() < 0.9:
                made = nurture.sequence(
                    "Welcome",
                    timedelta(days=1),
                    slug=f"sequence-{number}",
                    segment=row,
                    status=self.random.choice(["live", "live", "paused"]),
                    re_entry=self.random.choice(["every_time", *Sequence.ReEntry.values]),
                    on_leave=self.random.choice(Sequence.OnLeave.values),
                    cooldown=self.random.choice([timedelta(0), timedelta(days=2)]),
                    lane=self.random.choice(["", "mail", "mail", "post"]),
                    priority=self.random.choice([0, 0, 1, 2]),
                )
                self.walks(made)

    def walks(self, sequence: Sequence) -> None:
        for contact in Contact.objects.all():
            state = self.random.choice([None, None, None, "active", *Enrolment.State.values])
            if state is None:
                continue
            started = NOW - self.random.choice([timedelta(days=2), timedelta(days=3), timedelta(1)])
            active = state == Enrolment.State.ACTIVE
            if active and sequence.lane and self.walks_in(sequence.lane, contact):
                continue  # of one lane at most one runs
            Enrolment.objects.create(
                sequence=sequence,
                contact=contact,
                trigger_key=self.random.choice(["once", "transition:0"]),
                state=state,
                started_at=started,
                due_at=NOW + timedelta(days=9) if active else None,
                ended_at=None if active else started,
            )

    def walks_in(self, lane: str, contact: Contact) -> bool:
        running = Enrolment.objects.filter(state=Enrolment.State.ACTIVE)
        return running.filter(sequence__lane=lane, contact=contact).exists()

    def edit(self) -> tuple[Segment | None, dict[str, str]]:
        """Return a random edit, of an existing segment or a new one."""
        rows = list(Segment.objects.order_by("pk"))
        row = self.random.choice([*rows, None])
        rule = row.rule if row is not None and self.random.random() < 0.5 else self.rule(self.names)
        fields: dict[str, Any] = {}
        if self.random.random() < 0.6:
            ladder = self.random.choice([*self.ladders, None])
            rung = self.random.choice([0, 2, 4, 6]) if ladder else None
            fields |= {"ladder": ladder.pk if ladder else "", "rung": rung}
        if self.random.random() < 0.4:
            fields["status"] = self.random.choice(Segment.Status.values)
        return row, form(row, rule=rule, **fields)


Walks = dict[int, tuple[str, str, int]]  # enrolment: state, sequence, contact


def walks() -> Walks:
    columns = ("pk", "state", "sequence__name", "contact")
    return {pk: rest for pk, *rest in Enrolment.objects.values_list(*columns)}  # type: ignore[misc]


def ends_and_starts(before: Walks) -> tuple[Counter[str], Counter[str], set[int]]:
    """Return how many walks of each sequence stopped and began, and who began one."""
    after = walks()
    stopped = Counter(
        name
        for pk, (state, name, _) in after.items()
        if state == "stopped" and pk in before and before[pk][0] == "active"
    )
    began = {pk: walk for pk, walk in after.items() if pk not in before}
    started = Counter(name for _, name, _ in began.values())
    return stopped, started, {contact for _, _, contact in began.values()}


@pytest.mark.parametrize("seed", range(WORLDS))
def test_what_a_dry_run_says_is_what_then_happens(seed: int) -> None:
    world = World(seed)
    assert verify(now=NOW).drift == ()
    for _ in range(EDITS):
        row, posted = world.edit()
        proposal = proposed(row, posted, by=world.marketer)
        if proposal is not None:
            happens_as_told(proposal, enrol=world.random.random() < 0.6)


def happens_as_told(proposal: Proposal, *, enrol: bool) -> None:
    told = proposal.outcome
    columns = ("segment__slug", "contact", "enters")
    listed = Counter(
        (slug or told["segments"][0]["slug"], contact, enters)
        for slug, contact, enters in proposal.moves.values_list(*columns)
    )
    before = walks()
    newest = Transition.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    _, done = saving.save(proposal, enrol_existing=enrol, confirmed="", by=proposal.by, now=NOW)
    assert done
    rebuild_all()

    moved = Counter(
        (slug, contact, kind == "entered")
        for slug, contact, kind in Transition.objects.filter(pk__gt=newest).values_list(
            "segment__slug", "contact", "kind"
        )
    )
    assert moved == listed
    for line in told["segments"]:
        for way, enters in (("entering", True), ("leaving", False)):
            found = [key for key in moved if key[0] == line["slug"] and key[2] is enters]
            assert line[way] == len(found)
    assert sum(line["entering"] + line["leaving"] for line in told["segments"]) == moved.total()
    stopped, started, starters = ends_and_starts(before)
    starts = Counter({one["name"]: one["starts"] for one in told["sequences"]})
    stops = Counter({one["name"]: one["stops"] for one in told["sequences"]})
    over = Counter({one["name"]: one["restarts"] for one in told["sequences"]})
    assert started == (+starts if enrol else Counter())
    gives_way = Counter({one["name"]: one["gives_way"] for one in told["sequences"]})
    assert stopped == (stops + over + gives_way if enrol else +stops)
    assert len(starters) == (told["starting"] if enrol else 0)
    assert verify(now=NOW).drift == ()


@pytest.mark.parametrize("enrol", [True, False])
def test_who_begins_and_who_gives_way_in_a_lane_is_foretold(enrol: bool) -> None:
    marketer, rows = UserFactory(), [segment(slug, {"any": []}) for slug in ("a", "b", "c")]
    low, middle, high = (
        nurture.sequence(
            "Hello", timedelta(1), slug=slug, segment=row, lane="mail", priority=priority
        )
        for priority, (slug, row) in enumerate(zip(("low", "middle", "high"), rows, strict=True))
    )
    equal = nurture.sequence(
        "Hello", timedelta(1), slug="the-same", segment=rows[1], lane="mail", priority=1
    )
    for running in (low, high, None):
        contact = ContactFactory.create()
        if running is not None:
            Enrolment.objects.create(
                sequence=running,
                contact=contact,
                trigger_key="once",
                started_at=NOW,
                due_at=NOW + timedelta(9),
            )
    settle_all()
    proposal = proposed(rows[1], form(rows[1], rule={"all": []}), by=marketer)
    assert proposal is not None
    told = {one["name"]: one for one in proposal.outcome["sequences"]}
    assert {name: (one["starts"], one["gives_way"]) for name, one in told.items()} == {
        middle.name: (2, 0),
        low.name: (0, 1),
    }
    assert told[low.name]["segment"] == rows[0].name
    assert equal.name not in told
    happens_as_told(proposal, enrol=enrol)
