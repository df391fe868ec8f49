"""What is told of the past, against a witness who wrote down where everybody stood.

HISTORIES=long    200 histories; about a quarter of an hour
"""

import os
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from apps.contacts.models import Contact
from apps.segments import editing
from apps.segments.explaining.account import Account, By, Gap, account, account_then
from apps.segments.explaining.past import Past, read_pasts
from apps.segments.explaining.revisions import Archive
from apps.segments.models import Ladder, Segment
from apps.segments.ticking import tick
from tests.factories import NOW, ContactFactory
from tests.segments.build import rebuild_all, segment, settle_all, standing
from tests.segments.test_histories import World

pytestmark = pytest.mark.usefixtures("catalogue")
HISTORIES = 200 if os.environ.get("HISTORIES") == "long" else 6
STEPS = 40
LADDER = frozenset({"top", "middle", "rest"})


class Witnessed(World):
    """A world whose every moment is written down: where each contact stood once it was over."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.stood: dict[datetime, dict[int, set[str]]] = {}

    def deletion(self) -> None:
        """Nobody but the tests deletes events."""

    def edit(self) -> None:
        """Edit a rule, or put the ladder in another order, at times without one of its rungs."""
        if self.random.random() < 0.3:
            super().edit()
            return
        rungs = list(Segment.objects.filter(slug__in=LADDER).values_list("pk", flat=True))
        order = self.random.sample(sorted(rungs), self.random.choice([2, 3, 3]))
        editing.arrange(Ladder.objects.get(), order, by=None, now=self.now)
        settle_all(now=self.now)
        rebuild_all(now=self.now)

    def live(self) -> None:
        for _ in range(STEPS):
            with time_machine.travel(self.now, tick=False):
                tick(now=self.now)
                self.step()
            self.stood[self.now] = {
                contact.pk: standing(contact) for contact in Contact.objects.standing()
            }
            if self.random.random() < 0.7:
                self.now += timedelta(seconds=self.random.choice([1, 30, 1800]))

    def before(self, at: datetime) -> dict[int, set[str]]:
        """Return where everybody stood at a moment, which may lie between two written down."""
        return self.stood[max(moment for moment in self.stood if moment <= at)]

    def family(self, contact: Contact) -> set[int]:
        merged = Contact.objects.filter(merged_into=contact).values_list("pk", flat=True)
        return {contact.pk, *merged}


def told(past: Past, archive: Archive, at: datetime) -> Iterator[tuple[str, Account]]:
    for row in Segment.objects.order_by("pk"):
        yield row.slug, account_then(past, row, archive, at=at)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_is_told_of_any_moment_is_what_was_so(seed: int) -> None:
    world = Witnessed(seed)
    world.live()
    archive = Archive()
    for contact in Contact.objects.standing():
        past = read_pasts([contact])[contact.pk]
        family = world.family(contact)
        for at in moments(world):
            at_rest, stood = at in world.stood, world.before(at)
            merged = past.profile.merged_after(at) is not None
            was_in = {slug for pk in family for slug in stood.get(pk, ())}
            for slug, found in told(past, archive, at):
                if not merged or told_apart(past, family, at):
                    assert found.holds is (slug in was_in), (slug, at)
                for whose, inside in past.who_stood_in(slug, at).items():
                    assert inside is (slug in stood.get(whose or contact.pk, ())), (slug, at)
                if found.missed is None:
                    assert found.decided.holds is found.holds
                    continue
                match found.missed.gap:
                    case Gap.MERGE:
                        assert merged
                    case Gap.SETTLING:
                        assert not at_rest
                    case Gap.PROFILE | Gap.HAND:
                        pytest.fail("profile and pins were kept from the beginning")


def told_apart(past: Past, family: set[int], at: datetime) -> bool:
    """Return whether the moves tell where all stood: none were one yet, or there were but two.

    Of three, a move of the two that were one may be mixed up with one of the third.
    """
    return len(family) == 2 or bool(past.who_stood_in("", at))


def moments(world: Witnessed) -> list[datetime]:
    """Return each moment written down, and some in between."""
    chance, first, last = random.Random(1), min(world.stood), max(world.stood)
    between = [first + chance.random() * (last - first) for _ in range(10)]
    return [*world.stood, *between]


@pytest.mark.parametrize("seed", [7, 8])
def test_one_question_reads_just_what_it_needs_and_is_told_the_same(seed: int) -> None:
    world = Witnessed(seed)
    world.live()
    chance, archive, last = random.Random(seed), Archive(), max(world.stood)
    for contact in Contact.objects.standing():
        past = read_pasts([contact])[contact.pk]
        for row in Segment.objects.all():
            at = chance.choice([moment for moment in world.stood if moment < last])
            found = account(contact, row, now=last, at=at)
            assert found.because == account_then(past, row, archive, at=at).because
            assert found.decided.by != By.UNREADABLE


def test_a_ladder_is_told_in_the_order_of_then() -> None:
    ladder = Ladder.objects.create(name="Life", slug="life")
    everybody = {"all": [{"all": []}]}
    first, second, third = (
        segment(slug, everybody, ladder=ladder, rung=rung)
        for rung, slug in enumerate(("first", "second", "third"), 1)
    )
    contact = ContactFactory.create(created_at=NOW)
    settle_all()
    orders = [(first, second), (second, first), (third,), ()]
    for day, order in enumerate(orders):
        now = NOW + timedelta(days=day)
        with time_machine.travel(now, tick=False):
            editing.arrange(ladder, [row.pk for row in order], by=None, now=now)
            rebuild_all(now=now)
            settle_all(now=now)

    def decided(row: Segment, day: int) -> tuple[bool, By, str]:
        at = NOW + timedelta(days=day, hours=1)
        found = account(contact, row, now=NOW + timedelta(days=9), at=at)
        assert found.missed is None
        return found.holds, found.decided.by, found.decided.what

    rule = (True, By.RULE, "")
    below_first, below_second = ((False, By.HIGHER_RUNG, slug) for slug in ("first", "second"))
    assert [decided(first, day) for day in range(4)] == [rule, below_second, rule, rule]
    assert [decided(second, day) for day in range(4)] == [below_first, rule, rule, rule]
    assert [decided(third, day) for day in range(4)] == [rule] * 4
