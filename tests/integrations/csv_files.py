"""CSV files for tests, brought and carried to their end as pages and workers would."""

import io
from typing import Any

from apps.integrations.imports import running, uploading
from apps.integrations.models import Import
from tests.factories import NOW

CONTACTS, EVENTS = Import.Holds.CONTACTS, Import.Holds.EVENTS


def stored(data: str | bytes, *, holds: str = CONTACTS, **more: Any) -> Import:
    raw = data if isinstance(data, bytes) else data.encode()
    return uploading.store(io.BytesIO(raw), name="people.csv", holds=holds, now=NOW, **more)


def looked_through(data: str | bytes, **more: Any) -> Import:
    upload = stored(data, **more)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert upload.state == Import.State.READY
    return upload


def imported(data: str | bytes, **more: Any) -> Import:
    upload = looked_through(data, **more)
    assert running.order(upload.pk, now=NOW)
    running.carry_on(upload.pk, seconds=60, now=NOW)
    upload.refresh_from_db()
    assert upload.state == Import.State.DONE
    return upload


def counts(upload: Import) -> tuple[int, int, int, int]:
    """Return how many rows made, changed and left something as it was, and were refused."""
    return upload.made, upload.changed, upload.same, upload.refused


def refusals(upload: Import) -> list[tuple[int, str, str]]:
    return list(upload.refused_rows.values_list("line", "column", "message"))
