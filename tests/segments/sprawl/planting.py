"""Forty segments that overlap, and ten faults of each kind among more: what a report must find.

Every fault is made by construction, from a seed. People are there of every sort the rules ask
about, so that what is said falsely can be refuted by counting.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.contacts.models import Contact, Event
from apps.contacts.traits import define
from apps.nurture.models import Sequence
from apps.rules import codec
from apps.rules.kinds import Kind, Option
from apps.segments import rebuilding
from apps.segments.models import Ladder, Segment
from apps.segments.plan import catalogue

Json = dict[str, Any]
TEN, FORTY = 10, 40
PEOPLE = 500
PLANS = ("free", "basic", "pro", "team", "chain")
TOWNS = ("Lisbon", "Porto", "Malmö", "Lund", "Graz", "Linz", "Lyon", "Nice", "Turin", "Parma")
HOBBIES = ("jazz", "folk", "soul", "punk", "opera", "house")
DAYS = (0, 1, 5, 20, 50, 80, 200, 380)  # ago
EVENTS = ("signed_in", "record_played", "list_shared", "page_opened")


@dataclass
class Planted:
    """The faults by kind, each as the slugs, or the names of sequences, that it is about."""

    faults: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)  # by a sequence
    without: dict[str, Json] = field(default_factory=dict)  # the rule without what changes nothing

    def fault(self, kind: str, *about: str) -> None:
        self.faults.setdefault(kind, set()).add(frozenset(about))

    def segment(self, slug: str, rule: Json, *, read: bool = True) -> str:
        self.rules[slug] = rule
        if read:
            self.read.add(slug)
        return slug


def trait(key: str, op: str, *value: object) -> Json:
    return {"trait": key, "op": op, **({"value": value[0]} if value else {})}


def event(name: str, op: str, times: int, within: str = "") -> Json:
    count = {"event": name, "count": {"op": op, "value": times}}
    return {**count, "within": within} if within else count


def both(*rules: Json) -> Json:
    return {"all": list(rules)}


def either(*rules: Json) -> Json:
    return {"any": list(rules)}


def no(rule: Json) -> Json:
    return {"not": rule}


def plant(*, now: datetime, seed: int = 7) -> Planted:
    """Write people, segments and sequences, and have everybody stand where they belong."""
    chance = random.Random(seed)
    _define_traits()
    _let_people_in(chance, now)
    planted = Planted()
    overlapping = [planted.segment(f"base-{at:02}", _overlapping(chance)) for at in range(FORTY)]
    for at in range(TEN):
        planted.fault("never_true", planted.segment(f"never-{at}", _never(at, chance)))
        planted.fault("always_true", planted.segment(f"always-{at}", _always(at, chance)))
        planted.fault("unused", planted.segment(f"unused-{at}", _sentinel(at, chance), read=False))
        _plant_same(planted, overlapping[at], at, chance)
        _plant_inside(planted, overlapping[10 + at], at)
        _plant_idle(planted, at, chance)
        _plant_near(planted, at)
    _write(planted.rules)
    for at in range(TEN):
        _plant_rungs(planted, at)
        _plant_sequences(planted, at)
    _read_by_drafts(planted.read)
    rebuilding.rebuild_all(now=now)
    return planted


def _define_traits() -> None:
    for key, kind in (("points", Kind.NUMBER), ("plan", Kind.TEXT), ("town", Kind.TEXT),
                      ("shelf", Kind.NUMBER), ("desk", Kind.TEXT)):  # fmt: skip
        define(key, label=key.capitalize(), kind=kind, source="test")
    options = tuple(Option(one, one.capitalize()) for one in HOBBIES)
    define("hobbies", label="Hobbies", kind=Kind.CHOICES, options=options, source="test")


def _let_people_in(chance: random.Random, now: datetime) -> None:
    """Write people with none, one or many of each fact, without a signal: all is rebuilt later."""
    people = Contact.objects.bulk_create(
        Contact(email=f"planted{at}@people.example", created_at=now, profile=_profile(at, chance))
        for at in range(PEOPLE)
    )
    Event.objects.bulk_create(
        Event(
            contact=person,
            name=name,
            occurred_at=at,
            received_at=at,
            message_id=f"planted-{person.pk}-{name}-{number}",
        )
        for person in people
        for name in chance.sample(EVENTS, chance.randint(0, len(EVENTS)))
        for number in range(chance.choice([1, 1, 2, 3, 5]))
        for at in [now - timedelta(days=chance.choice(DAYS), seconds=9)]
    )


def _profile(at: int, chance: random.Random) -> Json:
    facts = {
        "points": chance.randint(0, 100),
        "plan": chance.choice(PLANS),
        "town": chance.choice(TOWNS),
        "hobbies": chance.sample(HOBBIES, chance.randint(1, 3)),
    }
    known = {key: value for key, value in facts.items() if chance.random() < 0.85}
    return {**known, "shelf": at, **({"desk": f"{at % TEN}"} if at % 2 else {})}


def _overlapping(chance: random.Random) -> Json:
    """Return a rule of three conditions, or of one and either of two, about different things."""
    conditions: list[Callable[[], Json]] = [
        lambda: chance.choice([trait("points", "at_least", chance.randint(5, 60)),
                               trait("points", "less_than", chance.randint(40, 95))]),
        lambda: trait("plan", "one_of", chance.sample(PLANS, 3)),
        lambda: trait("town", "one_of", chance.sample(TOWNS, 6)),
        lambda: trait("hobbies", "has_any", chance.sample(HOBBIES, 3)),
        lambda: event(chance.choice(EVENTS[:2]), "at_least", 1, chance.choice(["30d", "400d"])),
        lambda: no(event(chance.choice(EVENTS[2:]), "at_least", 2, "90d")),
    ]  # fmt: skip
    one, other, last = (condition() for condition in chance.sample(conditions, 3))
    return both(one, other, last) if chance.random() < 0.4 else both(one, either(other, last))


def _never(at: int, chance: random.Random) -> Json:
    low = chance.randint(10, 40)
    high, name = low + chance.randint(1, 30), chance.choice(EVENTS)
    clashes = [
        both(trait("points", "at_least", high), trait("points", "less_than", low)),
        both(trait("plan", "is", "pro"), trait("plan", "is", "team")),
        both(trait("town", "is_not_set"), trait("town", "starts_with", "L")),
        both(event(name, "at_least", 2, "30d"), no(event(name, "at_least", 1, "90d"))),
        both(trait("hobbies", "has_all", ["jazz", "folk"]), trait("hobbies", "has_none", ["folk"])),
        both(trait("points", "between", [low, high]), trait("points", "more_than", high)),
        both(trait("town", "one_of", TOWNS[:4]), trait("town", "contains", "z")),
        both(event(name, "exactly", 3), event(name, "at_most", 2)),
        no(either(trait("points", "less_than", high), trait("points", "at_least", low),
                  trait("points", "is_not_set"))),
        both(trait("plan", "one_of", ["pro", "team"]), trait("plan", "ends_with", "ic")),
    ]  # fmt: skip
    return both(trait("shelf", "at_least", at), clashes[at])


def _always(at: int, chance: random.Random) -> Json:
    low, name = chance.randint(10, 40), chance.choice(EVENTS)
    high = low + chance.randint(1, 30)
    covers = [
        either(trait("points", "at_least", low), no(trait("points", "at_least", high))),
        either(trait("plan", "is_set"), trait("plan", "is_not_set")),
        either(trait("town", "is_not", "Lund"), trait("town", "starts_with", "l")),
        either(event(name, "at_least", 1, "90d"), event(name, "at_most", 1, "30d")),
        either(trait("hobbies", "has_any", ["jazz"]), trait("hobbies", "has_none", ["jazz"])),
        either(no(trait("points", "between", [low, high])), trait("points", "at_most", high)),
        either(no(trait("town", "one_of", TOWNS[:3])), trait("town", "contains", "o"),
               trait("town", "contains", "m")),
        either(event(name, "at_least", 3), event(name, "at_most", 4)),
        no(both(trait("points", "less_than", low), trait("points", "more_than", high))),
        either(trait("plan", "none_of", ["pro", "team"]), trait("plan", "is_set")),
    ]  # fmt: skip
    return covers[at]


def _sentinel(at: int, chance: random.Random) -> Json:
    """Return a rule that holds some whom no other planted rule tells apart."""
    return both(
        trait("shelf", "between", [40 * at + 1, 40 * at + chance.randint(60, 90)]),
        trait("points", "at_most", 97),
    )


def reworded(rule: Json, chance: random.Random) -> Json:
    """Return a rule that says the same in other words."""
    match rule:
        case {"all": parts}:
            said = no(either(*(no(reworded(part, chance)) for part in parts)))
        case {"any": parts}:
            said = either(*reversed([reworded(part, chance) for part in parts]))
        case {"not": part}:
            said = no(reworded(part, chance))
        case {"op": "at_least", "trait": key, "value": value}:
            said = both(trait(key, "is_set"), no(trait(key, "less_than", value)))
        case {"op": "less_than", "trait": key, "value": value}:
            said = both(no(trait(key, "at_least", value)), trait(key, "is_set"))
        case {"op": "one_of", "trait": key, "value": [*values]}:
            said = either(*(trait(key, "is", value.upper()) for value in values))
        case {"op": "has_any", "trait": key, "value": [*values]}:
            said = no(trait(key, "has_none", chance.sample(values, len(values))))
        case _:
            said = rule
    return said


def _plant_same(planted: Planted, base: str, at: int, chance: random.Random) -> None:
    twin = planted.segment(f"same-{at}", reworded(planted.rules[base], chance))
    planted.fault("same_as", twin, base)


def _plant_inside(planted: Planted, base: str, at: int) -> None:
    narrow = both(planted.rules[base], no(trait("shelf", "between", [30 * at, 30 * at + 150])))
    planted.fault("inside", planted.segment(f"inside-{at}", narrow), base)


def _plant_idle(planted: Planted, at: int, chance: random.Random) -> None:
    """Plant a condition that follows from the other one, at a random place among them."""
    low, name = chance.randint(20, 60), chance.choice(EVENTS)
    strict, weak = [
        (trait("points", "at_least", low), trait("points", "more_than", low - 7)),
        (trait("plan", "is", "pro"), trait("plan", "is_set")),
        (trait("plan", "is", "basic"), trait("plan", "one_of", ["pro", "basic"])),
        (event(name, "at_least", 2, "30d"), event(name, "at_least", 1, "90d")),
        (event(name, "at_least", 3, "90d"), event(name, "at_least", 2)),
        (trait("hobbies", "has_all", ["soul", "jazz"]), trait("hobbies", "has_any", ["jazz"])),
        (trait("town", "is", "Malmö"), trait("town", "starts_with", "m")),
        (trait("points", "between", [low, low + 20]), trait("points", "at_most", low + 25)),
        (trait("town", "is_not_set"), trait("town", "is_not", "Graz")),
        (event(name, "at_most", 1, "400d"), event(name, "at_most", 2, "30d")),
    ][at]
    own = trait("shelf", "at_least", 13 + 11 * at)
    slug = planted.segment(f"idle-{at}", both(*chance.sample([own, strict, weak], 3)))
    planted.without[slug] = both(own, strict)
    planted.fault("changes_nothing", slug)


def _plant_near(planted: Planted, at: int) -> None:
    """Plant two that differ in one contact on either side; the last three hold nobody yet."""
    if at < 7:
        first = 45 * at
        one, other = (trait("shelf", "between", [first + by, first + 60 + by]) for by in (0, 1))
    else:
        town, pro = trait("town", "is", f"Newtown {at}"), trait("plan", "is", "pro")
        one = both(town, pro, event(EVENTS[at - 7], "exactly", 2, "30d"))
        other = both(event(EVENTS[at - 7], "exactly", 3, "90d"), town, pro)
    a, b = planted.segment(f"near-{at}-a", one), planted.segment(f"near-{at}-b", other)
    planted.fault("near_duplicate", a, b)


def _write(rules: dict[str, Json], *, ladder: Ladder | None = None) -> None:
    known = catalogue()
    for rung, (slug, rule) in enumerate(rules.items(), start=1):
        Segment.objects.create(
            name=slug,
            slug=slug,
            rule=codec.dumps(codec.loads(rule, known)),
            status=Segment.Status.LIVE,
            ladder=ladder,
            rung=rung if ladder else None,
            revision=1,
        )


def _plant_rungs(planted: Planted, at: int) -> None:
    """Plant a ladder whose second rung is inside its first."""
    upper, lower = f"rung-{at}-upper", f"rung-{at}-lower"
    wide = either(trait("shelf", "at_most", 20 + 31 * at), event(EVENTS[at % 4], "at_least", 3))
    narrow = both(trait("shelf", "less_than", 10 + 31 * at), trait("points", "at_least", 5 + at))
    rungs = {upper: wide, lower: narrow}
    ladder = Ladder.objects.create(name=f"Ladder {at}", slug=f"planted-{at}")
    _write(rungs, ladder=ladder)
    planted.rules |= rungs
    planted.read |= rungs.keys()
    planted.fault("never_reached", lower)


def _plant_sequences(planted: Planted, at: int) -> None:
    """Plant two live sequences whose segments overlap, but not with those of other pairs."""
    desk = trait("desk", "is", f"{at}")
    rules = {
        f"track-{at}-a": both(desk, trait("points", "at_most", 70)),
        f"track-{at}-b": both(desk, trait("points", "at_least", 30)),
    }
    _write(rules)
    planted.rules |= rules
    for slug in rules:
        row = Segment.objects.get(slug=slug)
        Sequence.objects.create(name=slug, slug=slug, segment=row, status=Sequence.Status.LIVE)
    planted.fault("colliding", *rules)


def _read_by_drafts(slugs: Iterable[str]) -> None:
    rows = Segment.objects.filter(slug__in=slugs)
    Sequence.objects.bulk_create(
        [Sequence(name=f"For {row.slug}", slug=f"for-{row.slug}", segment=row) for row in rows]
    )
