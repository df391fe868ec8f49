"""The benchmarks' own databases: one for each size, kept from run to run."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "var" / "bench"
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/tidemark"


@dataclass(frozen=True)
class Database:
    vendor: str  # "PostgreSQL" or "SQLite"
    label: str  # "10k"
    server: str = DEFAULT_URL

    @property
    def size(self) -> int:
        return SIZES[self.label]

    @property
    def name(self) -> str:
        return f"tidemark_bench_{self.label}"

    @property
    def url(self) -> str:
        if self.vendor == "SQLite":
            return f"sqlite:///{self._file}"
        return self.server.rpartition("/")[0] + "/" + self.name

    def make(self) -> None:
        """Create the database where it is not there yet."""
        HOME.mkdir(parents=True, exist_ok=True)
        if self.vendor == "PostgreSQL" and not self._exists():
            self._on_the_server(f'CREATE DATABASE "{self.name}"')

    def drop(self) -> None:
        if self.vendor == "PostgreSQL":
            self._on_the_server(f'DROP DATABASE IF EXISTS "{self.name}"')
        for path in HOME.glob(f"{self._file.name}*"):
            path.unlink()

    @property
    def _file(self) -> Path:
        return HOME / f"{self.name}.sqlite3"

    def _exists(self) -> bool:
        with self._maintenance() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            return found.fetchone() is not None

    def _on_the_server(self, sql: str) -> None:
        with self._maintenance() as connection:
            connection.execute(sql.encode())

    def _maintenance(self) -> psycopg.Connection:
        url = self.server.rpartition("/")[0] + "/postgres"
        return psycopg.connect(conninfo.make_conninfo(url), autocommit=True)
