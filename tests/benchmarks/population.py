"""The people of a benchmark: made in SQL from their number alone, alike on both databases.

Every time lies on a whole minute before NOW, so that no event crosses the edge of a window
within the seconds of a minute: a tick with nothing due has nothing due.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

from apps.contacts import traits
from apps.contacts.models import Contact, DatedTrait, Event
from apps.rules.kinds import Kind, Option
from tests.benchmarks.dialects import Dialect, literal

SEED = 3
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
EVENTS_EACH = 10
PRIME = 2_147_483_647
STEP = 7919  # a contact's events lie apart in the table, as they would in years of use
MINUTE, DAY = 60, 86_400

COUNTRIES = ("DE", "AT", "CH", "SE", "NO", "DK", "FR", "ES", "IT", "PL", "NL", "GB")
LANGUAGES = ("de", "en", "sv", "fr", "es", "it")
FIRST_NAMES = ("Ada", "Bo", "Cleo", "Dana", "Eli", "Finn", "Gro", "Hans", "Ines", "Jo")
LAST_NAMES = ("Berg", "Dahl", "Falk", "Holm", "Lind", "Moe", "Nord", "Ravn", "Strand", "Vik")
PLANS = ("free", "Free", "pro", "Pro", "PRO", "team", "enterprise")
CHANNELS = ("ads", "organic", "referral", "partner", "event")
INTERESTS = ("skin", "hair", "sleep", "food", "sport", "travel", "music", "books")
SKIN_TYPES = ("dry", "oily", "mixed", "normal")
CONCERNS = ("acne", "age", "redness", "sun", "none")
CATEGORIES = ("serum", "cream", "soap", "oil", "mask", "set")
PATHS = ("/", "/pricing", "/quiz", "/blog", "/shop", "/help", "/about", "/team")
TOPICS = ("care", "sun", "winter")

TRAITS: Mapping[str, tuple[Kind, Sequence[str]]] = {
    "plan": (Kind.TEXT, ()),
    "company": (Kind.TEXT, ()),
    "score": (Kind.NUMBER, ()),
    "age": (Kind.NUMBER, ()),
    "newsletter": (Kind.BOOLEAN, ()),
    "vip": (Kind.BOOLEAN, ()),
    "channel": (Kind.CHOICE, CHANNELS),
    "interests": (Kind.CHOICES, INTERESTS),
    "born": (Kind.DATE, ()),
    "trial_ends": (Kind.DATETIME, ()),
    "renews_on": (Kind.DATE, ()),
    "quiz.skin.score": (Kind.NUMBER, ()),
    "quiz.skin.percent": (Kind.NUMBER, ()),
    "quiz.skin.tier": (Kind.CHOICE, ("cold", "warm", "hot")),
    "quiz.skin.answer.budget": (Kind.NUMBER, ()),
    "quiz.skin.answer.type": (Kind.CHOICE, SKIN_TYPES),
    "quiz.skin.answer.concerns": (Kind.CHOICES, CONCERNS),
}


def define_traits() -> None:
    for key, (kind, options) in TRAITS.items():
        listed = [Option(value, value.title()) for value in options]
        traits.define(key, label=key.title(), kind=kind, options=listed, source="benchmark")


class Draws:
    """Numbered pseudo-random columns of a row: whole numbers made from the row's own `i`."""

    def __init__(self, salt: int) -> None:
        self._chance = random.Random(SEED * 1000 + salt)
        self.columns: list[str] = []

    def draw(self) -> str:
        """Return the name of a new column that is even over 0 .. PRIME."""
        by, plus = self._chance.randrange(10**6, PRIME), self._chance.randrange(PRIME)
        mixed = f"((i * {by} + {plus}) % {PRIME})"
        name = f"r{len(self.columns)}"
        odd = self._chance.randrange(1, 65_536, 2)
        self.columns.append(f"({mixed} * (({mixed} % 65521) + {odd})) % {PRIME} AS {name}")
        return name

    def below(self, end: int) -> str:
        return f"({self.draw()} % {end})"

    def squared(self, end: int) -> str:
        """Return a whole number below `end`, the small ones the likelier."""
        root = self.below(10_000)
        return f"({root} * {root} / 100 * {end} / 1000000)"

    def pick(self, values: Sequence[str], *, known: int = 100) -> str:
        """Return one of the SQL values, NULL for all but `known` percent."""
        chosen = self.below(len(values))
        cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
        return self.known(f"CASE {chosen} {cases} END", percent=known)

    def known(self, value: str, *, percent: int) -> str:
        return (
            value if percent == 100 else f"CASE WHEN {self.below(100)} < {percent} THEN {value} END"
        )

    def rows(self, source: str) -> str:
        return f"(SELECT i, {', '.join(self.columns)} FROM {source} AS numbers) AS row_of"


