from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.contacts.models import Contact, DatedTrait, Event
from apps.rules.clock import Calendar
from apps.rules.edges import DateEdge, EventEdge
from apps.rules.kinds import Kind
from apps.rules.periods import PERIODS
from apps.rules.windows import NOW, Offset, PeriodEnd, YearlyEnd
from apps.segments.models import Change
from apps.segments.sweeping import Slivers, mark_swept, slivers, statement
from tests.factories import ContactFactory

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
A_DAY_AGO = Offset(-timedelta(days=1))
EDGES = [
    EventEdge("ordered", NOW),
    EventEdge("ordered", A_DAY_AGO),
    DateEdge("born", Kind.DATE, A_DAY_AGO),
    DateEdge("born", Kind.DATE, YearlyEnd(timedelta(days=7))),
    DateEdge("trial_ends", Kind.DATETIME, A_DAY_AGO),
    DateEdge("contact.created_at", Kind.DATETIME, A_DAY_AGO),
    DateEdge("contact.last_seen_at", Kind.DATETIME, PeriodEnd(PERIODS["this_month"])),
]


def found(since: datetime, until: datetime) -> Slivers:
    return slivers(EDGES, since=since, until=until, calendar=Calendar(UTC))


def test_what_moves_at_midnight_alone_is_not_looked_up_at_noon() -> None:
    between = found(NOON, NOON + SECOND)
    assert [sliver["mark"] for sliver in between.events] == ["event:ordered"]
    assert [sliver["mark"] for sliver in between.traits] == ["trait:trial_ends"]
    assert len(between.created_at) == 1
    assert between.last_seen_at == []
    assert between.due == ["ordered"]


def test_at_midnight_a_day_is_looked_up_in_each_year() -> None:
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    between = found(midnight - SECOND, midnight)
    of_birthdays = [sliver for sliver in between.traits if sliver["key"] == "born"]
    assert len(of_birthdays) == 1 + (2026 - 1900)
    assert len(between.last_seen_at) == 1


@pytest.mark.django_db
def test_a_contact_is_marked_once_with_all_that_passed_it() -> None:
    contact = ContactFactory(created_at=NOON - timedelta(days=1))
    DatedTrait.objects.create(contact=contact, key="trial_ends", at=NOON - timedelta(days=1))
    Change.objects.all().delete()  # of the contact that came
    since, until = NOON - SECOND, NOON
    swept = {"since": since, "until": until, "limit": 10}
    assert mark_swept(found(since, until), **swept, after=0) == [contact.pk]
    mark = Change.objects.get()
    assert sorted(mark.keys) == ["trait:contact.created_at", "trait:trial_ends"]
    assert mark.created_at == until
    assert mark_swept(found(since, until), **swept, after=contact.pk) == []


@pytest.mark.django_db
def test_everything_is_looked_up_by_an_index() -> None:
    """On PostgreSQL as far as the planner is let: with next to no rows it would not bother."""
    sql, parameters = statement(
        found(NOON, NOON + SECOND), since=NOON, until=NOON + SECOND, after=0, limit=10
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{explain} {sql}", parameters)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    for index in ("event_by_time", "event_to_come", "dated_trait_by_time", "created_at"):
        assert index in plan, plan
    for table in (Event, DatedTrait, Contact):
        name = table._meta.db_table
        assert f"SCAN {name}'" not in plan, plan
        assert f"Seq Scan on {name} " not in plan, plan
