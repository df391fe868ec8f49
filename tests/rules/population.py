"""Contacts of every shape: none, one and many of each fact, other case, wrong types, edges."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from apps.contacts.models import Contact, Event
from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.clock import Calendar, Clock, moment
from apps.rules.facts import Facts, Occurrence
from apps.rules.kinds import Kind, Option, datetime_text

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # the night clocks go forward in Europe
WINDOWS = {"90s": 90, "15m": 900, "36h": 129_600, "30d": 2_592_000, "8w": 4_838_400}
OFFSETS = [
    timedelta(seconds=sign * seconds, microseconds=jitter)
    for seconds in (0, *WINDOWS.values())
    for sign in (-1, 1)
    for jitter in (-1, 0, 1)
]
# Days on which weeks, months, quarters, years and summer time begin or end, and leap days.
DAYS = ["01-01", "02-28", "03-01", "03-28", "03-29", "03-30", "04-01", "07-01", "11-01", "12-31"]
TURNING_DAYS = [
    date.fromisoformat(f"{year}-{day}") for year in (2024, 2026, 2027, 2028) for day in DAYS
]
TURNING_DAYS += map(
    date.fromisoformat, ["2024-02-29", "2028-02-29", "2026-03-08", "2026-10-04", "2026-11-02"]
)
ZONES = [
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
]
TEXTS = [
    "pro",
    "Pro",
    "PRO",
    "Straße",
    "STRASSE",
    "İstanbul",
    "istanbul",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "ﬁn",
    "FIN",
    "e\u0301",
    "é",
    "100%",
    "a_b",
    "a*b",
    "a?b",
    "back\\slash",
    "[x]",
    "'; DROP TABLE",
    "true",
    "12",
    "𐐀 deseret",
    "𐐨 DESERET",
]
NUMBERS = [0, 1, -1, 2.5, 2, 5, 10**15, -(10**15), 0.1, 0.30000000000000004, 1e-9]
MONEY = [0.1, 0.2, 0.3, 19.99, 20, 5, 100, -20, 0.30000000000000004, 5e-324, 10**15, -(10**15)]
OPTIONS = ["gold", "Silver", "bronze", "STRASSE"]
WRONG = ["", " ", 12, True, False, [], {}, {"a": 1}, ["pro", 1], "2026-13-01", "nonsense", 1.5]
NO_DAYS = ["2026-13-01", "2023-02-29", "2024-02-30", "2026-00-00", "0000-03-29"]
NO_TIMES = [f"{day}T25:00:61.000000Z" for day in NO_DAYS]
PROPERTIES = ["total", "0", "a__b", "contains", "$x", 'quo"te', "do.t", "back\\", "ünï", "isnull"]
MEASURED = "total"  # the property that is mostly a number
EVENTS = ["order_completed", "page viewed", "a:b.c-d"]
SEGMENTS = {"customers": "Customers", "cold": "Cold"}
KINDS = {
    "plan": Kind.TEXT,
    "score": Kind.NUMBER,
    "vip": Kind.BOOLEAN,
    "born": Kind.DATE,
    "seen": Kind.DATETIME,
    "tier": Kind.CHOICE,
    "tags": Kind.CHOICES,
    "quiz.a-b.answer.c_d": Kind.TEXT,
}
CATALOGUE = Catalogue(
    {
        **CONTACT_TRAITS,
        **{
            key: TraitSpec(key, key.title(), kind, tuple(Option(o, o) for o in OPTIONS))
            for key, kind in KINDS.items()
        },
    },
    SEGMENTS,
)


def some_day(chance: random.Random) -> date:
    """Return a day at or beside one on which something turns, in some year."""
    day = chance.choice(TURNING_DAYS) + timedelta(days=chance.choice([-7, -1, 0, 0, 0, 1, 6]))
    year = chance.choice([day.year, day.year - 1, 2000, 1996, 1903, 1900, 1899])
    try:
        return day.replace(year=year)
    except ValueError:
        return day


def some_midnight(chance: random.Random, day: date) -> datetime:
    """Return when the day begins in some zone, or a microsecond from it."""
    clock = Clock(NOW, Calendar(ZoneInfo(chance.choice(ZONES))))
    jitter = timedelta(microseconds=chance.choice([-1, 0, 0, 1]))
    return moment(clock.midnight(day.toordinal())) + jitter


def value_of(kind: Kind, chance: random.Random) -> Any:
    match kind:
        case Kind.TEXT:
            return chance.choice(TEXTS)
        case Kind.NUMBER:
            return chance.choice(NUMBERS)
        case Kind.BOOLEAN:
            return chance.choice([True, False])
        case Kind.DATE if chance.random() < 0.1:
            return chance.choice(["0001-01-01", "9999-12-31"])
        case Kind.DATETIME if chance.random() < 0.1:
            return chance.choice(["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
        case Kind.DATE if chance.random() < 0.5:
            return some_day(chance).isoformat()
        case Kind.DATETIME if chance.random() < 0.5:
            return datetime_text(some_midnight(chance, some_day(chance)))
        case Kind.DATE:
            return (NOW + chance.choice(OFFSETS)).date().isoformat()
        case Kind.DATETIME:
            return datetime_text(NOW + chance.choice(OFFSETS))
        case Kind.CHOICE:
            return chance.choice(OPTIONS)
        case Kind.CHOICES:
            return chance.sample(OPTIONS, chance.randint(1, 3))


def property_value(key: str, chance: random.Random) -> Any:
    if key == MEASURED and chance.random() < 0.8:
        return chance.choice(MONEY)
    return chance.choice([*TEXTS, *NUMBERS, True, False, None, *WRONG])


@dataclass
class Person:
    contact: Contact
    facts: Facts


@dataclass
class Population:
    """The stored rows, the same facts in memory, and who is in which segment."""

    people: list[Person]
    members: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def events(self) -> QuerySet[Event]:
        return Event.objects.all()

    def segment(self, slug: str) -> Q:
        return Q(pk__in=self.members[slug])


def populate(seed: int, size: int) -> Population:
    chance = random.Random(seed)
    people = [_person(chance) for _ in range(size)]
    members = {
        slug: frozenset(p.contact.pk for p in people if slug in p.facts.segments)
        for slug in SEGMENTS
    }
    return Population(people, members)


def _person(chance: random.Random) -> Person:
    columns = {
        name: chance.choice(["", "", *TEXTS])
        for name in ("first_name", "last_name", "phone", "country", "language", "timezone")
    }
    contact = Contact.objects.create(
        email=chance.choice(["", f"Ada{chance.random()}@x.example"]),
        profile=_profile(chance),
        created_at=_happened(chance),
        last_seen_at=chance.choice([None, _happened(chance)]),
        **columns,
    )
    times: list[datetime] = []
    events = {name: _events(contact, name, times, chance) for name in EVENTS}
    standing = frozenset(slug for slug in SEGMENTS if chance.random() < 0.5)
    return Person(contact, Facts(_traits(contact), events, standing))


def _happened(chance: random.Random) -> datetime:
    if chance.random() < 0.7:
        return NOW + chance.choice(OFFSETS)
    return some_midnight(chance, some_day(chance))


def _profile(chance: random.Random) -> dict[str, Any]:
    profile = {}
    for key, kind in KINDS.items():
        draw = chance.random()
        if draw < 0.65:
            profile[key] = value_of(kind, chance)
        elif draw < 0.8:
            profile[key] = chance.choice([*WRONG, *NO_DAYS, *NO_TIMES])
    return profile


def _traits(contact: Contact) -> dict[str, Any]:
    columns = {key: getattr(contact, key.removeprefix("contact.")) for key in CONTACT_TRAITS}
    return {**contact.profile, **columns}


def _events(
    contact: Contact, name: str, times: list[datetime], chance: random.Random
) -> list[Occurrence]:
    """Store events; `times` are those of the contact's events so far."""
    found = []
    for _ in range(chance.choice([0, 0, 1, 2, 5])):
        properties = {
            key: property_value(key, chance) for key in PROPERTIES if chance.random() < 0.5
        }
        at = _happened(chance)
        if times and chance.random() < 0.3:  # exactly a window from another event
            at = chance.choice(times) + chance.choice(OFFSETS)
        times.append(at)
        Event.objects.create(
            contact=contact,
            name=name,
            occurred_at=at,
            properties=properties,
            message_id=f"{contact.pk}-{name}-{chance.random()}",
        )
        found.append(Occurrence(at, properties))
    chance.shuffle(found)
    return found
