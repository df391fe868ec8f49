"""Making a benchmark's database, once: schema, segments, people, and who is in what."""

import hashlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.utils.timezone import localdate

from apps.contacts.models import Contact, DatedTrait, Event
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.segments.models import Membership, Revision, Segment, Size, Transition, Watermark
from apps.segments.plan import catalogue
from tests.benchmarks import population
from tests.benchmarks.dialects import Dialect
from tests.benchmarks.floors.by_hand import ByHand
from tests.benchmarks.population import NOW
from tests.benchmarks.rules import Json, live_rules

LOADED = (Contact, DatedTrait, Event, Membership, Transition)
AT_ONCE = 1_000_000  # events a statement
Say = Callable[[str], None]


def dialect() -> Dialect:
    return Dialect(connection.vendor)


def execute(sql: str) -> int:
    """Execute SQL of ours as it stands; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


def fetch(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def signature(size: int) -> str:
    """Return what a database of this size must have been made of, in a digest."""
    migrations = sorted(settings.BASE_DIR.glob("apps/*/migrations/*.py"))
    parts = [path.read_bytes() for path in migrations]
    parts += [population.contacts(size, dialect()).encode(), json.dumps(live_rules()).encode()]
    parts += [population.events(size, dialect(), 1, size).encode()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def is_ready(size: int) -> bool:
    tables = connection.introspection.table_names()
    if "bench_made_of" not in tables:
        return False
    return fetch("SELECT signature FROM bench_made_of") == [(signature(size),)]


def build(size: int, *, say: Say) -> None:
    """Fill an empty database; its signature is written last, so that half of one is none."""
    began = time.perf_counter()
    call_command("migrate", interactive=False, verbosity=0)
    fill(size, say=say, bulk=True)
    execute("CREATE TABLE bench_made_of (signature text, members bigint)")
    members = Membership.objects.count()
    execute(f"INSERT INTO bench_made_of VALUES ('{signature(size)}', {members})")
    say(f"{size:,} contacts, {members:,} memberships in {time.perf_counter() - began:.0f} s")


def fill(size: int, *, say: Say, bulk: bool = False) -> None:
    """Make the traits and segments, the people, and their memberships by hand-written SQL."""
    population.define_traits()
    make_segments(live_rules())
    Watermark.objects.update_or_create(pk=1, defaults={"ticked_to": NOW})
    with without_indexes() if bulk else nothing_special():
        execute(population.contacts(size, dialect()))
        for key in population.dated():
            execute(population.dated_traits(size, dialect(), key))
        last = size * population.EVENTS_EACH
        for first in range(1, last + 1, AT_ONCE):
            execute(population.events(size, dialect(), first, min(first + AT_ONCE - 1, last)))
            say(f"events up to {min(first + AT_ONCE - 1, last):,} of {last:,}")
    tidy()
    with without_indexes(Membership, Transition) if bulk else nothing_special():
        _fill_memberships(say)
    set_sequences()
    tidy()


def make_segments(rules: Mapping[str, Json]) -> list[Segment]:
    """Make live segments with their first revision, as if saved before anybody came."""
    known = catalogue()
    named = Catalogue(known.traits, {**known.segments, **{slug: slug.upper() for slug in rules}})
    made = Segment.objects.bulk_create(
        [
            Segment(
                name=slug.upper(),
                slug=slug,
                rule=codec.dumps(codec.loads(rule, named)),
                status=Segment.Status.LIVE,
                revision=1,
                stamp=secrets.token_hex(8),
            )
            for slug, rule in rules.items()
        ]
    )
    Revision.objects.bulk_create(
        [Revision(segment=row, number=1, rule=row.rule, status=row.status, at=NOW) for row in made]
    )
    return made


def by_hand() -> ByHand:
    """Return the writer of SQL for the segments that are live."""
    ids = dict(Segment.objects.live().values_list("slug", "pk"))
    return ByHand(connection.vendor == "postgresql", NOW, live_rules(), ids)


def _fill_memberships(say: Say) -> None:
    hand = by_hand()
    for slug, rule in hand.rules.items():
        columns = {
            "segment_id": str(hand.ids[slug]),
            "contact_id": "id",
            "since": f"{hand.stamp(NOW)}",
        }
        execute(population.insert(Membership, columns, f"({hand.members(rule)}) AS due"))
    columns = {"segment_id": "segment_id", "contact_id": "contact_id", "kind": "'entered'",
               "at": "since", "cause": "'revision:1'"}  # fmt: skip
    execute(population.insert(Transition, columns, "segments_membership"))
    counted = Membership.objects.values_list("segment").annotate(entered=Count("pk")).order_by()
    Size.objects.bulk_create(
        Size(segment_id=pk, day=localdate(NOW), entered=entered, departed=0, gone=0)
        for pk, entered in counted
    )
    say("memberships filled")


@contextmanager
def nothing_special() -> Iterator[None]:
    yield


@contextmanager
def without_indexes(*models: type) -> Iterator[None]:
    """Load rows first and index them afterwards, all but the primary keys."""
    restoring: list[str] = []
    tables = [model._meta.db_table for model in models or LOADED]
    for table in tables:
        for drop, restore in (_postgres if dialect().is_postgres else _sqlite)(table):
            execute(drop)
            restoring.append(restore)
    if dialect().is_postgres:
        execute("SET maintenance_work_mem = '512MB'")
        execute("SET work_mem = '128MB'")
        execute("SET enable_nestloop = off")
        execute("SET synchronous_commit = off")
    yield
    for restore in reversed(restoring):
        execute(restore)
    if dialect().is_postgres:
        execute("RESET ALL")


def _postgres(table: str) -> Iterator[tuple[str, str]]:
    for name, definition in fetch(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE conrelid = '{table}'::regclass AND contype IN ('f', 'u')"
    ):
        yield (
            f'ALTER TABLE {table} DROP CONSTRAINT "{name}"',
            f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}',
        )
    for name, definition in fetch(
        f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}'"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
    ):
        yield f'DROP INDEX "{name}"', str(definition)


def _sqlite(table: str) -> Iterator[tuple[str, str]]:
    for name, definition in fetch(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
        f" AND tbl_name = '{table}' AND sql IS NOT NULL"
    ):
        yield f'DROP INDEX "{name}"', str(definition)


def set_sequences() -> None:
    """Let the next row of each table come after those that were numbered by hand."""
    if not dialect().is_postgres:
        return
    for model in LOADED:
        table = model._meta.db_table
        execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
            f" (SELECT COALESCE(max(id), 0) + 1 FROM {table}), false)"
        )


def tidy() -> None:
    """Bring statistics and visibility up to date now, not in the middle of a measurement."""
    if connection.in_atomic_block:
        return
    if not dialect().is_postgres:
        execute("ANALYZE")
        return
    for model in LOADED:
        execute(f"ALTER TABLE {model._meta.db_table} SET (autovacuum_enabled = off)")
        execute(f"VACUUM (ANALYZE) {model._meta.db_table}")


def say_to_stderr(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
