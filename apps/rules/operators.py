"""The operators: one row each, with its kinds, value, words, memory test, SQL and formula.

A row is written for the positive operator. Its twin, where it has one, is its exact
complement: it holds wherever the positive one does not, for a missing value too. So the
memory test and the SQL never meet a missing value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import Expression
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable

from apps.rules.comparing import Operator, Twin
from apps.rules.expressions import (
    Number,
    between,
    compared,
    folded,
    is_among,
    like,
    one_of,
    present,
)
from apps.rules.fold import fold, folds
from apps.rules.inlining import KNOWN, Inline
from apps.rules.json_values import HasTexts, has_all, has_any
from apps.rules.kinds import Kind
from apps.rules.operands import Shape
from apps.rules.solver.texts import containing, ending, resembling, starting
from apps.rules.wildcards import escaped, like_pattern, matcher, matches
from apps.rules.windows import NOW, Anniversaries, Before, Offset, PeriodEnd, Stretch, Through

WORDS = (Kind.TEXT, Kind.CHOICE)
DATED = (Kind.DATE, Kind.DATETIME)
SINGLE = (*WORDS, Kind.NUMBER, Kind.BOOLEAN, *DATED)


def _like(subject: Combinable, pattern: str) -> Expression:
    return like(folded(subject), pattern)


ROWS = (
    # Text and choices of one
    Operator(
        "is", WORDS, Shape.ONE, "is", "{is} {value}",
        test=lambda text, wanted: fold(text) == fold(wanted),
        inline=Inline("{x} == {0}", lambda wanted: (fold(wanted),)),
        sql=lambda text, wanted: is_among(text, [wanted]),
        proof=lambda text, wanted: text.is_among([wanted]),
        twin=Twin("is_not", "is not", "{is} not {value}"),
    ),
    Operator(
        "one_of", WORDS, Shape.LIST, "is one of", "{is} {value}",
        test=lambda text, wanted: fold(text) in folds(wanted),
        inline=Inline("{x} in {0}", lambda wanted: (folds(wanted),)),
        sql=is_among,
        proof=lambda text, wanted: text.is_among(wanted),
        twin=Twin("none_of", "is none of", "{is} not {value}"),
    ),
    Operator(
        "contains", (Kind.TEXT,), Shape.TEXT, "contains", "contains {value}",
        test=lambda text, part: fold(part) in fold(text),
        inline=Inline("{0} in {x}", lambda part: (fold(part),)),
        sql=lambda text, part: _like(text, f"%{escaped(fold(part))}%"),
        proof=lambda text, part: text.matches(containing(part)),
        twin=Twin("not_contains", "does not contain", "does not contain {value}"),
    ),
    Operator(
        "starts_with", (Kind.TEXT,), Shape.TEXT, "starts with", "starts with {value}",
        test=lambda text, part: fold(text).startswith(fold(part)),
        inline=Inline("{x}.startswith({0})", lambda part: (fold(part),)),
        sql=lambda text, part: _like(text, f"{escaped(fold(part))}%"),
        proof=lambda text, part: text.matches(starting(part)),
    ),
    Operator(
        "ends_with", (Kind.TEXT,), Shape.TEXT, "ends with", "ends with {value}",
        test=lambda text, part: fold(text).endswith(fold(part)),
        inline=Inline("{x}.endswith({0})", lambda part: (fold(part),)),
        sql=lambda text, part: _like(text, f"%{escaped(fold(part))}"),
        proof=lambda text, part: text.matches(ending(part)),
    ),
    Operator(
        "like", (Kind.TEXT,), Shape.TEXT, "is like", "{is} like {value}",
        test=lambda text, pattern: matches(fold(text), fold(pattern)),
        inline=Inline('{x} != "" and {0}({again})', lambda pattern: (matcher(fold(pattern)),)),
        sql=lambda text, pattern: _like(text, like_pattern(fold(pattern))),
        proof=lambda text, pattern: text.matches(resembling(pattern)),
    ),
    # Number
    Operator(
        "is", (Kind.NUMBER,), Shape.ONE, "is", "{is} {value}",
        test=lambda number, wanted: number == wanted,
        inline=Inline("{x} == {0}"),
        sql=lambda number, wanted: compared(number, "=", Number(wanted)),
        proof=lambda number, wanted: number.is_among([wanted]),
        twin=Twin("is_not", "is not", "{is} not {value}"),
    ),
    Operator(
        "one_of", (Kind.NUMBER,), Shape.LIST, "is one of", "{is} {value}",
        test=lambda number, wanted: number in wanted,
        inline=Inline("{x} in {0}", lambda wanted: (frozenset(wanted),)),
        sql=lambda number, wanted: one_of(number, [*map(Number, wanted)]),
        proof=lambda number, wanted: number.is_among(wanted),
        twin=Twin("none_of", "is none of", "{is} not {value}"),
    ),
    Operator(
        "at_least", (Kind.NUMBER,), Shape.ONE, "is at least", "{is} at least {value}",
        test=lambda number, bound: number >= bound,
        inline=Inline("{x} >= {0}"),
        sql=lambda number, bound: compared(number, ">=", Number(bound)),
        proof=lambda number, bound: number >= bound,
    ),
    Operator(
        "more_than", (Kind.NUMBER,), Shape.ONE, "is more than", "{is} more than {value}",
        test=lambda number, bound: number > bound,
        inline=Inline("{x} > {0}"),
        sql=lambda number, bound: compared(number, ">", Number(bound)),
        proof=lambda number, bound: number > bound,
    ),
    Operator(
        "at_most", (Kind.NUMBER,), Shape.ONE, "is at most", "{is} at most {value}",
        test=lambda number, bound: number <= bound,
        inline=Inline("{x} <= {0}"),
        sql=lambda number, bound: compared(number, "<=", Number(bound)),
        proof=lambda number, bound: number <= bound,
    ),
    Operator(
        "less_than", (Kind.NUMBER,), Shape.ONE, "is less than", "{is} less than {value}",
        test=lambda number, bound: number < bound,
        inline=Inline("{x} < {0}"),
        sql=lambda number, bound: compared(number, "<", Number(bound)),
        proof=lambda number, bound: number < bound,
    ),
    Operator(
        "between", (Kind.NUMBER,), Shape.PAIR, "is between", "{is} between {value}",
        test=lambda number, ends: ends[0] <= number <= ends[1],
        inline=Inline("{0} <= {x} <= {1}", lambda ends: ends),
        sql=lambda number, ends: between(number, Number(ends[0]), Number(ends[1])),
        proof=lambda number, ends: number.is_between(*ends),
    ),
    # Boolean
    Operator(
        "is_true", (Kind.BOOLEAN,), Shape.NONE, "is true", "{is} true",
        test=lambda answer, _: answer is True,
        inline=Inline("{x} is True"),
        sql=lambda answer, _: compared(answer, "=", Literal(True)),  # noqa: FBT003
        proof=lambda answer, _: answer.is_yes,
    ),
    Operator(
        "is_false", (Kind.BOOLEAN,), Shape.NONE, "is false", "{is} false",
        test=lambda answer, _: answer is False,
        inline=Inline("{x} is False"),
        sql=lambda answer, _: compared(answer, "=", Literal(False)),  # noqa: FBT003
        proof=lambda answer, _: answer.is_no,
    ),
    # Choices of several
    Operator(
        "has_any", (Kind.CHOICES,), Shape.LIST, "has any of", "{has} {value}",
        test=lambda texts, wanted: not folds(texts).isdisjoint(folds(wanted)),
        inline=Inline("not {x}.isdisjoint({0})", lambda wanted: (folds(wanted),)),
        sql=has_any,
        proof=lambda texts, wanted: texts.has_any(wanted),
        twin=Twin("has_none", "has none of", "{has} none of {value}"),
    ),
    Operator(
        "has_all", (Kind.CHOICES,), Shape.LIST, "has all of", "{has} all of {all}",
        test=lambda texts, wanted: folds(texts) >= folds(wanted),
        inline=Inline("{x} >= {0}", lambda wanted: (folds(wanted),)),
        sql=has_all,
        proof=lambda texts, wanted: texts.has_all(wanted),
    ),
    # Date and time
    Operator(
        "before", DATED, Shape.ONE, "is before", "{is} before {value}",
        window=lambda bound: Stretch(None, Before(bound)),
    ),
    Operator(
        "after", DATED, Shape.ONE, "is after", "{is} after {value}",
        window=lambda bound: Stretch(Through(bound), None),
    ),
    Operator(
        "on", DATED, Shape.DAY, "is on", "{is} on {value}",
        window=lambda day: Stretch(Before(day), Through(day)),
    ),
    Operator(
        "between", DATED, Shape.PAIR, "is between", "{is} between {value}",
        window=lambda ends: Stretch(Before(ends[0]), Through(ends[1])),
    ),
    Operator(
        "in_last", DATED, Shape.DURATION, "is in the last", "{is} in the last {value}",
        window=lambda length: Stretch(Offset(-length.delta), NOW),
        twin=Twin("not_in_last", "is not in the last", "{is} not in the last {value}"),
    ),
    Operator(
        "in_next", DATED, Shape.DURATION, "is in the next", "{is} in the next {value}",
        window=lambda length: Stretch(NOW, Offset(length.delta)),
        twin=Twin("not_in_next", "is not in the next", "{is} not in the next {value}"),
    ),
    Operator(
        "older_than", DATED, Shape.DURATION, "is older than", "{is} more than {value} ago",
        window=lambda length: Stretch(None, Offset(-length.delta)),
    ),
    Operator(
        "in_period", DATED, Shape.PERIOD, "is in", "{is} {value}",
        window=lambda period: Stretch(PeriodEnd(period.former), PeriodEnd(period)),
    ),
    Operator(
        "anniversary_in_next", DATED, Shape.DURATION, "has an anniversary in the next",
        "{has} an anniversary in the next {value}",
        window=lambda length: Anniversaries(length.delta),
    ),
    # Every kind
    Operator(
        "is_set", SINGLE, Shape.NONE, "is known", "{is} known",
        test=lambda _value, _: True,
        inline=KNOWN,
        sql=lambda value, _: present(value),
        proof=lambda value, _: value.is_there,
        twin=Twin("is_not_set", "is not known", "{is} not known"),
    ),
    Operator(
        "is_set", (Kind.CHOICES,), Shape.NONE, "is known", "{is} known",
        test=lambda _value, _: True,
        inline=KNOWN,
        sql=lambda texts, _: HasTexts(texts, among=None),
        proof=lambda texts, _: texts.is_there,
        twin=Twin("is_not_set", "is not known", "{is} not known"),
    ),
)  # fmt: skip


def _by_kind(rows: Iterable[Operator]) -> Mapping[Kind, Mapping[str, Operator]]:
    table: dict[Kind, dict[str, Operator]] = {kind: {} for kind in Kind}
    for row in rows:
        for operator in (row, row.complement()) if row.twin else (row,):
            for kind in operator.kinds:
                table[kind][operator.name] = operator
    return table


OPERATORS = _by_kind(ROWS)  # kind: {name: operator}, in the order of the rows


def _count(name: str, row: str, shape: Shape) -> Operator:
    words = name.replace("_", " ")
    return replace(
        OPERATORS[Kind.NUMBER][row],
        name=name, shape=shape, label=words, phrase=f"{words} {{value}}", twin=None,
    )  # fmt: skip


COUNTING: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        _count("at_least", "at_least", Shape.WHOLE),
        _count("at_most", "at_most", Shape.WHOLE),
        _count("exactly", "is", Shape.WHOLE),
        _count("between", "between", Shape.WHOLES),
    )
}

# On the least or greatest value of a property, which may be missing, and on a sum, which is not.
MEASURING = OPERATORS[Kind.NUMBER]
SUMMING = {name: row for name, row in MEASURING.items() if row.shape is not Shape.NONE}

PROPERTY_KINDS = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN)  # what a property may be compared as


def operator(name: str, kind: Kind | None) -> Operator:
    """Return the row; kind None, a value of any type, knows is_set and its twin."""
    return OPERATORS[kind or Kind.TEXT][name]
