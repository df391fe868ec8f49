"""Asking the query reading: whom rules hold for, many of them in one statement."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper

from apps.contacts.models import Contact, Event
from apps.rules.clock import Calendar, Clock
from apps.rules.keys import leaves
from apps.rules.nodes import Leaf, Rule, SegmentCondition
from apps.rules.query import Sql, combined, table
from tests.rules.population import Population

NOBODY_KNOWN = Population([])


def statement(
    rules: Sequence[Rule],
    *,
    now: datetime,
    calendar: Calendar,
    population: Population = NOBODY_KNOWN,
    fenced: bool = True,
) -> Sql:
    """Return SQL with a row for each contact: its id, then whether each rule holds."""
    found = [leaf for rule in rules for leaf in leaves(rule)]
    segments = {leaf.segment for leaf in found if isinstance(leaf, SegmentCondition)}
    within = {f"in_{slug}": population.segment(slug) for slug in sorted(segments)}
    wrapped = {name: ExpressionWrapper(q, BooleanField()) for name, q in within.items()}
    asked = table(
        [leaf for leaf in found if not isinstance(leaf, SegmentCondition)],
        contacts=Contact.objects.annotate(**wrapped),
        events=Event.objects.all(),
        clock=Clock(now, calendar),
        carry=list(wrapped),
        fenced=fenced,
    )
    columns: dict[Leaf, str] = {**asked.columns}
    columns |= {leaf: f"in_{leaf.segment}" for leaf in found if isinstance(leaf, SegmentCondition)}
    outcomes = ", ".join(combined(rule, columns) for rule in rules)
    return f"SELECT id, {outcomes} FROM ({asked.sql}) AS asked", asked.params


def by_query(
    rules: Sequence[Rule],
    *,
    now: datetime,
    calendar: Calendar,
    population: Population = NOBODY_KNOWN,
    fenced: bool = True,
) -> list[set[int]]:
    """Return whom each rule holds for; nowhere is it unknown whether it does."""
    sql = statement(rules, now=now, calendar=calendar, population=population, fenced=fenced)
    with connection.cursor() as cursor:
        cursor.execute(*sql)
        rows = cursor.fetchall()
    assert all(outcome in {True, False} for row in rows for outcome in row[1:])
    return [{row[0] for row in rows if row[place]} for place in range(1, len(rules) + 1)]
