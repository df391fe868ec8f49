"""A condition on events in three pieces: which events qualify, what is measured, is it enough.

The pieces fit a correlated subquery per contact (query.py) as they fit one pass over the
event table: `events.values("contact_id").annotate(one=measure(...), two=measure(...))`.
`look` stands before whatever looks into an event's properties: many conditions over one event
may look once (query.py).
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    Exists,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    TextField,
)
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from apps.rules.clock import Clock
from apps.rules.comparing import Operator
from apps.rules.exact import exactly
from apps.rules.expressions import Later, Number
from apps.rules.holding import AT_LEAST_ONE
from apps.rules.json_values import Addends, ExactSum, JsonValue
from apps.rules.kinds import Kind
from apps.rules.nodes import Compare, EventCondition, Measure, Then, Where
from apps.rules.operators import COUNTING, MEASURING, SUMMING, operator

Events = QuerySet[Any]
Look = Callable[[Expression], Expression]


def afresh(value: Expression) -> Expression:
    """Look into the properties at this very place."""
    return value


def qualifying(leaf: EventCondition, events: Events, clock: Clock) -> Q:
    """Return which events the condition looks at, as a condition on a queryset of events.

    `events` is all events: what has to follow one is looked for there.
    """
    return due(leaf.event, clock) & among_due(leaf, events, clock)


def due(name: str, clock: Clock) -> Q:
    """Return which events of a name have happened: what all conditions on it have in common."""
    return Q(name=name, occurred_at__lte=clock.now)


def among_due(leaf: EventCondition, events: Events, clock: Clock, *, look: Look = afresh) -> Q:
    """Return which of the events that are due qualify; an empty Q for all of them."""
    found = Q(*_properties(leaf.where, clock, look))
    if leaf.within is not None:
        found = Q(occurred_at__gt=clock.ago(leaf.within.delta)) & found
    if leaf.then is not None:
        found &= Q(_followed(leaf.then, events, clock))
    return found


def measure(leaf: EventCondition, qualifying: Q | None = None, *, look: Look = afresh) -> Aggregate:
    """Return what the condition measures, of those events of a group that qualify.

    Of none it is NULL, or for a count 0. A sum is comparable, not readable.
    """
    qualifying = qualifying or None  # an empty one is no condition
    if leaf.first is not None:
        return Min("occurred_at", filter=qualifying)
    if leaf.last is not None:
        return Max("occurred_at", filter=qualifying)
    if leaf.sum is not None:
        addends = Addends(F("properties"), key=leaf.sum.property)
        return ExactSum(look(addends), filter=qualifying)
    if leaf.min is not None:
        return Min(look(_number(leaf.min)), filter=qualifying)
    if leaf.max is not None:
        return Max(look(_number(leaf.max)), filter=qualifying)
    return Count(Literal(1), filter=qualifying)  # of a key, which no index of events has: slower


def sufficient(leaf: EventCondition, measured: Combinable, clock: Clock) -> Expression:
    """Return whether what was measured is enough: never NULL, also where `measured` is."""
    when = leaf.first or leaf.last
    if when is not None:
        moment = ExpressionWrapper(measured, output_field=DateTimeField())
        row = operator(when.op, Kind.DATETIME)
        return row.condition(moment, when.value, kind=Kind.DATETIME, clock=clock)
    if leaf.sum is not None:
        total = Coalesce(ExpressionWrapper(measured, output_field=TextField()), Number(Decimal(0)))
        return _compared(SUMMING, leaf.sum, total, clock, operand=exactly(leaf.sum.value))
    if leaf.measured is not None:
        number = ExpressionWrapper(measured, output_field=FloatField())
        return _compared(MEASURING, leaf.measured, number, clock, operand=leaf.measured.value)
    count = leaf.count or AT_LEAST_ONE
    often = Coalesce(ExpressionWrapper(measured, output_field=IntegerField()), 0)
    return _compared(COUNTING, count, often, clock, operand=count.value)


def _compared(
    table: Mapping[str, Operator],
    asked: Compare | Measure,
    number: Expression,
    clock: Clock,
    *,
    operand: object,
) -> Expression:
    return table[asked.op].condition(number, operand, kind=Kind.NUMBER, clock=clock)


def _number(asked: Measure) -> Expression:
    return JsonValue(F("properties"), key=asked.property, kind=Kind.NUMBER)


def _followed(then: Then, events: Events, clock: Clock) -> Exists:
    """Return whether what has to follow an event did, and is due."""
    after = OuterRef("occurred_at")
    until = Q() if then.within is None else Q(occurred_at__lte=Later(after, then.within.delta))
    due = Q(name=then.event, occurred_at__lte=clock.now, occurred_at__gt=after)
    followers = events.filter(due, until, *_properties(then.where, clock, afresh))
    return Exists(followers.filter(contact_id=OuterRef("contact_id")).order_by())


def _properties(wheres: Iterable[Where], clock: Clock, look: Look) -> list[Expression]:
    return [_property(where, clock, look) for where in wheres]


def _property(where: Where, clock: Clock, look: Look) -> Expression:
    subject = look(JsonValue(F("properties"), key=where.property, kind=where.kind))
    row = operator(where.op, where.kind)
    return row.condition(subject, where.value, kind=where.kind or Kind.TEXT, clock=clock)
