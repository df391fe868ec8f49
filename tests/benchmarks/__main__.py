"""`make bench`, `make bench-small`, `make bench-clean`.

Every part on every database is a process of its own. What it found is kept under var/bench
until all is measured, so that a run that was broken off goes on where it stood.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.databases import DEFAULT_URL, HOME, ROOT, SIZES, Database
from tests.benchmarks.reporting import IN_MEMORY, Found, machine, shown, write

PARTS = (
    "verdicts", "solver", "event", "growth", "preview", "pages", "rebuild", "everything", "intake",
    "ticks", "midnight", "answering", "backtest",
)  # fmt: skip
ON_ONE = {  # no matter of size
    "verdicts": ("PostgreSQL", "10k"),
    "solver": ("PostgreSQL", "10k"),
    "growth": ("PostgreSQL", "100k"),
}
SMALL_ON_SQLITE = ("everything",)  # two minutes in all
LONGEST = 3 * 3600  # seconds a part may take before it is given up


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("--part", default="", choices=["", *PARTS])
    parser.add_argument("--size", default="", choices=["", *SIZES])
    parser.add_argument("--small", action="store_true", help="10k contacts, fewer rounds")
    parser.add_argument("--write", action="store_true", help="write docs/performance.*")
    parser.add_argument("--fresh", action="store_true", help="forget what a broken run found")
    parser.add_argument("--clean", action="store_true", help="drop the databases and go")
    return parser.parse_args()


def databases(*, small: bool) -> list[Database]:
    server = os.environ.get("POSTGRES_URL") or DEFAULT_URL
    if small:
        return [Database("PostgreSQL", "10k", server), Database("SQLite", "10k", server)]
    on_postgres = [Database("PostgreSQL", label, server) for label in SIZES]
    return [*on_postgres, Database("SQLite", "100k", server)]


def chosen(options: argparse.Namespace) -> Iterator[tuple[str, Database]]:
    for database in databases(small=options.small):
        is_short = options.small and database.vendor == "SQLite"
        for part in SMALL_ON_SQLITE if is_short else PARTS:
            vendor, label = ON_ONE.get(part, (database.vendor, database.label))
            label = "10k" if options.small else label
            if (
                (vendor, label) == (database.vendor, database.label)
                and options.part in ("", part)
                and options.size in ("", database.label)
            ):
                yield part, database


def main() -> int:
    options = arguments()
    if options.clean:
        for database in [*databases(small=False), *databases(small=True)]:
            database.drop()
        return 0
    forced = options.fresh or bool(options.part or options.size)
    found: list[Found] = []
    failed: list[str] = []
    for part, database in chosen(options):
        rows = measured(part, database, small=options.small, forced=forced)
        if rows is None:
            failed.append(f"{part} on {database.vendor} {database.label}")
        else:
            vendor = IN_MEMORY if part in ("verdicts", "solver") else database.vendor
            found += [Found(vendor, database.label, row) for row in rows]
    print(shown(found))
    if failed:
        print("FAILED, see above: " + ", ".join(failed))
        return 1
    if options.write:
        write(found, by=machine())
    if not forced and not options.small:
        for path in kept(small=False).glob("*.json"):
            path.unlink()
    return 0


def measured(
    part: str, database: Database, *, small: bool, forced: bool
) -> list[dict[str, Any]] | None:
    """Return the part's measures, those of a broken run where they are of the same code."""
    path = kept(small=small) / f"{database.vendor}-{database.label}-{part}.json"
    if not forced and not small and path.exists():
        before = json.loads(path.read_text())
        if before["code"] == code():
            return list(before["rows"])
    rows = run(part, database, small=small)
    if rows is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"code": code(), "rows": rows}))
    return rows


def kept(*, small: bool) -> Path:
    return HOME / ("small" if small else "found")


def run(part: str, database: Database, *, small: bool) -> list[dict[str, Any]] | None:
    """Run a part in a process of its own; None, and what it said, where it failed."""
    database.make()
    began = time.monotonic()
    print(
        f"{part} on {database.vendor}, {database.label} contacts ...", file=sys.stderr, flush=True
    )
    command = [sys.executable, "-m", "tests.benchmarks.child", part, str(database.size)]
    try:
        child = subprocess.run(
            [*command, *(["small"] if small else [])],
            env={
                **os.environ,
                "DATABASE_URL": database.url,
                "DATA_DIR": str(HOME),
                "LOG_LEVEL": "ERROR",
            },
            cwd=ROOT,
            stdout=subprocess.PIPE,
            timeout=LONGEST,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"  given up after {LONGEST} s", file=sys.stderr, flush=True)
        return None
    print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if child.returncode:
        return None
    return list(json.loads(child.stdout.splitlines()[-1]))


def code() -> str:
    """Return a digest of what is measured and what measures it."""
    paths = [*ROOT.glob("apps/**/*.py"), *ROOT.glob("tests/benchmarks/**/*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
