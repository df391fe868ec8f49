"""Comparing texts without regard to case, by full Unicode, alike in Python and both databases.

Python's `str.casefold` is the definition. SQLite calls it; PostgreSQL gets a function
generated from it, which a migration installs.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython

FUNCTION = "tidemark_fold"
COST = 5  # of calling it, in operators
_BLOCKS = (0x100, 0x370, 0x400, 0x530)  # Latin, Greek, Cyrillic, all others
_UNCHANGED_FROM = 0x1F000  # no character from here on folds
_LONGEST = 3  # characters that one folds into


def fold(text: str) -> str:
    """Return the form in which two texts that differ only in case are the same."""
    return text.casefold()


def folds(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, texts))


def spellings(texts: Iterable[str], *, most: int) -> frozenset[str] | None:
    """Return every text that folds into one of these and has no capital of ASCII in it.

    Those are the texts to compare with where a database brings only ASCII to lower case: its
    own `lower` is several times as fast as `tidemark_fold`. None where they are more than
    `most`: a text has twice as many for each `s` (there is a long one), `k` (the Kelvin sign)
    and letter beyond ASCII.
    """
    found: set[str] = set()
    for text in texts:
        ways = _ways(fold(text), most=most)
        if ways is None or len(found) + len(ways) > most:
            return None
        found |= ways
    return frozenset(found)


def _ways(folded: str, *, most: int) -> set[str] | None:
    """Return what folds into this, built up from its end; None if there is more than `most`."""
    folding = _folding()
    from_here = {len(folded): {""}}  # for each place: what folds into all that follows
    for at in reversed(range(len(folded))):
        here = {folded[at] + rest for rest in from_here[at + 1]}
        for length in range(1, min(_LONGEST, len(folded) - at) + 1):
            for character in folding.get(folded[at : at + length], ()):
                here |= {character + rest for rest in from_here[at + length]}
        if len(here) > most:
            return None
        from_here[at] = here
    return from_here[0]


@lru_cache(maxsize=1)
def _folding() -> Mapping[str, list[str]]:
    """Return the characters beyond ASCII that fold, by what they fold into."""
    found: dict[str, list[str]] = defaultdict(list)
    for character in map(chr, range(0x80, _UNCHANGED_FROM)):
        if (into := character.casefold()) != character:
            found[into].append(character)
    return dict(found)


def postgres_function() -> str:
    """Return the SQL that makes `tidemark_fold(text)`, the same mapping as `fold`.

    `translate` searches its list for every character, so the list is cut into blocks of
    scripts and a text pays only for those it is written in; plain ASCII pays for none.
    In PL/pgSQL because a strict SQL function is not inlined, and then twenty times slower.
    It costs what a few looks into JSON do; the planner's own guess is a hundred times as much.
    """
    blocks = "".join(
        _postgres_block(start, end) for start, end in pairwise((0x80, *_BLOCKS, sys.maxunicode + 1))
    )
    return f"""
CREATE OR REPLACE FUNCTION {FUNCTION}(t text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST {COST} AS $fold$
BEGIN
    t := lower(t COLLATE "C");
    IF octet_length(t) = char_length(t) THEN
        RETURN t;
    END IF;{blocks}
    RETURN t;
END
$fold$"""


def register(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new SQLite connection the function (a receiver of connection_created)."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(FUNCTION, 1, _fold_value, deterministic=True)


def install(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the function on PostgreSQL; SQLite has it from `register`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(postgres_function())


def remove(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop what `install` made."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}(text)")


class InstallFold(RunPython):
    """The migration operation for `install`, with its reverse."""

    def __init__(self) -> None:
        super().__init__(_install, _remove, elidable=False)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {}


def _install(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    install(schema_editor)


def _remove(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    remove(schema_editor)


def _fold_value(value: object) -> object:
    return fold(value) if isinstance(value, str) else value


def _postgres_block(start: int, end: int) -> str:
    single, several = _mappings(range(start, end))
    folded = f"translate(t, '{''.join(single)}', '{''.join(single.values())}')"
    for character, replacement in several.items():
        folded = f"replace({folded}, '{character}', '{replacement}')"
    return f"""
    IF t COLLATE "C" ~ '[{chr(start)}-{chr(end - 1)}]' THEN
        t := {folded};
    END IF;"""


def _mappings(codes: range) -> tuple[dict[str, str], dict[str, str]]:
    """Return the characters that fold into one other character, and those into several."""
    single: dict[str, str] = {}
    several: dict[str, str] = {}
    for character in map(chr, codes):
        folded = character.casefold()
        if folded != character:
            (single if len(folded) == 1 else several)[character] = folded
    return single, several