def last_seen(contact: str) -> str:
    """Return how many minutes before NOW the contact's latest event was."""
    root = f"(({contact} * 48271 + 11) % {PRIME} % 10007)"
    return f"(1 + {root} * {root} / 100 * 180000 / 1001400)"


def contacts(size: int, dialect: Dialect) -> str:
    draws = Draws(1)
    words = {name: [literal(item) for item in globals()[name]] for name in
             ("COUNTRIES", "LANGUAGES", "FIRST_NAMES", "LAST_NAMES")}  # fmt: skip
    created = f"{EPOCH} - ({last_seen('i')} + 14400 + {draws.below(1_000_000)}) * {MINUTE}"
    columns = {
        "id": "i",
        "email": f"CASE WHEN {draws.below(100)} < 95 THEN 'c' || i || '@' || {draws.pick([literal('example.com'), literal('example.org'), literal('mail.example')])} ELSE '' END",
        "first_name": draws.pick(words["FIRST_NAMES"]),
        "last_name": draws.pick(words["LAST_NAMES"]),
        "phone": "''",
        "country": draws.pick([*words["COUNTRIES"], "''"]),
        "language": draws.pick(words["LANGUAGES"]),
        "timezone": "''",
        "profile": dialect.document(profile(draws, dialect)),
        "created_at": dialect.moment(created),
        "updated_at": dialect.moment(str(EPOCH)),
        "last_seen_at": dialect.moment(f"{EPOCH} - {last_seen('i')} * {MINUTE}"),
        "merged_into_id": "NULL" if not dialect.is_postgres else "NULL::bigint",
    }
    return insert(Contact, columns, draws.rows(dialect.series(1, size)))


def profile(draws: Draws, dialect: Dialect) -> dict[str, str]:
    def texts(values: Sequence[str]) -> list[str]:
        return [literal(value) for value in values]

    def lists(values: Sequence[str]) -> list[str]:
        chance = random.Random(len(values))
        drawn = [chance.sample(values, chance.randint(1, 3)) for _ in range(16)]
        return [dialect.listed(items) for items in drawn]

    quiz = draws.below(100)  # whether the quiz was taken: its traits come together

    def taken(value: str) -> str:
        return f"CASE WHEN {quiz} < 80 THEN {value} END"

    score = draws.below(101)
    tier = f"CASE WHEN {score} < 40 THEN 'cold' WHEN {score} < 75 THEN 'warm' ELSE 'hot' END"
    return {
        "plan": draws.pick(texts(PLANS), known=92),
        "company": draws.known(f"'Company ' || {draws.below(5000)}", percent=60),
        "score": draws.known(draws.below(101), percent=85),
        "age": draws.known(f"18 + {draws.below(63)}", percent=70),
        "newsletter": draws.known(dialect.boolean(f"{draws.below(10)} < 6"), percent=90),
        "vip": draws.known(dialect.boolean(f"{draws.below(10)} < 1"), percent=50),
        "channel": draws.pick(texts(CHANNELS), known=80),
        "interests": draws.pick(lists(INTERESTS), known=75),
        **{key: dialect.day_text(at) if TRAITS[key][0] is Kind.DATE else dialect.moment_text(at)
           for key, at in dated().items()},
        "quiz.skin.score": taken(score),
        "quiz.skin.percent": taken(score),
        "quiz.skin.tier": taken(tier),
        "quiz.skin.answer.budget": taken(f"10 * (1 + {draws.below(20)})"),
        "quiz.skin.answer.type": taken(draws.pick(texts(SKIN_TYPES))),
        "quiz.skin.answer.concerns": taken(draws.pick(lists(CONCERNS))),
    }  # fmt: skip


