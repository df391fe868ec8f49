"""The tree of a builder. Its texts are as a form sends them: nothing is checked here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

MATCHES = {
    "all": "all of these",
    "any": "any of these",
    "none": "none of these",
    "not_all": "not all of these",
}
OPPOSITES = {"all": "not_all", "not_all": "all", "any": "none", "none": "any"}
# Of segments, and of events nothing else is asked of: "not" is said by the operator.
TURNED = {"in": "not_in", "not_in": "in", "did": "never", "never": "did"}
NEGATIVE = ("not_in", "never")


@dataclass(frozen=True, slots=True)
class Span:
    """A number and its unit, such as 30 d; no number is "ever"."""

    number: str = ""
    unit: str = "d"

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the inputs of one value. A time goes with the day before it."""

    values: tuple[str, ...] = ()
    time: str = ""
    low: str = ""
    low_time: str = ""
    high: str = ""
    high_time: str = ""
    span: Span = Span()

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def text(self) -> str:
        """The values as one text, each on a line."""
        return "\n".join(self.values)

    @property
    def is_blank(self) -> bool:
        return not any((*self.values, self.low, self.high, self.span.number))


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a property of an event; `op` names its kind too: `number:at_least`."""

    id: str
    key: str = ""
    op: str = ""
    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class Condition:
    """`subject` is trait:plan, event:order_completed or segment:customers.

    `op` of an event is `did`, `never`, an operator on how often, or one on what is measured of
    a property or on a time: `sum:at_least`, `last:older_than`.
    """

    id: str
    subject: str = ""
    op: str = ""
    negated: bool = False
    typed: Typed = Typed()
    measured: str = ""  # the property
    within: Span = Span()
    wheres: tuple[Filter, ...] = ()
    then: str = ""  # the name of the event that follows
    then_within: Span = Span()
    then_wheres: tuple[Filter, ...] = ()

    @property
    def about(self) -> str:
        return self.subject.partition(":")[0]

    @property
    def key(self) -> str:
        return self.subject.partition(":")[2]

    @property
    def filters(self) -> tuple[Filter, ...]:
        return self.wheres + self.then_wheres


@dataclass(frozen=True, slots=True)
class Group:
    """`implied`: it stands in the form only, around a rule that is one condition."""

    id: str
    match: str = "all"
    parts: tuple["Part", ...] = ()
    implied: bool = False


Part = Group | Condition


def opposite(part: Part) -> Part:
    """Return what holds exactly where the part does not."""
    match part:
        case Group():
            return replace(part, match=OPPOSITES[part.match])
        case Condition(op=op) if op in TURNED and part.about != "trait" and not part.negated:
            return replace(part, op=TURNED[op])
        case Condition():
            return replace(part, negated=not part.negated)


def walk(part: Part) -> Iterator[Part]:
    """Yield the part and all below it, a group before its parts."""
    yield part
    if isinstance(part, Group):
        for inner in part.parts:
            yield from walk(inner)


def ids(tree: Group) -> list[str]:
    """Return the ids of all groups, conditions and filters."""
    parts = list(walk(tree))
    filters = [one.id for part in parts if isinstance(part, Condition) for one in part.filters]
    return [part.id for part in parts] + filters


def free_ids(tree: Group) -> Iterator[str]:
    """Yield ids that no part has."""
    taken = set(ids(tree))
    return (str(number) for number in count(1) if str(number) not in taken)
