from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from apps.core import health
from apps.core.health import Probe
from apps.core.models import Canary, Pulse


@pytest.fixture(autouse=True)
def _own_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_registered", [])
    monkeypatch.setattr(health, "_applied_until", 0.0)


@pytest.fixture
def _alive(db: None) -> None:
    Pulse.objects.create(beat_at=timezone.now())
    Canary.objects.create(cluster="a", rung=1, answered=1, answered_at=timezone.now())


def readyz(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["probes"]


def test_healthz_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.json() == {"status": "alive"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_can_only_be_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.usefixtures("_alive")
def test_a_working_installation_is_ready(client: Client) -> None:
    code, probes = readyz(client)
    assert code == 200, probes
    assert set(probes) == {"database", "migrations", "pulse", "queue"}


@pytest.mark.usefixtures("_alive")
def test_readiness_costs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_max_num_queries(4):
        client.get("/readyz")


@pytest.mark.django_db
def test_an_installation_without_pulse_and_workers_is_not_ready(client: Client) -> None:
    code, probes = readyz(client)
    assert code == 503
    assert probes["pulse"] == {"ok": False, "detail": "has never beaten: run manage.py pulse"}
    assert probes["queue"] == {"ok": False, "detail": "no worker has answered yet"}


@pytest.mark.django_db
def test_an_old_beat_and_an_old_answer_are_not_ready(client: Client) -> None:
    old = timezone.now() - timedelta(minutes=2)
    Pulse.objects.create(beat_at=old)
    Canary.objects.create(cluster="a", rung=2, answered=1, answered_at=old)
    code, probes = readyz(client)
    assert code == 503
    assert [name for name, probe in probes.items() if not probe["ok"]] == ["pulse", "queue"]


@pytest.mark.usefixtures("_alive")
def test_unapplied_migrations_are_not_ready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core'")
    code, probes = readyz(client)
    assert code == 503
    assert "manage.py migrate" in probes["migrations"]["detail"]


@pytest.mark.usefixtures("_alive")
def test_an_app_adds_its_own_probe_once(client: Client) -> None:
    def oldest_mark() -> Probe:
        return Probe("marks", ok=False, detail="oldest waits 40 s")

    health.register(oldest_mark)
    health.register(oldest_mark)
    code, probes = readyz(client)
    assert code == 503
    assert probes["marks"] == {"ok": False, "detail": "oldest waits 40 s"}
    assert len(health.probes()) == 5


@pytest.mark.usefixtures("_alive")
def test_a_probe_that_breaks_is_red_and_tells_no_secret(client: Client) -> None:
    def broken() -> Probe:
        raise ValueError("ann@example.com")

    health.register(broken)
    code, probes = readyz(client)
    assert code == 503
    assert probes["broken"] == {"ok": False, "detail": "ValueError"}


def test_without_a_database_only_that_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Probe:
        raise OperationalError("connection refused")

    away.__name__ = "database"
    monkeypatch.setattr(health, "database", away)
    code, probes = readyz(client)
    assert code == 503
    assert probes == {"database": {"ok": False, "detail": "OperationalError"}}
