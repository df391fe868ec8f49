"""Who a single rule holds for, or a single segment: a condition the planner sees through.

Where many rules are asked at once, difference.py shares what they have in common. For one there
is nothing to share, and as a WHERE of its own the database may begin with what is rarest.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from apps.contacts.models import Contact, Event
from apps.rules.clock import Clock
from apps.rules.nodes import Rule
from apps.rules.query import Sql, condition
from apps.segments.calendar import installed
from apps.segments.models import Membership, Pin
from apps.segments.plan import Plan, Planned
from apps.segments.scope import EVERYBODY, Scope

ID = '"contacts_contact"."id"'
NOBODY: Sql = ("FALSE", ())


def holding(
    rule: Rule, *, plan: Plan, now: datetime, scope: Scope = EVERYBODY
) -> QuerySet[Contact]:
    """Return the contacts a rule holds for; pins and ladders are left aside."""
    return _where(_rule(rule, plan, now, scope), scope)


def belonging(
    planned: Planned, *, plan: Plan, now: datetime, scope: Scope = EVERYBODY
) -> QuerySet[Contact]:
    """Return who belongs to a segment, by the formula of `standing.py`."""
    return _where(_belongs(planned, plan, now, scope), scope)


def difference_of(planned: Planned, *, plan: Plan, now: datetime, scope: Scope = EVERYBODY) -> Sql:
    """Return SQL for the rows (contact_id, segment_id, due) of those stored elsewhere."""
    due, params = _sql(belonging(planned, plan=plan, now=now, scope=scope).values("pk"))
    stored, stored_params = _members([planned.pk], scope)
    return (
        f"WITH due (id) AS MATERIALIZED ({due}), stored (contact_id) AS ({stored})"
        f" SELECT due.id AS contact_id, {planned.pk:d} AS segment_id, TRUE AS due"
        " FROM due LEFT JOIN stored ON stored.contact_id = due.id WHERE stored.contact_id IS NULL"
        f" UNION ALL SELECT stored.contact_id, {planned.pk:d}, FALSE FROM stored"
        " LEFT JOIN due ON due.id = stored.contact_id WHERE due.id IS NULL"
    ), (*params, *stored_params)


def _where(test: Sql, scope: Scope) -> QuerySet[Contact]:
    rows = scope.of(Contact.objects.standing(), "pk").order_by()
    return rows.filter(RawSQL(*test, output_field=BooleanField()))  # noqa: S611  of our own making


def _belongs(planned: Planned, plan: Plan, now: datetime, scope: Scope) -> Sql:
    """A pin decides, else the ladder, else the rule. Without pins only the last two are asked."""
    tests = [NOBODY if planned.rule is None else _rule(planned.rule, plan, now, scope)]
    if planned.higher:
        above = [plan.by_slug[slug].pk for slug in planned.higher]
        tests.append(_in(_members(above, scope), negated=True))
    ladder = {slug: plan.by_slug[slug].pk for slug in (planned.rungs or (planned.slug,))}
    if not Pin.objects.filter(segment__in=ladder.values()).exists():
        return _all(tests)
    tests.append(_in(_pinned(ladder.values(), Pin.Held.IN, scope), negated=True))
    tests.append(_in(_pinned([planned.pk], Pin.Held.OUT, scope), negated=True))
    held = [_in(_pinned([planned.pk], Pin.Held.IN, scope))]
    if planned.higher:
        above = [ladder[slug] for slug in planned.higher]
        held.append(_in(_pinned(above, Pin.Held.IN, scope), negated=True))
    (first, first_params), (second, second_params) = _all(held), _all(tests)
    return f"({first} OR {second})", (*first_params, *second_params)


def _rule(rule: Rule, plan: Plan, now: datetime, scope: Scope) -> Sql:
    def within(slug: str) -> Sql:
        """Nobody is in a segment that is not live."""
        planned = plan.by_slug.get(slug)
        return _in(_members([planned.pk], scope)) if planned else NOBODY

    return condition(
        rule,
        contacts=Contact.objects.all(),
        events=scope.of(Event.objects.all(), "contact"),
        clock=Clock(now, installed()),
        within=within,
    )


def _members(segment_ids: Iterable[int], scope: Scope) -> Sql:
    rows = Membership.objects.filter(segment__in=list(segment_ids))
    return _sql(scope.of(rows, "contact").values("contact_id"))


def _pinned(segment_ids: Iterable[int], held: str, scope: Scope) -> Sql:
    rows = Pin.objects.filter(segment__in=list(segment_ids), held=held)
    return _sql(scope.of(rows, "contact").values("contact_id"))


def _in(rows: Sql, *, negated: bool = False) -> Sql:
    sql, params = rows
    return f"{ID} {'NOT ' if negated else ''}IN ({sql})", params


def _all(tests: Iterable[Sql]) -> Sql:
    listed = list(tests)
    params = tuple(param for _, given in listed for param in given)
    return f"({' AND '.join(f'({sql})' for sql, _ in listed)})", params


def _sql(rows: QuerySet[Any, Any]) -> Sql:
    sql, params = rows.query.sql_with_params()
    return sql, tuple(params)