def dated() -> dict[str, str]:
    """Return the epoch of each date a profile may have, from `i` alone; NULL where it has none."""

    def mixed(by: int, end: int) -> str:
        return f"((i * {by} + {by % 1000}) % {PRIME} % {end})"

    midnight = EPOCH - EPOCH % DAY
    return {
        "born": f"CASE WHEN {mixed(69621, 10)} < 6 THEN {midnight} - (6570 + {mixed(40692, 20_000)}) * {DAY} END",
        "trial_ends": f"CASE WHEN {mixed(62089, 10)} < 4 THEN {EPOCH} + ({mixed(39373, 172_800)} - 86400) * {MINUTE} END",
        "renews_on": f"CASE WHEN {mixed(45991, 10)} < 3 THEN {midnight} + ({mixed(52774, 500)} - 100) * {DAY} END",
    }  # fmt: skip


def dated_traits(size: int, dialect: Dialect, key: str) -> str:
    at = dated()[key]
    columns = {"contact_id": "i", "key": literal(key), "at": dialect.moment("at_epoch")}
    source = f"(SELECT i, {at} AS at_epoch FROM {dialect.series(1, size)} AS numbers) AS row_of"
    return insert(DatedTrait, columns, f"{source} WHERE at_epoch IS NOT NULL")


def events(size: int, dialect: Dialect, first: int, last: int) -> str:
    """Write the events numbered first to last: each round goes once over all contacts."""
    draws = Draws(2)
    contact, back = f"((i - 1) * {STEP} % {size} + 1)", f"({EVENTS_EACH - 1} - (i - 1) / {size})"
    before = f"CASE {back} WHEN 0 THEN 0 ELSE 1 + {draws.squared(300_000)} END"
    at = f"{EPOCH} - ({last_seen('contact')} + {before}) * {MINUTE}"
    draw = draws.below(100)
    named = {
        f"{draw} < 50": ("page_viewed", {
            "path": draws.pick([literal(path) for path in PATHS]),
            "seconds": draws.below(300)}),
        f"{draw} < 68": ("order_completed", {
            "total": f"5 + {draws.below(495)}",
            "category": draws.pick([literal(item) for item in CATEGORIES]),
            "currency": "'EUR'"}),
        f"{draw} < 83": ("email_opened", {"campaign": f"'c' || {draws.below(20)}"}),
        f"{draw} < 90": ("quiz_finished", {"quiz": "'skin'", "score": draws.below(101)}),
        f"{draw} < 93": ("webinar_joined", {
            "minutes": draws.below(90), "topic": draws.pick([literal(topic) for topic in TOPICS])}),
        f"{draw} < 97": ("support_asked", {"urgent": dialect.boolean(f"{draws.below(4)} < 1")}),
        "TRUE": ("deal_won", {"amount": f"100 * {draws.below(100)}"}),
    }  # fmt: skip
    names = " ".join(f"WHEN {test} THEN '{name}'" for test, (name, _) in named.items())
    bodies = " ".join(
        f"WHEN {test} THEN {dialect.document(members)}" for test, (_, members) in named.items()
    )
    columns = {
        "id": "i",
        "contact_id": "contact",
        "name": f"CASE {names} END",
        "occurred_at": dialect.moment(at),
        "received_at": dialect.moment(f"{at} + 3"),
        "properties": f"CASE {bodies} END",
        "message_id": "'population-' || i",
    }
    numbers = f"(SELECT i, {contact} AS contact FROM {dialect.series(first, last)} AS n)"
    draws.columns.append("contact")
    return insert(Event, columns, draws.rows(numbers))


def insert(model: type[models.Model], columns: Mapping[str, str], source: str) -> str:
    """Write an INSERT; a column not given gets the model's default."""
    full = {**columns, **defaults(model, columns)}
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(full)})"
        f" SELECT {', '.join(full.values())} FROM {source}"
    )


def defaults(model: type[models.Model], given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        if field.column not in given and not field.primary_key and not field.null:
            value: Any = field.get_db_prep_save(field.get_default(), connection)
            found[field.column] = literal(getattr(value, "obj", value))
    return found
