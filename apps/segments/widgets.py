"""What the rule editor's form offers for each row: operators, and inputs for their value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.rules.catalogue import Catalogue
from apps.rules.kinds import Kind
from apps.rules.operands import Shape
from apps.rules.operators import OPERATORS
from apps.rules.periods import PERIODS
from apps.segments.builder import COUNTS, NEVER, Draft, Row, shape_of

PERIOD_OPTIONS = tuple((name, period.words) for name, period in PERIODS.items())


@dataclass(frozen=True)
class Widget:
    """How one row is shown: its operators, and which inputs its value takes."""

    row: Row
    index: int
    operators: tuple[tuple[str, str], ...]
    shows: str  # nothing, value, list, pair, duration, options, count, window
    input_type: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    multiple: bool = False

    @property
    def joined(self) -> str:
        return ", ".join(self.row.values)


def widgets_of(draft: Draft, known: Catalogue, problems: Mapping[int, str]) -> list[Widget]:
    return [
        _widget(row, index, known, problems.get(index, "")) for index, row in enumerate(draft.rows)
    ]


def _widget(row: Row, index: int, known: Catalogue, problem: str) -> Widget:
    match row.about:
        case "event":
            return _event_widget(row, index, problem)
        case "segment":
            operators = (("in", "is in"), ("not_in", "is not in"))
            return Widget(row, index, operators, "nothing", problem=problem)
        case "trait" if row.key in known.traits:
            return _trait_widget(row, index, known, problem)
        case _:
            return Widget(row, index, (), "nothing", problem=problem)


def _trait_widget(row: Row, index: int, known: Catalogue, problem: str) -> Widget:
    spec = known.traits[row.key]
    operators = tuple((found.name, found.label) for found in OPERATORS[spec.kind].values())
    op = row.op if row.op in dict(operators) else operators[0][0]
    shape = shape_of(spec.kind, op)
    options = tuple((option.value, option.label) for option in spec.options)
    options = PERIOD_OPTIONS if shape is Shape.PERIOD else options
    return Widget(
        row=Row(row.subject, op, row.values, row.low, row.high, row.number, row.unit),
        index=index,
        operators=operators,
        shows=_shows(shape, options),
        input_type=_input_type(spec.kind),
        options=options,
        problem=problem,
        multiple=shape is Shape.LIST,
    )


def _shows(shape: Shape | None, options: Iterable[object]) -> str:
    match shape:
        case None | Shape.NONE:
            return "nothing"
        case Shape.DURATION:
            return "duration"
        case Shape.PAIR:
            return "pair"
        case Shape.PERIOD:
            return "options"
        case Shape.ONE | Shape.LIST if options:
            return "options"
        case Shape.LIST:
            return "list"
        case _:
            return "value"


def _input_type(kind: Kind) -> str:
    match kind:
        case Kind.NUMBER:
            return "number"
        case Kind.DATE | Kind.DATETIME:
            return "date"
        case _:
            return "text"


def _event_widget(row: Row, index: int, problem: str) -> Widget:
    moments = tuple(
        (f"{which}:{found.name}", f"{which} time {found.label}")
        for which in ("last", "first")
        for found in OPERATORS[Kind.DATETIME].values()
        if found.shape is not Shape.NONE
    )
    operators = (*COUNTS.items(), *NEVER.items(), *moments)
    op = row.op if row.op in dict(operators) else "at_least"
    _, _, moment = op.partition(":")
    shows = _shows(shape_of(Kind.DATETIME, moment), ()) if moment else "count"
    shows = "window" if op == "never" else shows
    values = row.values if moment or row.value else ("1",)
    shown = Row(row.subject, op, values, row.low, row.high, row.number, row.unit)
    return Widget(
        shown, index, operators, shows, input_type="date", options=PERIOD_OPTIONS, problem=problem
    )
