from collections.abc import Iterator

import pytest
import time_machine

from tests.quizzes.drafts import NOW


@pytest.fixture(autouse=True)
def _the_clock_stands_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
