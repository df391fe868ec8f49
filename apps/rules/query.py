"""The set-based reading: a rule as a condition, or the conditions of many rules as columns.

A rule over a whole population must not look its events up contact by contact. Here the event
table is read once for each name that is asked for, and grouped by contact; a value of the
profile is taken out of its JSON once, however many conditions compare it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any as AnyModel
from typing import assert_never

from django.db import connections
from django.db.models import DateTimeField, Expression, ExpressionWrapper, F, Q, QuerySet

from apps.rules.clock import Clock
from apps.rules.expressions import Column, Values, filled
from apps.rules.facts import Facts
from apps.rules.holding import AT_LEAST_ONE
from apps.rules.json_values import JsonTexts, JsonValue
from apps.rules.keys import leaves
from apps.rules.kinds import Kind
from apps.rules.measuring import among_due, due, measure, qualifying, sufficient
from apps.rules.nodes import All, Any, EventCondition, Leaf, Not, Rule, TraitCondition
from apps.rules.nodes import SegmentCondition as InSegment
from apps.rules.operators import operator
from apps.rules.verdict import holds

CONTACT = "contact."
Sql = tuple[str, tuple[AnyModel, ...]]
Atom = TraitCondition | EventCondition

MOST_JOINED = 40  # events in one join: SQLite takes 64 tables, and planning grows faster than that
MOST_ORDERED = 6  # sets of contacts that one condition lets the planner put in order

EFFORT = {Kind.DATE: 1, Kind.DATETIME: 1, Kind.TEXT: 2, Kind.CHOICE: 2, Kind.BOOLEAN: 2,
          Kind.NUMBER: 3, Kind.CHOICES: 4}  # fmt: skip
OF_EVENTS = 5

# A subquery with this is worked out as it stands: its columns are not written out again at
# each place that names them.
FENCE = {"postgresql": "OFFSET 0", "sqlite": "LIMIT -1 OFFSET 0"}


@dataclass(frozen=True, slots=True)
class Table:
    """SQL with a row for each contact, and the column that holds each condition's outcome."""

    sql: str
    params: tuple[AnyModel, ...]
    columns: Mapping[Atom, str]


def table(
    atoms: Iterable[Atom],
    *,
    contacts: QuerySet[AnyModel],
    events: QuerySet[AnyModel],
    clock: Clock,
    carry: Sequence[str] = (),
) -> Table:
    """Return the outcomes of the conditions, never NULL, for these contacts of these events.

    `carry` names annotations of `contacts` to have as columns too, beside `id`.
    """
    listed = list(dict.fromkeys(atoms))
    writer = _Writer(contacts, events, clock)
    outcomes = [writer.outcome(atom) for atom in listed]
    names = {atom: f"a{number}" for number, atom in enumerate(listed)}
    inner, inner_params = writer.inner(carry)
    columns = ['"id"', *(f'"{name}"' for name in carry)]
    columns += [f"{sql} AS a{number}" for number, (sql, _) in enumerate(outcomes)]
    params = [param for _, given in outcomes for param in given]
    sql = f"SELECT {', '.join(columns)} FROM ({inner}) AS found {writer.fence}"
    return Table(sql, (*params, *inner_params), names)


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


def condition(
    rule: Rule,
    *,
    contacts: QuerySet[AnyModel],
    events: QuerySet[AnyModel],
    clock: Clock,
    within: Callable[[str], Sql],
) -> Sql:
    """Return one rule as a condition on a row of the contacts' table, for a WHERE, never NULL.

    Conditions on events are sets of contacts there, which the planner may join in the order
    it likes while they are few: it tries every order. `within` says of a segment's slug
    whether the contact is in it.
    """
    here: dict[Leaf, Sql] = {}
    for leaf in leaves(rule):
        if leaf not in here:
            here[leaf] = _outcome(leaf, contacts, events, clock, within)
    sets = sum(not isinstance(leaf, TraitCondition) for leaf in here)
    form = "({})" if sets <= MOST_ORDERED else "(({}) IS TRUE)"  # which no planner joins by
    texts = {leaf: form.format(sql) for leaf, (sql, _) in here.items()}
    parts = sorted(_conjuncts(rule), key=_effort)
    of_profile = [part for part in parts if _effort(part) < OF_EVENTS]
    others = [part for part in parts if _effort(part) == OF_EVENTS]
    # The profile's as one, lest the planner puts them in an order by what it thinks they cost.
    tests = [f"({combined(All(tuple(of_profile)), texts)} IS TRUE)"] if of_profile else []
    tests += [combined(part, texts) for part in others]
    params = tuple(param for part in parts for leaf in leaves(part) for param in here[leaf][1])
    return " AND ".join(tests) or "TRUE", params


