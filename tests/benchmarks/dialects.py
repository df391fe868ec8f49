"""The few words in which the two databases differ, for the population's SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


def literal(value: object) -> str:
    """Write a plain value of ours as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int() | float():
            return repr(value)
        case datetime():
            return f"'{stamp(value)}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def stamp(moment: datetime) -> str:
    """Write a moment as SQLite stores it; PostgreSQL reads it so where its zone is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


@dataclass(frozen=True)
class Dialect:
    name: str

    @property
    def is_postgres(self) -> bool:
        return self.name == "postgresql"

    def series(self, first: int, last: int) -> str:
        """Return a table of the whole numbers `i` from first to last."""
        if self.is_postgres:
            return f"(SELECT generate_series({first}::bigint, {last}::bigint) AS i)"
        return (
            f"(WITH RECURSIVE count(i) AS (SELECT {first} UNION ALL"
            f" SELECT i + 1 FROM count WHERE i < {last}) SELECT i FROM count)"
        )

    def moment(self, epoch: str) -> str:
        """Return a timestamp column's value for seconds since 1970."""
        if self.is_postgres:
            return f"to_timestamp({epoch})"
        return f"strftime('%Y-%m-%d %H:%M:%S', {epoch}, 'unixepoch')"

    def moment_text(self, epoch: str) -> str:
        """Return a time as a profile holds it: UTC at fixed width."""
        if self.is_postgres:
            shape = 'YYYY-MM-DD"T"HH24:MI:SS".000000Z"'
            return f"to_char(to_timestamp({epoch}) AT TIME ZONE 'UTC', '{shape}')"
        return f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', {epoch}, 'unixepoch')"

    def day_text(self, epoch: str) -> str:
        return f"substr({self.moment_text(epoch)}, 1, 10)"

    def listed(self, items: Sequence[str]) -> str:
        text = "[" + ", ".join(f'"{item}"' for item in items) + "]"
        return f"'{text}'::jsonb" if self.is_postgres else f"json('{text}')"

    def boolean(self, condition: str) -> str:
        if self.is_postgres:
            return f"({condition})"
        return f"CASE WHEN {condition} THEN json('true') ELSE json('false') END"

    def document(self, members: Mapping[str, str]) -> str:
        """Return a JSON object of these members, those that are NULL left out."""
        pairs = ", ".join(f"'{key}', {value}" for key, value in members.items())
        if self.is_postgres:
            return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"
        return f"json_patch('{{}}', json_object({pairs}))"
