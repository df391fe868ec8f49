"""Four hundred days in random jumps: whatever time does alone, it does in the segments too.

Facts of all sorts arrive in between, late ones and ones dated in the future; sometimes nobody
ticks for a while, or a tick is killed between two pieces. At each stop the stored membership is
what a recomputation from scratch says, by verdict and by query.

WALK=long walks further: more walks, smaller jumps, more contacts. A failure names its seed.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from apps.contacts.events import record_event
from apps.contacts.models import Contact, Event
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind
from apps.rules.operands import Shape
from apps.rules.operators import OPERATORS
from apps.rules.periods import PERIODS
from apps.segments.models import Ladder, Membership, Transition, Watermark
from apps.segments.ticking import tick
from apps.segments.verifying import verify
from tests.factories import ContactFactory
from tests.segments.build import segment, settle_all

LONG = os.environ.get("WALK") == "long"
START = datetime(2027, 10, 1, 12, 0, tzinfo=UTC)  # then comes a leap year
DAYS = 400
CONTACTS = 40 if LONG else 10
LONGEST_JUMP = timedelta(days=3 if LONG else 25)
PLACES = [
    ("Europe/Lisbon", "monday"),
    ("America/New_York", "sunday"),
    ("Africa/Cairo", "saturday"),  # summer time begins at midnight
    ("Pacific/Kiritimati", "monday"),
    ("America/Havana", "sunday"),  # and ends at one
]
SEEDS = range(20) if LONG else range(2)
WINDOWS = ["90s", "36h", "3d", "2w", "31d", "366d"]
DATED = {
    "born": Kind.DATE,
    "trial_ends": Kind.DATETIME,
    "contact.created_at": Kind.DATETIME,
    "contact.last_seen_at": Kind.DATETIME,
}
# Operators whose outcome time alone can change, on a day and on an instant.
MOVING = sorted(
    name
    for name, row in OPERATORS[Kind.DATE].items()
    if row.shape in (Shape.DURATION, Shape.PERIOD)
)


class Killed(Exception):
    pass


@dataclass
class Walk:
    """Some contacts, segments of every kind that time can move, and a clock that jumps."""

    chance: random.Random
    zone: ZoneInfo
    monkeypatch: pytest.MonkeyPatch
    now: datetime = START

    def begin(self) -> None:
        tick(now=self.now)
        for _ in range(CONTACTS):
            ContactFactory(created_at=self.moment())
        rules = [*self.on_traits(), *self.on_events()]
        for number, rule in enumerate(rules):
            segment(f"s{number}", rule, now=self.now)
        for number in range(6):
            segment(f"n{number}", self.nested(len(rules)), now=self.now)
        ladder = Ladder.objects.create(name="Ladder", slug="ladder")
        for rung in range(3):
            segment(f"r{rung}", self.nested(len(rules)), ladder=ladder, rung=rung, now=self.now)

    # The rules

    def on_traits(self) -> Iterator[dict[str, object]]:
        for name in MOVING:
            for trait, kind in DATED.items():
                yield {"trait": trait, "op": name, "value": self.operand(name, kind)}

    def on_events(self) -> Iterator[dict[str, object]]:
        for name in MOVING:
            which = self.chance.choice(["first", "last"])
            moment = {"op": name, "value": self.operand(name, Kind.DATETIME)}
            yield {"event": "ordered", which: moment}
        for window in WINDOWS:
            count = {"op": self.chance.choice(["at_least", "at_most", "exactly"]), "value": 1}
            yield {"event": "ordered", "count": count, "within": window}
        dear = [{"property": "total", "op": "at_least", "value": 50}]
        yield {"event": "ordered", "where": dear, "within": self.chance.choice(WINDOWS)}
        yield {"event": "visited"}
        for name, operator in (("sum", "more_than"), ("min", "less_than"), ("max", "at_most")):
            measure = {"property": "total", "op": operator, "value": 60}
            yield {"event": "ordered", name: measure, "within": self.chance.choice(WINDOWS)}
        then = {"event": "ordered", "within": "3d"}
        yield {"event": "visited", "then": then, "within": self.chance.choice(WINDOWS)}
        moment = {"op": "in_period", "value": self.operand("in_period", Kind.DATETIME)}
        yield {"event": "visited", "then": {"event": "ordered"}, "last": moment}

    def operand(self, name: str, kind: Kind) -> str:
        is_period = OPERATORS[kind][name].shape is Shape.PERIOD
        return self.chance.choice(list(PERIODS) if is_period else WINDOWS)

    def nested(self, count: int) -> dict[str, object]:
        inner = [{"segment": f"s{self.chance.randrange(count)}"} for _ in range(3)]
        return self.chance.choice(
            [
                {"any": [inner[0], {"not": inner[1]}]},
                {"all": [{"not": {"all": inner[:2]}}, inner[2]]},
                {"not": {"any": inner}},
            ]
        )

    # The facts

    def contact(self) -> Contact:
        return self.chance.choice(list(Contact.objects.order_by("pk")))

    def moment(self) -> datetime:
        """Return a time around now: past, now or to come, often on an edge to be."""
        days = self.chance.choice([-366, -365, -31, -14, -3, -1, 0, 0, 1, 3, 14, 60])
        at = self.now + timedelta(days=days, seconds=self.chance.choice([-90, 0, 0, 90]))
        return self.midnight(at.date()) if self.chance.random() < 0.4 else at

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def trait(self) -> None:
        contact, at = self.contact(), self.moment()
        birthday = date(self.chance.choice([1899, 1980, 2000, 2027]), at.month, min(at.day, 28))
        traits: dict[str, object] = self.chance.choice(
            [
                {"trial_ends": at},
                {"trial_ends": None},
                {"born": at.date().isoformat()},
                {"born": birthday.isoformat()},
                {"born": "2000-02-29", "trial_ends": datetime(2024, 2, 29, 12, tzinfo=UTC)},
            ]
        )
        change_profile(contact, now=self.now, traits=traits, source="test")

    def event(self) -> None:
        name = self.chance.choice(["ordered", "ordered", "visited"])
        properties: dict[str, Any] = {"total": self.chance.choice([10, 100])}
        record_event(
            self.contact(),
            name=name,
            now=self.now,
            occurred_at=self.moment(),
            properties=properties,
        )

    def newcomer(self) -> None:
        ContactFactory(created_at=self.now)

    def deletion(self) -> None:
        event = Event.objects.order_by("pk").first()
        if event is not None:
            event.delete()

    # The way

    def jump(self) -> None:
        """Go on: by anything from a second, or to the beginning of a day or just before it."""
        reach = self.chance.choice(
            [timedelta(minutes=1), timedelta(hours=5), timedelta(days=2), LONGEST_JUMP]
        )
        ahead = self.now + max(timedelta(seconds=1), reach * self.chance.random())
        turns = [self.midnight(day) for day in self.turning_days() if self.midnight(day) > self.now]
        if self.chance.random() < 0.3 or (turns and turns[0] <= ahead):
            jitter = timedelta(microseconds=self.chance.choice([-1, 0, 0, 1]))
            ahead = max(self.now, (turns or [ahead])[0] + jitter)
        self.now = ahead

    def turning_days(self) -> list[date]:
        """Return the next days on which a month or year or summer time begins or ends, or a
        leap day does."""
        days = [self.now.astimezone(self.zone).date() + timedelta(days=n) for n in range(1, 14)]
        return [
            day
            for day in days
            if day.day == 1
            or (day.month, day.day) == (2, 29)
            or self.midnight(day + timedelta(days=1)) - self.midnight(day) != timedelta(days=1)
        ]

    def live(self) -> None:
        happenings: list[Callable[[], None]] = [
            self.trait,
            self.trait,
            self.event,
            self.event,
            self.deletion,
            self.newcomer,
        ]
        for happening in self.chance.choices(happenings, [4, 4, 4, 4, 1, 0.3], k=4):
            happening()

    def stop(self) -> None:
        """Let facts come, and time pass: well, not at all for a while, or killed half-way."""
        before = self.chance.random() < 0.5
        if before:
            self.live()
            settle_all(now=self.now)
        draw = self.chance.random()
        if draw < 0.15:
            return  # nobody ticks
        if draw < 0.4:
            self.be_killed()
            settle_all(now=self.now)
            return
        self.pass_time()
        if not before:
            self.live()
            settle_all(now=self.now)
        self.check()

    def be_killed(self) -> None:
        point = self.chance.choice(["tick.set_out", "tick.between_pieces"])

        def die(name: str) -> None:
            if name == point:
                raise Killed

        with self.monkeypatch.context() as dying:
            dying.setattr("apps.segments.ticking.reached", die)
            dying.setattr("apps.segments.ticking.PIECE", self.chance.choice([1, 2, 5]))
            with suppress(Killed):
                tick(now=self.now)

    def pass_time(self) -> None:
        tick(now=self.now)
        assert Watermark.objects.get().swept_to is None
        behind = timedelta(seconds=self.chance.choice([0, 0, 1, 100]))
        settle_all(now=self.now - behind)  # as a host does whose clock is behind

    def check(self) -> None:
        stored = set(Membership.objects.values_list("segment__slug", "contact"))
        report = verify(now=self.now)
        assert report.drift == (), self.now
        assert report.broken == ()
        assert stored == set(Membership.objects.values_list("segment__slug", "contact")), (
            "verifying found marks to settle: the tick had left them"
        )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_four_hundred_days_in_jumps_leave_what_a_recomputation_finds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone, week_starts = PLACES[seed % len(PLACES)]
    define("trial_ends", label="Trial ends", kind=Kind.DATETIME, source="test")
    define("born", label="Born", kind=Kind.DATE, source="test")
    print(f"seed {seed}: {zone}, weeks from {week_starts}")  # noqa: T201
    walk = Walk(random.Random(seed), ZoneInfo(zone), monkeypatch)
    with override_settings(TIME_ZONE=zone, WEEK_STARTS=week_starts):
        walk.begin()
        stops = 0
        while walk.now < START + timedelta(days=DAYS):
            walk.jump()
            walk.stop()
            stops += 1
        walk.pass_time()
        walk.check()
    assert stops > 60
    assert Transition.objects.filter(cause__startswith="trait:").count() > 300
