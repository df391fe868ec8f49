"""Reading a key of a JSON column by type, on both databases.

A stored value of another JSON type than asked for reads as NULL, before any cast, so no row
can make a query fail. Keys are parameters and always mean the key of an object: "0" is no
array index, and quotes, dots, backslashes and `$` have no meaning.
"""

import re
from collections.abc import Iterable, Sequence
from string import Formatter

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    BooleanField,
    Expression,
    Field,
    FloatField,
    Func,
    JSONField,
    Q,
    TextField,
)
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from apps.rules.exact import ADDEND, SUM, TOTAL
from apps.rules.expressions import MOST_SPELLINGS, Sql, lowered
from apps.rules.fold import folds, spellings
from apps.rules.kinds import MAX_NUMBER, Kind

# SQLite cannot address every key by a path: it ends a quoted name at the first quote and
# compares what is inside with the escaped text. All other keys are looked for by json_each.
_PATH_KEY = re.compile(r"[ !#-\[\]-~]+")

_DIGITS = "[0-9]"
_DAY_GLOB = f"{_DIGITS * 4}-{_DIGITS * 2}-{_DIGITS * 2}"
_TIME_GLOB = f"{_DAY_GLOB}T{_DIGITS * 2}:{_DIGITS * 2}:{_DIGITS * 2}.{_DIGITS * 6}Z"
_DAY_REGEX = "^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_TIME_REGEX = f"{_DAY_REGEX}T[0-9]{{{{2}}}}:[0-9]{{{{2}}}}:[0-9]{{{{2}}}}[.][0-9]{{{{6}}}}Z$"

SHORT = len(str(MAX_NUMBER))  # a number in fewer characters is smaller, and read exactly

# What a text must be, by kind; the rest of the values by expressions of their own.
_SQLITE_IS = {
    Kind.TEXT: "{type} = 'text' AND {value} <> ''",
    Kind.CHOICE: "{type} = 'text' AND {value} <> ''",
    Kind.DATE: f"{{type}} = 'text' AND {{value}} GLOB '{_DAY_GLOB}'",
    Kind.DATETIME: f"{{type}} = 'text' AND {{value}} GLOB '{_TIME_GLOB}'",
}
_SQLITE: dict[Kind | None, str] = {
    Kind.NUMBER: (
        "CASE WHEN {type} IN ('integer', 'real')"
        f" AND {{value}} BETWEEN -{MAX_NUMBER} AND {MAX_NUMBER}"
        " THEN CAST({value} AS REAL) END"
    ),
    Kind.BOOLEAN: "CASE {type} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    None: (
        "CASE WHEN {type} = 'null' OR ({type} = 'text' AND {value} = '')"
        " OR ({type} = 'array' AND {value} = '[]') THEN NULL ELSE {type} END"
    ),
    **{kind: f"CASE WHEN {test} THEN {{value}} END" for kind, test in _SQLITE_IS.items()},
}

# By what it is not, for then the planner expects it of most values.
_STRING = "jsonb_typeof({node}) NOT IN ('number', 'boolean', 'array', 'object')"
_POSTGRES_IS = {
    Kind.TEXT: f"{_STRING} AND {{text}} <> ''",
    Kind.CHOICE: f"{_STRING} AND {{text}} <> ''",
    Kind.DATE: f"{_STRING} AND {{text}} COLLATE \"C\" ~ '{_DAY_REGEX}$'",
    Kind.DATETIME: f"{_STRING} AND {{text}} COLLATE \"C\" ~ '{_TIME_REGEX}'",
}
_POSTGRES: dict[Kind | None, str] = {
    # The smallest number a float holds stands before the cast: below it PostgreSQL fails.
    Kind.NUMBER: (
        "CASE WHEN jsonb_typeof({node}) <> 'number' THEN NULL"
        f" WHEN octet_length({{text}}) < {SHORT} THEN {{text}}::float8"
        f" WHEN abs({{text}}::numeric) > {MAX_NUMBER} THEN NULL"
        " WHEN abs({text}::numeric) < 2.4703282292062328e-324 THEN 0"
        " ELSE {text}::float8 END"
    ),
    Kind.BOOLEAN: "CASE WHEN jsonb_typeof({node}) = 'boolean' THEN {text}::boolean END",
    None: "NULLIF(NULLIF(NULLIF({node}, 'null'), '\"\"'), '[]')",
    **{kind: f"CASE WHEN {test} THEN {{text}} END" for kind, test in _POSTGRES_IS.items()},
}
_COLLATED = (Kind.DATE, Kind.DATETIME)  # texts in the order of their bytes

