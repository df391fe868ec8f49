from datetime import timedelta

import pytest

from apps.segments.health import time_passes
from apps.segments.ticking import tick
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (29, True), (31, False), (-31, False)])
def test_a_tick_that_lags_or_runs_ahead_shows(seconds: int, ok: bool) -> None:
    tick(now=NOW - timedelta(seconds=seconds))
    assert time_passes().ok is ok


def test_an_installation_that_never_ticked_is_not_to_blame() -> None:
    assert time_passes().ok
