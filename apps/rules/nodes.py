"""The tree of a rule. Nodes are few and closed: every reading is a `match` over them.

Values are canonical and hashable: lists are tuples, dates are `date`, times are `datetime`
in UTC, durations are `Duration`, periods `Period`. Only `codec.loads` makes nodes from
outside data.
"""

from dataclasses import dataclass
from datetime import date, datetime

from apps.rules.durations import Duration
from apps.rules.kinds import Kind
from apps.rules.periods import Period

Scalar = str | int | float | date | datetime | Duration | Period
Operand = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class All:
    """Holds where every part holds; with no part, for everybody."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Holds where some part holds; with no part, for nobody."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds exactly where its part does not."""

    rule: "Rule"


@dataclass(frozen=True, slots=True)
class TraitCondition:
    trait: str
    op: str
    value: Operand
    kind: Kind


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on a property of an event; kind None reads a value of any type."""

    property: str
    op: str
    value: Operand
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Compare:
    """An operator and its value: on a count of events, or on the time of one."""

    op: str
    value: Operand


@dataclass(frozen=True, slots=True)
class EventCondition:
    """Counts the events that match, or reads the time of the first or last; no more than one.

    With none of the three it holds where there is at least one. `within` goes with counting.
    """

    event: str
    where: tuple[Where, ...] = ()
    count: Compare | None = None
    first: Compare | None = None
    last: Compare | None = None
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    segment: str


Leaf = TraitCondition | EventCondition | SegmentCondition
Rule = All | Any | Not | Leaf