def _outcome(
    leaf: Leaf,
    contacts: QuerySet[AnyModel],
    events: QuerySet[AnyModel],
    clock: Clock,
    within: Callable[[str], Sql],
) -> Sql:
    match leaf:
        case TraitCondition():
            row = operator(leaf.op, leaf.kind)
            test = row.condition(subject(leaf), leaf.value, kind=leaf.kind, clock=clock)
            return _compiled(test, contacts)
        case EventCondition():
            return _among(leaf, contacts, events, clock)
        case InSegment(segment):
            return within(segment)
        case _:
            assert_never(leaf)


def _conjuncts(rule: Rule) -> Iterator[Rule]:
    """Yield the parts that must all hold."""
    if isinstance(rule, All):
        for part in rule.rules:
            yield from _conjuncts(part)
    else:
        yield rule


def _effort(rule: Rule) -> int:
    """Return in which place a part is asked: looks into a document, and what is done there."""
    return max((_effort_of(leaf) for leaf in leaves(rule)), default=0)


def _effort_of(leaf: Leaf) -> int:
    if not isinstance(leaf, TraitCondition):
        return OF_EVENTS
    return 0 if leaf.trait.startswith(CONTACT) else EFFORT[leaf.kind]


def _among(
    leaf: EventCondition, contacts: QuerySet[AnyModel], events: QuerySet[AnyModel], clock: Clock
) -> Sql:
    """Return whether the contact is among those whose events are enough.

    Where no event at all is enough too, whether it is not among those whose are not.
    """
    for_none = holds(leaf, Facts(), now=clock.now, calendar=clock.calendar)
    rows = events.filter(qualifying(leaf, events, clock)).order_by().values("contact_id")
    if (
        leaf.measured is not None
        or leaf.first
        or leaf.last
        or leaf.count not in (None, AT_LEAST_ONE)
    ):
        rows = rows.annotate(its_measure=measure(leaf))
        enough = Q(sufficient(leaf, F("its_measure"), clock))
        rows = rows.filter(~enough if for_none else enough).values("contact_id")
    sql, params = _sql(rows)
    table = connections[contacts.db].ops.quote_name(contacts.model._meta.db_table)
    return f'{table}."id" {"NOT " if for_none else ""}IN ({sql})', params


def combined(rule: Rule, column: "Mapping[Leaf, str]") -> str:
    """Return the rule over columns that hold the outcomes of its conditions."""
    match rule:
        case All(()):
            return "TRUE"
        case Any(()):
            return "FALSE"
        case All(rules):
            return f"({' AND '.join(combined(part, column) for part in rules)})"
        case Any(rules):
            return f"({' OR '.join(combined(part, column) for part in rules)})"
        case Not(part):
            return f"(NOT {combined(part, column)})"
        case TraitCondition() | EventCondition() | InSegment():
            return column[rule]
        case _:
            assert_never(rule)