# Hundredths as whole numbers, so many at most that no sum of them overflows; the rest written
# out, as Python reads it. SQLite may read the last digit of a number wrongly: two numbers of at
# most fifteen digits lie further apart than that, so what looks like a hundredth there is one.
_MOST = 10**8
_SQLITE_EXACT = (
    "CASE {type} WHEN 'integer' THEN"
    f" CASE WHEN {{value}} BETWEEN -{_MOST} AND {_MOST} THEN {{value}} * 100"
    f" WHEN {{value}} BETWEEN -{MAX_NUMBER} AND {MAX_NUMBER} THEN CAST({{value}} AS TEXT) END"
    " WHEN 'real' THEN CASE WHEN LENGTH({text}) <= 15"
    f" AND ABS({{value}}) BETWEEN 0.01 AND {_MOST}"
    " AND ROUND({value} * 100) / 100 = {value} THEN CAST(ROUND({value} * 100) AS INTEGER)"
    " ELSE {written} END END"
)
_SQLITE_SUM = (
    f"{TOTAL}(SUM({{addend}}) FILTER (WHERE ({{among}}) AND TYPEOF({{addend}}) = 'integer'),"
    f" {SUM}({{addend}}) FILTER (WHERE ({{among}}) AND TYPEOF({{addend}}) = 'text'))"
)

# By way of a double where there are more digits than one holds for sure: Python read it so.
_POSTGRES_EXACT = (
    "CASE WHEN jsonb_typeof({node}) <> 'number' THEN NULL"
    f" WHEN octet_length({{text}}) < {SHORT} THEN {{node}}::numeric"
    f" WHEN abs({{node}}::numeric) > {MAX_NUMBER} THEN NULL"
    " WHEN abs({node}::numeric) < 2.4703282292062328e-324 THEN 0"
    " ELSE {text}::float8::text::numeric END"
)

_SQLITE_TEXTS = (
    "(SELECT JSON_GROUP_ARRAY(%s(value))"
    " FROM JSON_EACH(CASE WHEN {type} = 'array' THEN {value} ELSE '[]' END)"
    " WHERE type = 'text' AND value <> '')"
)
_SQLITE_FOLDED, _SQLITE_LOWERED = _SQLITE_TEXTS % "tidemark_fold", _SQLITE_TEXTS % "LOWER"
# Folded as a whole: what escapes a character in JSON, or separates texts, folds into itself.
_POSTGRES_TEXTS = "CASE WHEN jsonb_typeof({node}) = 'array' THEN %s::jsonb ELSE '[]' END"
_POSTGRES_FOLDED = _POSTGRES_TEXTS % "tidemark_fold({text})"
_POSTGRES_LOWERED = _POSTGRES_TEXTS % 'LOWER({text} COLLATE "C")'

_A_TEXT = 'strict $[*] ? (@.type() == "string" && @ != "")'

_FIELDS: dict[Kind | None, type[Field[object, object]]] = {
    Kind.NUMBER: FloatField,
    Kind.BOOLEAN: BooleanField,
    None: JSONField,
}


class JsonValue(Func):
    """The value at a key of a JSON object, or NULL where it is missing or of another type.

    The twin of `kinds.stored`. Dates and times come as their canonical text; kind None gives
    something that is not NULL where there is a value of any type.
    """

    def __init__(self, column: Combinable, *, key: str, kind: Kind | None) -> None:
        super().__init__(column, output_field=_FIELDS.get(kind, TextField)())
        self.key = key
        self.kind = kind

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(self._on_sqlite(), **_sqlite_pieces(column, self.key))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(self._on_postgres(), **_postgres_pieces(column, self.key))

    def _on_sqlite(self) -> str:
        return _SQLITE[self.kind]

    def _on_postgres(self) -> str:
        form = _POSTGRES[self.kind]
        return f'({form}) COLLATE "C"' if self.kind in _COLLATED else form

    def apart(self) -> "tuple[JsonValue, JsonValue] | None":
        """Return a text as it may be, of any type, and the test that it is one.

        A comparison of what may be is made first where few values pass it: it costs one
        look into the JSON instead of two. What could fail on another type is None.
        """
        if self.kind not in _SQLITE_IS:
            return None
        column = self.source_expressions[0]
        return (_Unchecked(column, key=self.key, kind=self.kind),
                _Check(column, key=self.key, kind=self.kind))  # fmt: skip


class _Unchecked(JsonValue):
    """What stands at a key as text, of whatever type it is."""

    def _on_sqlite(self) -> str:
        return "{value}"

    def _on_postgres(self) -> str:
        return '({text} COLLATE "C")' if self.kind in _COLLATED else "{text}"


class _Check(JsonValue):
    """Whether what stands at a key is a text of the kind."""

    def _on_sqlite(self) -> str:
        assert self.kind is not None
        return f"({_SQLITE_IS[self.kind]})"

    def _on_postgres(self) -> str:
        assert self.kind is not None
        return f"({_POSTGRES_IS[self.kind]})"


class JsonTexts(Func):
    """The texts of a JSON list, folded or in lower case, as such a list; never NULL.

    On PostgreSQL what is no text, or empty, is still among them.
    """

    def __init__(self, column: Combinable, *, key: str, is_folded: bool = True) -> None:
        super().__init__(column, output_field=TextField())
        self.key = key
        self.is_folded = is_folded

    def lowered(self) -> "JsonTexts":
        """Return them with the capitals of ASCII in lower case instead, which is faster."""
        return JsonTexts(self.source_expressions[0], key=self.key, is_folded=False)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        form = _SQLITE_FOLDED if self.is_folded else _SQLITE_LOWERED
        return _fill(form, **_sqlite_pieces(column, self.key))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        form = _POSTGRES_FOLDED if self.is_folded else _POSTGRES_LOWERED
        return _fill(form, **_postgres_pieces(column, self.key))


