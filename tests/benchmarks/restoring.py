"""Putting a benchmark's database back as it was built, whatever a measurement did to it.

Every move leaves a transition, the floors' moves too; the first one of a pair says where the
contact stood before.
"""

from django.db import connection
from django_q.models import OrmQ

from apps.contacts.models import Event, ProfileChange
from apps.segments.models import (
    Change,
    Membership,
    Overtaken,
    Rebuild,
    Revision,
    Segment,
    SizeNote,
    Transition,
    Verification,
    Watermark,
)
from tests.benchmarks.building import dialect, execute, fetch
from tests.benchmarks.population import EPOCH, MINUTE, NOW, defaults, last_seen
from tests.benchmarks.rules import live_rules

LATER = {"event": Event, "transition": Transition}
EMPTY = (Change, OrmQ, Overtaken, ProfileChange, Rebuild, SizeNote, Verification)


class NotRestored(RuntimeError):
    """The database differs from what was built: it must be made anew."""


def remember() -> None:
    """Write down where the tables end now. Idempotent: a killed measurement's is kept."""
    if "bench_marks" in connection.introspection.table_names():
        return
    ends = ", ".join(
        f"(SELECT COALESCE(max(id), 0) FROM {model._meta.db_table}) AS {name}"
        for name, model in LATER.items()
    )
    execute(f"CREATE TABLE bench_marks AS SELECT {ends}")


def restore() -> None:
    """Undo what came after `remember`, where there is something to undo."""
    [(events, transitions)] = fetch("SELECT event, transition FROM bench_marks")
    _put_back(int(str(transitions)))
    _forget_events(int(str(events)))
    execute(f"DELETE FROM segments_transition WHERE id > {transitions}")
    _put_rules_back()
    for model in EMPTY:
        model._base_manager.all().delete()
    _sweep_up()
    Watermark.objects.all().delete()
    Watermark.objects.create(pk=1, ticked_to=NOW)


def finish() -> None:
    """Restore for good; raise NotRestored where the memberships are not as many as built."""
    restore()
    execute("DROP TABLE bench_marks")
    built = fetch("SELECT members FROM bench_made_of")
    if built != [(Membership.objects.count(),)]:
        execute("DROP TABLE bench_made_of")
        raise NotRestored("memberships differ from what was built; the next run builds anew")


def _sweep_up() -> None:
    """Take deleted rows out of what is empty now; autovacuum may be off, or not be that quick.

    Within a transaction, as a test restores, PostgreSQL cannot: they stay.
    """
    if dialect().is_postgres and not connection.in_atomic_block:
        execute(f"VACUUM {', '.join(model._meta.db_table for model in EMPTY)}")


def _put_back(after: int) -> None:
    execute("DROP TABLE IF EXISTS bench_undo")
    execute(
        "CREATE TEMPORARY TABLE bench_undo AS SELECT t.segment_id, t.contact_id, t.kind"
        " FROM segments_transition t JOIN (SELECT min(id) AS first FROM segments_transition"
        f" WHERE id > {after} GROUP BY segment_id, contact_id) f ON f.first = t.id"
    )
    execute(
        "DELETE FROM segments_membership WHERE id IN (SELECT m.id FROM segments_membership m"
        " JOIN bench_undo u ON u.segment_id = m.segment_id AND u.contact_id = m.contact_id"
        " WHERE u.kind = 'entered')"
    )
    columns = {"segment_id": "u.segment_id", "contact_id": "u.contact_id",
               "since": f"'{NOW.replace(tzinfo=None).isoformat(sep=' ')}{'+00' if dialect().is_postgres else ''}'"}  # fmt: skip
    if dialect().is_postgres:
        columns["since"] = f"timestamptz {columns['since']}"
    columns |= defaults(Membership, columns)
    execute(
        f"INSERT INTO segments_membership ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
        " FROM bench_undo u WHERE u.kind = 'left' AND NOT EXISTS (SELECT 1 FROM segments_membership m"
        " WHERE m.segment_id = u.segment_id AND m.contact_id = u.contact_id)"
    )
    execute("DROP TABLE bench_undo")


def _forget_events(after: int) -> None:
    seen = dialect().moment(f"{EPOCH} - {last_seen('id')} * {MINUTE}")
    execute(
        f"UPDATE contacts_contact SET last_seen_at = {seen}"
        f" WHERE id IN (SELECT contact_id FROM contacts_event WHERE id > {after})"
    )
    execute(f"DELETE FROM contacts_event WHERE id > {after}")


def _put_rules_back() -> None:
    """Make the segments' rows what they were: live, first revision, their own rule."""
    rules = live_rules()
    extra = Segment.objects.exclude(slug__in=rules)
    Revision.objects.filter(segment__in=extra).delete()
    extra._raw_delete(extra.db)
    for segment in Segment.objects.filter(slug__in=rules):
        first = Revision.objects.get(segment=segment, number=1)
        if (segment.rule, segment.status, segment.revision) != (first.rule, "live", 1):
            segment.rule, segment.status, segment.revision = first.rule, Segment.Status.LIVE, 1
            segment.save()
    Revision.objects.filter(number__gt=1).delete()
