"""A condition on events in three pieces: which events qualify, what is measured, is it enough.

The pieces fit a correlated subquery per contact (query.py) as they fit one pass over the
event table: `events.values("contact_id").annotate(one=measure(...), two=measure(...))`.
"""

from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    Expression,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    Q,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from apps.rules.clock import Clock
from apps.rules.expressions import JsonValue
from apps.rules.holding import AT_LEAST_ONE
from apps.rules.kinds import Kind
from apps.rules.nodes import EventCondition, Where
from apps.rules.operators import COUNTING, operator


def qualifying(leaf: EventCondition, clock: Clock) -> Q:
    """Return which events the condition looks at, as a condition on a queryset of events."""
    due = Q(name=leaf.event, occurred_at__lte=clock.now)
    if leaf.within is not None:
        due &= Q(occurred_at__gt=clock.ago(leaf.within.delta))
    return Q(due, *(_property(where, clock) for where in leaf.where))


def measure(leaf: EventCondition, qualifying: Q | None = None) -> Aggregate:
    """Return what the condition measures, of those events of a group that qualify.

    Of none it is NULL, or for a count 0.
    """
    if leaf.first is not None:
        return Min("occurred_at", filter=qualifying)
    if leaf.last is not None:
        return Max("occurred_at", filter=qualifying)
    return Count("pk", filter=qualifying)


def sufficient(leaf: EventCondition, measured: Combinable, clock: Clock) -> Expression:
    """Return whether what was measured is enough: never NULL, also where `measured` is."""
    when = leaf.first or leaf.last
    if when is not None:
        moment = ExpressionWrapper(measured, output_field=DateTimeField())
        row = operator(when.op, Kind.DATETIME)
        return row.condition(moment, when.value, kind=Kind.DATETIME, clock=clock)
    count = leaf.count or AT_LEAST_ONE
    number = Coalesce(ExpressionWrapper(measured, output_field=IntegerField()), 0)
    row = COUNTING[count.op]
    return row.condition(number, count.value, kind=Kind.NUMBER, clock=clock)


def _property(where: Where, clock: Clock) -> Expression:
    subject = JsonValue(F("properties"), key=where.property, kind=where.kind)
    row = operator(where.op, where.kind)
    return row.condition(subject, where.value, kind=where.kind or Kind.TEXT, clock=clock)
