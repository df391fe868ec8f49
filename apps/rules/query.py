"""The set-based reading: the conditions of many rules, each worked out once, in one statement.

A rule over a whole population must not look its events up contact by contact. Here the event
table is read once for each name that is asked for, and grouped by contact; a value of the
profile is taken out of its JSON once, however many conditions compare it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any as AnyModel
from typing import assert_never

from django.db import connections
from django.db.models import DateTimeField, Expression, ExpressionWrapper, F, QuerySet

from apps.rules.clock import Clock
from apps.rules.expressions import Column, JsonTexts, JsonValue, Values, filled
from apps.rules.kinds import Kind
from apps.rules.measuring import measure, qualifying, sufficient
from apps.rules.nodes import All, Any, EventCondition, Leaf, Not, Rule, TraitCondition
from apps.rules.nodes import SegmentCondition as InSegment
from apps.rules.operators import operator

CONTACT = "contact."
Sql = tuple[str, tuple[AnyModel, ...]]
Atom = TraitCondition | EventCondition

# A subquery with this is worked out as it stands: its columns are not written out again at
# each place that names them.
MOST_JOINED = 40  # events in one join: SQLite takes 64 tables, and planning grows faster than that
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
    fenced: bool = True,
) -> Table:
    """Return the outcomes of the conditions, never NULL, for these contacts of these events.

    `carry` names annotations of `contacts` to have as columns too, beside `id`. `fenced`:
    each value and outcome is worked out once; else the planner may write them out anew.
    """
    listed = list(dict.fromkeys(atoms))
    writer = _Writer(contacts, events, clock, fenced)
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
    fenced: bool
    values: Values = field(default_factory=dict)  # of a contact, by column
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (trait, kind): its column
    measured: dict[str, list[tuple[str, EventCondition]]] = field(default_factory=dict)

    @property
    def fence(self) -> str:
        return FENCE[connections[self.contacts.db].vendor] if self.fenced else ""

    def outcome(self, atom: Atom) -> Sql:
        match atom:
            case TraitCondition():
                row = operator(atom.op, atom.kind)
                return self._compiled(
                    row.condition(self._value(atom), atom.value, kind=atom.kind, clock=self.clock)
                )
            case EventCondition():
                return self._compiled(sufficient(atom, self._measured(atom), self.clock))
            case _:
                assert_never(atom)

    def inner(self, carry: Collection[str]) -> Sql:
        """Return the contacts with the values and measures that the outcomes have asked for."""
        rows = self.contacts.order_by().annotate(**self.values).values("id", *carry, *self.values)
        sql, params = _sql(rows)
        groups = list(self.measured.values())
        if not groups:
            return self._joined(sql, params, [], fence=self.fence)
        firm = FENCE[connections[self.contacts.db].vendor]
        for start in range(0, len(groups), MOST_JOINED):
            last = start + MOST_JOINED >= len(groups)
            some = groups[start : start + MOST_JOINED]
            sql, params = self._joined(sql, params, some, fence=self.fence if last else firm)
        return sql, params

    def _joined(
        self,
        sql: str,
        params: tuple[AnyModel, ...],
        groups: Iterable[Sequence[tuple[str, EventCondition]]],
        *,
        fence: str,
    ) -> Sql:
        """Return the rows with what was measured of each event beside them."""
        joins, columns = [], ["c.*"]
        for number, leaves in enumerate(groups):
            group, group_params = self._group(leaves)
            joins.append(f"LEFT JOIN ({group}) AS g{number} ON g{number}.contact_id = c.id")
            columns += [f"g{number}.{name}" for name, _ in leaves]
            params = (*params, *group_params)
        return f"SELECT {', '.join(columns)} FROM ({sql}) AS c {' '.join(joins)} {fence}", params

    def _value(self, atom: TraitCondition) -> Column:
        name = self.names.setdefault((atom.trait, atom.kind), f"t{len(self.names)}")
        return Column(name, subject(atom), self.values)

    def _measured(self, atom: EventCondition) -> Column:
        leaves = self.measured.setdefault(atom.event, [])
        name = f"m{sum(map(len, self.measured.values()))}"
        leaves.append((name, atom))
        return Column(name)

    def _group(self, leaves: Sequence[tuple[str, EventCondition]]) -> Sql:
        """Return what is measured of the events of one name, by contact."""
        rows = self.events.order_by()
        if len(leaves) == 1:
            name, leaf = leaves[0]
            rows = rows.filter(qualifying(leaf, self.events, self.clock)).values("contact_id")
            return _sql(rows.annotate(**{name: measure(leaf)}))
        rows = rows.filter(name=leaves[0][1].event, **self._lately([leaf for _, leaf in leaves]))
        measures = {
            name: measure(leaf, qualifying(leaf, self.events, self.clock)) for name, leaf in leaves
        }
        return _sql(rows.values("contact_id").annotate(**measures))

    def _lately(self, leaves: Sequence[EventCondition]) -> dict[str, object]:
        """Return the filter for events that are too old for any of the conditions."""
        lengths = [leaf.within.delta for leaf in leaves if leaf.within is not None]
        if len(lengths) < len(leaves):
            return {}
        return {"occurred_at__gt": self.clock.ago(max(lengths))}

    def _compiled(self, expression: Expression) -> Sql:
        query = self.contacts.query
        compiler = query.get_compiler(using=self.contacts.db)
        sql, params = compiler.compile(expression.resolve_expression(query))
        return sql, tuple(params)


def _sql(rows: QuerySet[AnyModel, AnyModel]) -> Sql:
    sql, params = rows.query.sql_with_params()
    return sql, tuple(params)