class HasTexts(Func):
    """Whether texts (`JsonTexts`) have any of these, all of them, or are some at all."""

    def __init__(
        self, texts: Combinable, *, among: Sequence[str] | None, whole: bool = False
    ) -> None:
        super().__init__(texts, output_field=BooleanField())
        self.among = among
        self.whole = whole

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        texts = compiler.compile(self.source_expressions[0])
        if self.among is None:
            return _fill("(JSON_ARRAY_LENGTH({texts}) > 0)", texts=texts)
        listed = ", ".join(["%s"] * len(self.among)), tuple(self.among)
        found = "FROM JSON_EACH({texts}) WHERE value IN ({listed})"
        if self.whole:
            found = f"((SELECT COUNT(DISTINCT value) {found}) = {len(self.among)})"
        else:
            found = f"(EXISTS (SELECT 1 {found}))"
        return _fill(found, texts=texts, listed=listed)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        texts = compiler.compile(self.source_expressions[0])
        if self.among is None:
            return _fill(f"jsonb_path_exists({{texts}}, '{_A_TEXT}')", texts=texts)
        listed = f"ARRAY[{', '.join(['%s'] * len(self.among))}]::text[]", tuple(self.among)
        return _fill(f"({{texts}} {'?&' if self.whole else '?|'} {{listed}})", texts=texts,
                     listed=listed)  # fmt: skip


def has_any(texts: Combinable, wanted: Iterable[str]) -> Expression:
    """Test whether a list (`JsonTexts`) has any of these texts, but for case."""
    folded = folds(wanted)
    spelled = spellings(folded, most=MOST_SPELLINGS)
    if spelled is None:
        return HasTexts(texts, among=sorted(folded))
    return HasTexts(lowered(texts), among=sorted(spelled))


def has_all(texts: Combinable, wanted: Iterable[str]) -> Expression:
    """Test whether a list (`JsonTexts`) has each of these texts, but for case."""
    folded = folds(wanted)
    spelled = spellings(folded, most=MOST_SPELLINGS)
    if spelled != folded:
        return HasTexts(texts, among=sorted(folded), whole=True)
    return HasTexts(lowered(texts), among=sorted(spelled), whole=True)


class Addends(Func):
    """What an exact sum adds up: the number at a key of a JSON object, or NULL.

    The twin of `exact.exact`. What it returns is a matter of each database.
    """

    def __init__(self, column: Combinable, *, key: str) -> None:
        super().__init__(column, output_field=TextField())
        self.key = key

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        sql, params = column = compiler.compile(self.source_expressions[0])
        written = (f"{ADDEND}({sql}, %s)", (*params, self.key))
        return _fill(_SQLITE_EXACT, **_sqlite_pieces(column, self.key), written=written)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> Sql:
        column = compiler.compile(self.source_expressions[0])
        return _fill(_POSTGRES_EXACT, **_postgres_pieces(column, self.key))


class ExactSum(Aggregate):
    """The sum of `Addends`, exactly; to compare with `Number`. The twin of `exact.total`."""

    function = "SUM"

    def __init__(self, addends: Combinable, *, filter: Q | None = None) -> None:  # noqa: A002
        super().__init__(addends, filter=filter, output_field=TextField())

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object) -> Sql:
        among = ("TRUE", ()) if self.filter is None else compiler.compile(self.filter)
        addend = compiler.compile(self.source_expressions[0])
        return _fill(_SQLITE_SUM, addend=addend, among=among)


def _sqlite_pieces(column: Sql, key: str) -> dict[str, Sql]:
    sql, params = column
    if _PATH_KEY.fullmatch(key):
        at = (*params, f'$."{key}"')
        return {
            "type": (f"JSON_TYPE({sql}, %s)", at),
            "value": (f"JSON_EXTRACT({sql}, %s)", at),
            "text": (f"({sql} -> %s)", at),
        }
    entry = (f"FROM JSON_EACH({sql}) WHERE key = %s", (*params, key))
    return {
        "type": _fill("(SELECT type {entry})", entry=entry),
        "value": _fill("(SELECT value {entry})", entry=entry),
        "text": ("NULL", ()),
    }


def _postgres_pieces(column: Sql, key: str) -> dict[str, Sql]:
    sql, params = column
    at = (*params, key)
    return {"node": (f"({sql} -> %s::text)", at), "text": (f"({sql} ->> %s::text)", at)}


def _fill(template: str, **pieces: Sql) -> Sql:
    """Put pieces of SQL in their places, and their parameters in the same order."""
    sql: list[str] = []
    params: list[str | int] = []
    for text, name, _, _ in Formatter().parse(template):
        sql.append(text)
        if name is not None:
            sql.append(pieces[name][0])
            params.extend(pieces[name][1])
    return "".join(sql), tuple(params)
