from datetime import timedelta
from typing import Any

import pytest
from django_q.models import OrmQ

from apps.core.signals import second_passed
from apps.rules.solver.survey import Survey
from apps.segments import jobs
from apps.segments.models import Segment, SprawlReport
from apps.segments.plan import fingerprint
from apps.segments.sprawl import computing, ordering
from tests.factories import NOW
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the solver was asked about, pair by pair."""
    pairs: list[object] = []
    relation = Survey.relation

    def counted(self: Survey, *rules: Any) -> Any:
        pairs.append(rules)
        return relation(self, *rules)

    monkeypatch.setattr(Survey, "relation", counted)
    return pairs


def segments(number: int) -> list[Segment]:
    rows = [segment(f"s{at}", {"trait": "score", "op": "is", "value": at}) for at in range(number)]
    OrmQ.objects.all().delete()
    return rows


def report() -> SprawlReport:
    row = ordering.order(now=NOW)
    computing.work(row.pk)
    row.refresh_from_db()
    return row


def test_a_report_is_ordered_once_and_done_by_a_worker() -> None:
    segment("nobody", {"any": []})
    segments(4)
    first = ordering.order(now=NOW)
    assert ordering.order(now=NOW) == first
    assert OrmQ.objects.count() == 1
    jobs.carry_on_report(first.pk)
    first.refresh_from_db()
    assert (first.state, first.done, first.of, first.alarms) == ("done", 10, 10, 1)
    assert first.rules == fingerprint()
    assert first.finished_at
    kinds = [one["kind"] for one in first.found["findings"]]
    assert kinds == ["never_true", *["unused"] * 5]
    assert ordering.order(now=NOW) != first


def test_only_what_changed_is_proved_again(asked: list[object]) -> None:
    rows = segments(5)
    report()
    assert len(asked) == 10
    report()
    assert len(asked) == 10
    rows[2].rule = IS_PRO
    rows[2].save()
    assert report().found["relations"]
    assert len(asked) == 14
    assert SprawlReport.objects.count() == 1


def test_a_killed_worker_is_followed_by_one_that_goes_on(
    asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "SAVED_EVERY", 0.0)
    segments(4)
    row = ordering.order(now=NOW)

    def die(point: str) -> None:
        if len(asked) == 4:
            raise SystemExit

    monkeypatch.setattr(computing, "reached", die)
    with pytest.raises(SystemExit):
        computing.work(row.pk)
    row.refresh_from_db()
    assert (row.state, row.done, row.of) == ("running", 4, 6)
    OrmQ.objects.all().delete()
    monkeypatch.setattr(computing, "reached", lambda _: None)
    second_passed.send(sender=None, now=NOW)
    assert not OrmQ.objects.exists()
    second_passed.send(sender=None, now=LATER)
    second_passed.send(sender=None, now=LATER)
    assert OrmQ.objects.count() == 1
    computing.work(row.pk)
    row.refresh_from_db()
    assert row.state == "done"
    assert len(asked) == 6


def test_a_long_report_is_done_in_stints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "SAVED_EVERY", 0.0)
    monkeypatch.setattr(computing, "STINT", 0.0)
    segments(3)
    row = ordering.order(now=NOW)
    stints = 0
    while stints < 9 and OrmQ.objects.count() > stints:
        stints += 1
        computing.work(row.pk)
    assert stints == 4  # one for each pair, and the last
    assert SprawlReport.objects.get().state == "done"


def test_who_is_given_up_for_dead_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    segments(3)
    row = ordering.order(now=NOW)

    def overtake(point: str) -> None:
        monkeypatch.setattr(computing, "reached", lambda _: None)
        computing.work(row.pk)
        segment("late", IS_PRO)

    monkeypatch.setattr(computing, "reached", overtake)
    computing.work(row.pk)
    row.refresh_from_db()
    assert row.state == "done"
    assert len(row.found["segments"]) == 3


def test_a_report_that_fails_again_and_again_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    row = ordering.order(now=NOW)
    monkeypatch.setattr(computing, "find", fail)
    for _ in range(computing.TRIES):
        assert SprawlReport.objects.get(pk=row.pk).state == "running"
        computing.work(row.pk)
    assert SprawlReport.objects.get(pk=row.pk).state == "stopped"
    assert ordering.order(now=NOW) != row


def test_the_last_report_stays_until_the_next_is_done() -> None:
    first = report()
    second = ordering.order(now=NOW)
    assert SprawlReport.objects.done().get() == first
    computing.work(second.pk)
    assert SprawlReport.objects.get() == second
