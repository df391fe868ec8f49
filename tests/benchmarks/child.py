"""One part of the benchmarks in a process of its own, on the database of DATABASE_URL.

    python -m tests.benchmarks.child PART SIZE [small]

Builds the database first where it is not there, or was made of something else. Writes the
measures as JSON to standard output.
"""

import json
import os
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import time_machine  # noqa: E402
from django.db import connection  # noqa: E402

from tests.benchmarks import building, restoring  # noqa: E402
from tests.benchmarks.parts import NOW, Bench  # noqa: E402

SMALL = {"rounds": 3, "long_rounds": 1, "events": 60, "bulk": 5_000, "flips": 2_000}


def main(part: str, size: int, *, small: bool) -> list[dict[str, Any]]:
    """Measure one part with the clock standing at NOW; the database is put back whatever comes."""
    with time_machine.travel(NOW, tick=False):
        if part == "build":
            return []
        bench = replace(Bench(size), **SMALL) if small else Bench(size)
        restoring.remember()
        restoring.restore()  # what a killed run left
        try:
            return [
                one.as_json()
                for one in import_module(f"tests.benchmarks.parts.{part}").measure(bench)
            ]
        finally:
            restoring.finish()


def prepare(size: int) -> None:
    with time_machine.travel(NOW, tick=False):  # a default of now is part of what it is made of
        if not building.is_ready(size):
            empty()
            building.build(size, say=building.say_to_stderr)


def empty() -> None:
    """Drop every table, so that a database of another make can be built anew."""
    if connection.vendor == "postgresql":
        building.execute("DROP SCHEMA public CASCADE")
        building.execute("CREATE SCHEMA public")
    else:
        connection.close()
        Path(str(connection.settings_dict["NAME"])).unlink(missing_ok=True)


if __name__ == "__main__":
    name, contacts, *rest = sys.argv[1:]
    prepare(int(contacts))
    print(json.dumps(main(name, int(contacts), small=rest == ["small"])))
