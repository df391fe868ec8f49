"""What a condition is shown with: the operators to choose from, and the inputs of its value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from apps.rules.builder.tree import Condition, Filter, Typed
from apps.rules.builder.typing import encoded
from apps.rules.builder.writing import ANY_TYPE, event_operator, filter_operator
from apps.rules.catalogue import Catalogue
from apps.rules.comparing import Operator
from apps.rules.event_codec import MEASURES, MOMENTS
from apps.rules.kinds import Kind
from apps.rules.operands import Shape
from apps.rules.operators import MEASURING, OPERATORS, PROPERTY_KINDS, SUMMING
from apps.rules.periods import PERIODS

Choices = tuple[tuple[str, str], ...]
Groups = tuple[tuple[str, Choices], ...]  # title, and what stands under it

PLAIN_TIME = re.compile(r"([0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", re.ASCII)
UNITS: Choices = (
    ("d", "days"), ("w", "weeks"), ("h", "hours"), ("m", "minutes"), ("s", "seconds"),
)  # fmt: skip
PERIOD_CHOICES: Choices = tuple((name, period.words) for name, period in PERIODS.items())
SEGMENT_OPERATORS: Groups = (("", (("in", "is in"), ("not_in", "is not in"))),)
EVENT_OPERATORS: Groups = (
    (
        "How often",
        (
            ("did", "at least once"),
            ("never", "never"),
            ("at_least", "at least … times"),
            ("at_most", "at most … times"),
            ("exactly", "exactly … times"),
            ("between", "between … and … times"),
        ),
    ),
    *(
        (
            f"{which.title()} time",
            tuple(
                (f"{which}:{row.name}", f"{which} time {row.label}")
                for row in OPERATORS[Kind.DATETIME].values()
            ),
        )
        for which in ("last", "first")
    ),
    *(
        (
            title,
            tuple(
                (f"{name}:{row.name}", f"{title.lower()} … {row.label}") for row in rows.values()
            ),
        )
        for name, title, rows in (
            ("sum", "Sum of", SUMMING),
            ("min", "Lowest", MEASURING),
            ("max", "Highest", MEASURING),
        )
    ),
)
KIND_TITLES = {Kind.TEXT: "Text", Kind.NUMBER: "Number", Kind.BOOLEAN: "Yes or no"}
FILTER_OPERATORS: Groups = (
    *(
        (
            KIND_TITLES[kind],
            tuple(
                (f"{kind}:{row.name}", row.label)
                for row in OPERATORS[kind].values()
                if row.name not in ("is_set", "is_not_set")
            ),
        )
        for kind in PROPERTY_KINDS
    ),
    (
        "Any type",
        ((f"{ANY_TYPE}:is_set", "is known"), (f"{ANY_TYPE}:is_not_set", "is not known")),
    ),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """`inputs` names what the value is typed into; `input_type` is that of an input."""

    operators: Groups = ()
    op: str = ""
    inputs: str = "nothing"
    input_type: str = "text"
    choices: Choices = ()
    time_type: str = "time"
    rows: int = 2
    is_event: bool = False
    is_measured: bool = False
    has_window: bool = False


def offer(part: Condition, known: Catalogue) -> Offer:
    """Return what a condition is shown with; of an operator that is not there, the first."""
    match part.about:
        case "event":
            return _event_offer(part)
        case "segment":
            return Offer(SEGMENT_OPERATORS, _chosen(SEGMENT_OPERATORS, part.op))
        case "trait" if part.key in known.traits:
            return _trait_offer(part, known)
        case _:
            return Offer()


def filter_offer(one: Filter) -> Offer:
    op = _chosen(FILTER_OPERATORS, one.op)
    _, row, kind = filter_operator(op)
    inputs, input_type = _inputs(row, kind)
    return Offer(FILTER_OPERATORS, op, inputs, input_type, rows=_rows(one.typed))


def settled(part: Condition, known: Catalogue) -> Condition:
    """Return a condition with the operator that it is shown with."""
    found = offer(part, known)
    if found.is_event and found.op == "at_least" and part.typed.is_blank:
        part = replace(part, typed=replace(part.typed, values=("1",)))
    return replace(
        part,
        op=found.op or part.op,
        wheres=_settled_filters(part.wheres),
        then_wheres=_settled_filters(part.then_wheres),
    )


def _settled_filters(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    return tuple(replace(one, op=filter_offer(one).op) for one in filters)


def _trait_offer(part: Condition, known: Catalogue) -> Offer:
    spec = known.traits[part.key]
    table = OPERATORS[spec.kind]
    operators: Groups = (("", tuple((row.name, row.label) for row in table.values())),)
    op = _chosen(operators, part.op)
    inputs, input_type = _inputs(table[op], spec.kind)
    if inputs == "period":
        return Offer(operators, op, "choice", choices=PERIOD_CHOICES)
    options = {encoded(option.value): option.label for option in spec.options}
    if not options or inputs not in ("value", "list"):
        time_type, rows = _time_type(part.typed), _rows(part.typed)
        return Offer(operators, op, inputs, input_type, time_type=time_type, rows=rows)
    choices = _with_gone(options, part.typed.values)
    return Offer(operators, op, "choice" if inputs == "value" else "choices", choices=choices)


def _event_offer(part: Condition) -> Offer:
    op = _chosen(EVENT_OPERATORS, part.op)
    asked, row, kind = event_operator(op)
    inputs, input_type = _inputs(row, kind)
    return Offer(
        EVENT_OPERATORS,
        op,
        "choice" if inputs == "period" else inputs,
        input_type,
        PERIOD_CHOICES if inputs == "period" else (),
        time_type=_time_type(part.typed),
        rows=_rows(part.typed),
        is_event=True,
        is_measured=asked in MEASURES,
        has_window=asked not in MOMENTS,
    )


def _with_gone(options: Mapping[str, str], values: Iterable[str]) -> Choices:
    """Return the options, and what is chosen though it is none (any more)."""
    gone = {value: f"{value} (no option)" for value in values if value not in options}
    return (*options.items(), *gone.items())


def _chosen(operators: Groups, op: str) -> str:
    names = [name for _, choices in operators for name, _ in choices]
    return op if op in names else names[0]


def _inputs(row: Operator | None, kind: Kind) -> tuple[str, str]:
    """Return which inputs an operator's value takes, and their type."""
    match row.shape if row else Shape.NONE:
        case Shape.NONE:
            return "nothing", ""
        case Shape.WHOLE:
            return "times", "number"
        case Shape.WHOLES:
            return "pair", "number"
        case Shape.DURATION:
            return "duration", ""
        case Shape.PERIOD:
            return "period", ""
        case Shape.LIST:
            return "list", _type(kind)
        case Shape.PAIR if kind is Kind.DATETIME:
            return "moments", "date"
        case Shape.ONE if kind is Kind.DATETIME:
            return "moment", "date"
        case Shape.PAIR:
            return "pair", _type(kind)
        case Shape.DAY:
            return "value", "date"
        case _:
            return "value", _type(kind)


def _time_type(typed: Typed) -> str:
    """Return the type of the inputs for times: text, where one is of no form a browser shows."""
    times = (typed.time, typed.low_time, typed.high_time)
    return "time" if all(PLAIN_TIME.fullmatch(text) for text in times) else "text"


def _rows(typed: Typed) -> int:
    """Return how many lines a list is typed into."""
    return min(max(2, len(typed.values) + 1), 8)


def _type(kind: Kind) -> str:
    match kind:
        case Kind.NUMBER:
            return "number"
        case Kind.DATE | Kind.DATETIME:
            return "date"
        case _:
            return "text"