@dataclass
class _Writer:
    contacts: QuerySet[AnyModel]
    events: QuerySet[AnyModel]
    clock: Clock
    values: Values = field(default_factory=dict)  # of a contact, by column
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (trait, kind): its column
    measured: dict[str, list[tuple[str, EventCondition]]] = field(default_factory=dict)

    @property
    def fence(self) -> str:
        return FENCE[connections[self.contacts.db].vendor]

    def outcome(self, atom: Atom) -> Sql:
        match atom:
            case TraitCondition():
                row = operator(atom.op, atom.kind)
                test = row.condition(
                    self._value(atom), atom.value, kind=atom.kind, clock=self.clock
                )
                return _compiled(test, self.contacts)
            case EventCondition():
                return _compiled(sufficient(atom, self._measured(atom), self.clock), self.contacts)
            case _:
                assert_never(atom)

    def inner(self, carry: Collection[str]) -> Sql:
        """Return the contacts with the values and measures that the outcomes have asked for."""
        rows = self.contacts.order_by().annotate(**self.values).values("id", *carry, *self.values)
        sql, params = _sql(rows)
        groups = list(self.measured.values())
        for start in range(0, max(len(groups), 1), MOST_JOINED):
            sql, params = self._joined(sql, params, groups[start : start + MOST_JOINED])
        return sql, params

    def _joined(
        self,
        sql: str,
        params: tuple[AnyModel, ...],
        groups: Iterable[Sequence[tuple[str, EventCondition]]],
    ) -> Sql:
        """Return the rows with what was measured of each event beside them."""
        joins, columns = [], ["c.*"]
        for number, named in enumerate(groups):
            group, group_params = self._group(named)
            joins.append(f"LEFT JOIN ({group}) AS g{number} ON g{number}.contact_id = c.id")
            columns += [f"g{number}.{name}" for name, _ in named]
            params = (*params, *group_params)
        return (
            f"SELECT {', '.join(columns)} FROM ({sql}) AS c {' '.join(joins)} {self.fence}",
            params,
        )

    def _value(self, atom: TraitCondition) -> Column:
        name = self.names.setdefault((atom.trait, atom.kind), f"t{len(self.names)}")
        return Column(name, subject(atom), self.values)

    def _measured(self, atom: EventCondition) -> Column:
        group = self.measured.setdefault(atom.event, [])
        name = f"m{sum(map(len, self.measured.values()))}"
        group.append((name, atom))
        return Column(name)

    def _group(self, named: Sequence[tuple[str, EventCondition]]) -> Sql:
        """Return what is measured of the events of one name, by contact."""
        rows = self.events.order_by()
        if len(named) == 1:
            name, leaf = named[0]
            rows = rows.filter(qualifying(leaf, self.events, self.clock)).values("contact_id")
            return _sql(rows.annotate(**{name: measure(leaf)}))
        rows = rows.filter(
            due(named[0][1].event, self.clock), **self._lately([leaf for _, leaf in named])
        )
        return self._grouped(rows, named)

    def _grouped(
        self, rows: QuerySet[AnyModel], named: Sequence[tuple[str, EventCondition]]
    ) -> Sql:
        """Return many measures of these events, each value looked for in an event once."""
        looked = _Looked()
        measures = [(name, *self._measure(leaf, looked)) for name, leaf in named]
        inner, params = _sql(rows.values("contact_id", "occurred_at", **looked.values))
        columns = ", ".join(f'{sql} AS "{name}"' for name, sql, _ in measures)
        fence = self.fence if looked.values else ""
        # Named as the table itself: that is what the measures call it.
        table = connections[rows.db].ops.quote_name(rows.model._meta.db_table)
        sql = f"SELECT contact_id, {columns} FROM ({inner} {fence}) AS {table} GROUP BY contact_id"
        return sql, (*(param for _, _, given in measures for param in given), *params)

    def _measure(self, leaf: EventCondition, looked: "_Looked") -> Sql:
        among = among_due(leaf, self.events, self.clock, look=looked.once)
        return _compiled(measure(leaf, among, look=looked.once), self.events.all())

    def _lately(self, leaves: Sequence[EventCondition]) -> dict[str, object]:
        """Return the filter for events that are too old for any of the conditions."""
        lengths = [leaf.within.delta for leaf in leaves if leaf.within is not None]
        if len(lengths) < len(leaves):
            return {}
        return {"occurred_at__gt": self.clock.ago(max(lengths))}


@dataclass
class _Looked:
    """What many measures look for in an event's properties, each thing once."""

    values: Values = field(default_factory=dict)
    names: dict[Expression, str] = field(default_factory=dict)

    def once(self, value: Expression) -> Column:
        name = self.names.setdefault(value, f"v{len(self.names)}")
        return Column(name, value, self.values)


def _compiled(expression: Expression, rows: QuerySet[AnyModel]) -> Sql:
    query = rows.query
    compiler = query.get_compiler(using=rows.db)
    sql, params = compiler.compile(expression.resolve_expression(query))
    return sql, tuple(params)


def _sql(rows: QuerySet[AnyModel, AnyModel]) -> Sql:
    sql, params = rows.query.sql_with_params()
    return sql, tuple(params)
