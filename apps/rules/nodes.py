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
class Measure:
    """An operator and its value: on what is measured of a property that is a number."""

    property: str
    op: str
    value: Operand


@dataclass(frozen=True, slots=True)
class Then:
    """What has to follow an event, later than it and within that long of it, or ever."""

    event: str
    where: tuple[Where, ...] = ()
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class EventCondition:
    """Looks at the events that match, and asks one thing of them.

    That is one of `count`, `sum`, `min`, `max`, `first` and `last`; with none of them, that
    there is at least one. `within` goes with all but `first` and `last`.
    """

    event: str
    where: tuple[Where, ...] = ()
    count: Compare | None = None
    first: Compare | None = None
    last: Compare | None = None
    within: Duration | None = None
    then: Then | None = None
    sum: Measure | None = None
    min: Measure | None = None
    max: Measure | None = None

    @property
    def measured(self) -> Measure | None:
        """What is asked of a property: its sum, its least or its greatest value."""
        return self.sum or self.min or self.max


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    segment: str


Leaf = TraitCondition | EventCondition | SegmentCondition
Rule = All | Any | Not | Leaf
