"""A rule as a condition on a queryset of contacts: the set-based reading.

The queryset has the columns email, first_name, last_name, phone, country, language,
timezone, created_at, last_seen_at and the JSON column profile. No part is ever NULL, so
`~` is the plain complement.
"""

from datetime import datetime
from typing import Any as AnyModel
from typing import Protocol, assert_never

from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    Expression,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models import Value as Literal

from apps.rules.clock import Calendar, Clock
from apps.rules.expressions import JsonTexts, JsonValue, filled
from apps.rules.holding import AT_LEAST_ONE
from apps.rules.kinds import Kind
from apps.rules.measuring import measure, qualifying, sufficient
from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.operators import operator

CONTACT = "contact."


class Source(Protocol):
    """What a rule reads beside the contact's own row."""

    def events(self) -> QuerySet[AnyModel]:
        """Return all events, with contact_id, name, occurred_at and properties (JSON)."""
        ...

    def segment(self, slug: str) -> Q:
        """Return who is in the segment, as a condition on contacts that is never NULL."""
        ...


def matching(rule: Rule, source: Source, *, now: datetime, calendar: Calendar) -> Q:
    """Return the condition that holds for exactly the contacts the rule holds for."""
    return _matching(rule, source, Clock(now, calendar))


def _matching(rule: Rule, source: Source, clock: Clock) -> Q:
    match rule:
        case All(rules):
            parts = [_matching(part, source, clock) for part in rules]
            return Q(*parts, _connector=Q.AND) if parts else _constant(holds=True)
        case Any(rules):
            parts = [_matching(part, source, clock) for part in rules]
            return Q(*parts, _connector=Q.OR) if parts else _constant(holds=False)
        case Not(part):
            return ~_matching(part, source, clock)
        case TraitCondition():
            return Q(_trait(rule, clock))
        case EventCondition():
            return Q(_event(rule, source, clock))
        case SegmentCondition(segment):
            return source.segment(segment)
        case _:
            assert_never(rule)


def _constant(*, holds: bool) -> Q:
    """Return a condition that is the same for all: an empty Q would vanish under `~`."""
    return Q(Literal(holds, output_field=BooleanField()))


def _trait(rule: TraitCondition, clock: Clock) -> Expression:
    row = operator(rule.op, rule.kind)
    return row.condition(subject(rule), rule.value, kind=rule.kind, clock=clock)


def subject(rule: TraitCondition) -> Expression:
    """Return what the condition compares: a column, or a key of the profile."""
    if rule.trait.startswith(CONTACT):
        column = F(rule.trait.removeprefix(CONTACT))
        if rule.kind is Kind.DATETIME:
            return ExpressionWrapper(column, output_field=DateTimeField())
        return filled(column)
    if rule.kind is Kind.CHOICES:
        return JsonTexts(F("profile"), key=rule.trait)
    return JsonValue(F("profile"), key=rule.trait, kind=rule.kind)


def _event(rule: EventCondition, source: Source, clock: Clock) -> Expression | Exists:
    """Measure the events of the outer contact; where one row answers, no more is read."""
    every = source.events()
    events = every.filter(qualifying(rule, every, clock), contact_id=OuterRef("pk")).order_by()
    if rule.first is not None or rule.last is not None:
        order = "occurred_at" if rule.first is not None else "-occurred_at"
        one = Subquery(events.order_by(order).values("occurred_at")[:1])
        return sufficient(rule, one, clock)
    if rule.measured is None and rule.count in (None, AT_LEAST_ONE):
        return Exists(events)
    measured = events.values("contact_id").annotate(measured=measure(rule)).values("measured")
    return sufficient(rule, Subquery(measured), clock)
