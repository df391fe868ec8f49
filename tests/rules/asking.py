"""Asking the query reading: whom rules hold for, many of them in one statement."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper
from django.db.models.expressions import RawSQL

from apps.contacts.models import Contact, Event
from apps.rules.clock import Calendar, Clock
from apps.rules.keys import leaves
from apps.rules.nodes import Leaf, Rule, SegmentCondition
from apps.rules.query import Sql, combined, condition, table
from tests.rules.population import Population

NOBODY_KNOWN = Population([])


def statement(
    rules: Sequence[Rule],
    *,
    now: datetime,
    calendar: Calendar,
    population: Population = NOBODY_KNOWN,
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
) -> list[set[int]]:
    """Return whom each rule holds for; nowhere is it unknown whether it does."""
    sql = statement(rules, now=now, calendar=calendar, population=population)
    with connection.cursor() as cursor:
        cursor.execute(*sql)
        rows = cursor.fetchall()
    assert all(outcome in {True, False} for row in rows for outcome in row[1:])
    return [{row[0] for row in rows if row[place]} for place in range(1, len(rules) + 1)]


def by_condition(
    rule: Rule, *, now: datetime, calendar: Calendar, population: Population = NOBODY_KNOWN
) -> set[int]:
    """Return whom a rule holds for, asked by itself."""

    def within(slug: str) -> Sql:
        rows = Contact.objects.filter(population.segment(slug)).values("pk")
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            return "FALSE", ()
        return f'"contacts_contact"."id" IN ({sql})', tuple(params)

    test = condition(
        rule,
        contacts=Contact.objects.all(),
        events=Event.objects.all(),
        clock=Clock(now, calendar),
        within=within,
    )
    rows = Contact.objects.filter(RawSQL(*test, output_field=BooleanField()))
    return set(rows.values_list("pk", flat=True))
