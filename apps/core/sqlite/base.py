"""The connection: who would write waits in a queue, and who is in front of it looks often.

Left to itself SQLite has everybody who waits look again after up to 100 ms: among several that
come and go, one can be unlucky for seconds.
"""

import sqlite3
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from apps.core.sqlite.places import in_front

WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE", "REPLACE")
TEMPORARY = "INSERT INTO temp."  # writes to a file of the connection's own
GLANCE = 0.001  # seconds between two looks
TIMEOUT = 5.0  # seconds, SQLite's own


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._execute)

    def _execute(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        # Many parameters are many statements, of which some may be done and must not be again.
        if many or not self._has_to_wait(sql):
            return execute(sql, params, many, context)
        timeout = self.settings_dict["OPTIONS"].get("timeout", TIMEOUT)
        until = monotonic() + timeout
        with in_front(f"{self.settings_dict['NAME']}-queue", patience=timeout):
            self._look_for(0)
            try:
                return _as_soon_as_free(lambda: execute(sql, params, many, context), until=until)
            finally:
                self._look_for(timeout)

    def _has_to_wait(self, sql: str) -> bool:
        if self.connection.in_transaction or self.is_in_memory_db():
            return False
        sql = sql.lstrip()
        return sql.startswith(WRITES) and not sql.startswith(TEMPORARY)

    def _look_for(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _as_soon_as_free(execute: Callable[[], Any], *, until: float) -> Any:
    """Execute once nobody else writes. Raises OperationalError where that is past `until`."""
    while True:
        try:
            return execute()
        except OperationalError as error:
            if not _may_end(error) or monotonic() >= until:
                raise
            sleep(GLANCE)


def _may_end(error: OperationalError) -> bool:
    """Return whether somebody else is in the way, and not what this connection reads itself."""
    busy = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY}
    return getattr(error.__cause__, "sqlite_errorcode", None) in busy
