import logging
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from apps.core import nightly, pulse
from apps.core.models import Canary, Pulse
from apps.core.signals import second_passed

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_first_look_only_makes_the_row() -> None:
    assert pulse.claim_second() is None
    assert Pulse.objects.count() == 1


@pytest.mark.django_db
def test_a_second_is_claimed_once() -> None:
    Pulse.objects.create(beat_at=timezone.now() - timedelta(seconds=3))
    assert pulse.claim_second() is not None
    assert pulse.claim_second() is None


@pytest.mark.django_db
def test_a_beat_in_the_future_does_not_stop_the_pulse() -> None:
    """A clock that was set back must not silence everything until it catches up."""
    Pulse.objects.create(beat_at=timezone.now() + timedelta(days=1))
    now = pulse.claim_second()
    assert now is not None
    assert abs(now - timezone.now()) < timedelta(seconds=5)


@pytest.mark.django_db
def test_a_receiver_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[datetime] = []

    def breaks(**_: Any) -> None:
        raise ValueError("a drill")

    def hears(now: datetime, **_: Any) -> None:
        heard.append(now)

    second_passed.connect(breaks)
    second_passed.connect(hears)
    try:
        with caplog.at_level(logging.ERROR):
            pulse.beat(now=NOW)
    finally:
        second_passed.disconnect(breaks)
        second_passed.disconnect(hears)
    assert heard == [NOW]
    assert "breaks" in caplog.text


@pytest.mark.django_db
def test_a_beat_rings_the_canaries() -> None:
    canary = Canary.objects.create(cluster="a")
    pulse.beat(now=NOW)
    assert OrmQ.objects.get().key == f"canary-{canary.pk}"


@pytest.mark.django_db
def test_the_pulse_outlives_a_database_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = Event()
    answers: list[Exception | None] = [OperationalError("gone"), OperationalError("gone"), None]
    beats: list[datetime] = []

    def claim() -> datetime:
        if error := answers.pop(0):
            raise error
        return NOW

    def beat(*, now: datetime) -> None:
        beats.append(now)
        stopping.set()

    monkeypatch.setattr(pulse, "claim_second", claim)
    monkeypatch.setattr(pulse, "beat", beat)
    monkeypatch.setattr(pulse, "close_old_connections", lambda: None)
    monkeypatch.setattr(nightly, "declare", lambda *, now: None)
    pulse.run(stopping)
    assert beats == [NOW]
    assert answers == []
