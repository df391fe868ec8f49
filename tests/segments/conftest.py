from collections.abc import Iterator

import pytest
import time_machine

from apps.contacts.traits import define
from apps.rules.kinds import Kind
from tests.factories import NOW


@pytest.fixture
def catalogue(db: None) -> None:
    """The traits these tests' rules read."""
    define("plan", label="Plan", kind=Kind.TEXT, source="test")
    define("score", label="Score", kind=Kind.NUMBER, source="test")
    define("trial_ends", label="Trial ends", kind=Kind.DATETIME, source="test")
    define("born", label="Born", kind=Kind.DATE, source="test")


@pytest.fixture(autouse=True)
def _the_clock_stands_still() -> Iterator[None]:
    """Marks bear the time they were written at, and settling never goes back behind it."""
    with time_machine.travel(NOW, tick=False):
        yield
