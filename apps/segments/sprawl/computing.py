"""Working a report out, by stints of workers.

Rows are the truth: what is proved is saved every few seconds, so a killed worker's successor
goes on from there. Whoever takes the report up writes its token on it; who finds another's there
has been given up for dead, and stops.
"""

import secrets
import time
import traceback
from datetime import datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.rules.solver.relations import Relation
from apps.segments.models import SprawlReport
from apps.segments.plan import Plan, catalogue, fingerprint, live_plan
from apps.segments.sprawl import heads, proved, uses
from apps.segments.sprawl.analysing import Analysis
from apps.segments.sprawl.findings import Sprawl, find
from apps.segments.sprawl.heads import Heads
from apps.segments.sprawl.kinds import alarms, as_data
from apps.segments.sprawl.ordering import JOB

STINT = 15.0  # seconds of a task: then those behind it in the queue have theirs
SAVED_EVERY = 1.0
TRIES = 3
MIXES = 200  # the largest are kept
TELL_NOTHING = ("never_true", "never_reached", "always_true")

log = structlog.get_logger(__name__)


class TakenOver(Exception):
    """Somebody else is at this report now."""


def work(report_id: int) -> None:
    """Do a worker's stint; what fails without end is stopped."""
    try:
        if carry_on(report_id, seconds=STINT):
            ring(JOB, report_id)
    except (OperationalError, InterfaceError):  # the database is away or busy
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        log.error("a sprawl report failed", error=type(error).__name__, where=where)
        _count_failure(report_id, now=timezone.now())


def carry_on(report_id: int, *, seconds: float, now: datetime | None = None) -> bool:
    """Go on from what is proved; return whether there is more to do. Safe to run twice at once."""
    token = secrets.token_hex(16)
    row = SprawlReport.objects.under_way().filter(pk=report_id)
    if not row.update(token=token, touched_at=now or timezone.now()):
        return False
    rules, plan = fingerprint(), live_plan()
    known = proved.load(row.get().proved)
    analysis = Analysis(plan, known=catalogue(), now=now or timezone.now(), proved=known)
    try:
        if not _prove(report_id, token, analysis, seconds=seconds, now=now):
            return True
        _finish(report_id, token, analysis, plan, rules=rules, now=now)
    except TakenOver:
        log.info("a sprawl report was taken over", report=report_id)
    return False


def _prove(
    report_id: int, token: str, analysis: Analysis, *, seconds: float, now: datetime | None
) -> bool:
    """Prove pairs until the time is over; return whether all are proved."""
    began = saved = time.monotonic()
    for done in analysis.prove():
        at = time.monotonic()
        if at - saved >= SAVED_EVERY:
            saved = at
            _save(report_id, token, analysis, done, now=now)
            reached("report.proving")
            if at - began >= seconds:
                return False
    _save(report_id, token, analysis, analysis.pairs, now=now)
    reached("report.proved")
    return True


def _save(
    report_id: int, token: str, analysis: Analysis, done: int, *, now: datetime | None
) -> None:
    _write(
        report_id,
        token,
        done=done,
        of=analysis.pairs,
        proved=analysis.proved.dump(analysis.digests.values()),
        touched_at=now or timezone.now(),
    )


def _write(report_id: int, token: str, **values: Any) -> None:
    """Write to the report, unless it was taken over. Raises TakenOver."""
    if not SprawlReport.objects.under_way().filter(pk=report_id, token=token).update(**values):
        raise TakenOver


def _finish(
    report_id: int,
    token: str,
    analysis: Analysis,
    plan: Plan,
    *,
    rules: str,
    now: datetime | None,
) -> None:
    """Count heads, draw the findings, and put the report in the place of the last one."""
    counted = heads.count([one.pk for one in plan.segments])
    sprawl = Sprawl(
        plan, catalogue(), analysis.report(), counted, tuple(uses.uses()), tuple(uses.tracks())
    )
    findings = find(sprawl, analysis)
    with transaction.atomic():
        _write(
            report_id,
            token,
            state=SprawlReport.State.DONE,
            rules=rules,
            found={**_drawn(plan, counted, sprawl), "findings": [*map(as_data, findings)]},
            alarms=alarms(findings),
            finished_at=now or timezone.now(),
        )
        SprawlReport.objects.exclude(pk=report_id).exclude(
            state=SprawlReport.State.RUNNING
        ).delete()


def _drawn(plan: Plan, counted: Heads, sprawl: Sprawl) -> dict[str, Any]:
    """Return what the charts are drawn from, segments by their places.

    Who stands where is counted without the segments that hold everybody, or nobody, by rule.
    """
    places = sprawl.places
    said = {one.slug for one in sprawl.report.findings if one.warning.code in TELL_NOTHING}
    others = counted.without(places[slug] for slug in said)
    return {
        "segments": [
            {
                "pk": one.pk,
                "name": one.name,
                "members": size,
                "is_static": one.rule is None,
                "is_drawn": one.slug not in said,
            }
            for one, size in zip(plan.segments, counted.sizes, strict=True)
        ],
        "shared": list(counted.shared()),
        "relations": [
            [places[a], places[b], relation.value]
            for (a, b), relation in sprawl.report.relations.items()
            if relation is not Relation.OVERLAP
        ],
        "mixes": [[_places(bits), number] for bits, number in others.mixes[:MIXES]],
        "contacts": others.contacts,
        "alone": others.alone,
    }


def _places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _count_failure(report_id: int, *, now: datetime) -> None:
    rows = SprawlReport.objects.under_way().filter(pk=report_id)
    rows.update(failures=F("failures") + 1, touched_at=now)
    rows.filter(failures__gte=TRIES).update(state=SprawlReport.State.STOPPED, finished_at=now)
