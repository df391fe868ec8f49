"""Proving membership: stored rows against a recomputation from scratch by both readings.

Where they agree, the moment a membership counts from must be one at which its history entered.
The query reading takes everybody. The verdict reading has to bring every fact into memory: it
takes a sample, other contacts each time, unless told to take them all.
"""

import random
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from apps.contacts.models import Contact
from apps.rules.clock import Clock
from apps.segments import facts as loading
from apps.segments.calendar import installed
from apps.segments.difference import differences
from apps.segments.locking import held
from apps.segments.models import (
    Change,
    Membership,
    Rebuild,
    Segment,
    Transition,
    Verification,
)
from apps.segments.plan import Plan, live_plan
from apps.segments.scope import EVERYBODY, Scope, roomy
from apps.segments.settling import (
    effective_now,
    newest_mark,
    settle_apart,
    settle_up_to,
    stored,
)
from apps.segments.standing import Judge
from apps.segments.ticking import tick

BATCH = 2000
ALL = sys.maxsize
SHARE, LEAST = 100, 500  # the verdict reading takes one contact in so many, but so many at least
LOOKS = 2  # at what looks like drift; one may fall between a tick and a settling


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """A contact stored where it does not belong, or not where it does, or as of a wrong moment."""

    slug: str
    contact_id: int
    stored: bool
    reading: str  # "verdict" or "query"; "history" where no entering is known at its `since`


@dataclass(frozen=True, slots=True)
class Report:
    contacts: int
    judged: int  # of them, by the verdict reading too
    segments: int
    seconds: float
    drift: tuple[Drift, ...]
    broken: tuple[str, ...]  # slugs whose rule cannot be read


def verify(*, now: datetime | None = None, judged: int | None = None) -> Report:
    """Compare every membership with a recomputation, after settling what is waiting.

    `judged`: how many contacts are judged one by one too, ALL for everybody; None for a hundredth.

    What looks like drift is looked at again under the contact's lock, so that facts and
    moments that come meanwhile are not reported.
    """
    started = time.monotonic()
    tick(now=now or timezone.now())
    settle_up_to(newest_mark())  # not those that come meanwhile: there may be no end
    plan = live_plan()
    moment = effective_now(now or timezone.now())
    suspects = {*_by_query(plan, moment), *_by_history(plan)}
    one_by_one = 0
    for batch in _drawn(judged):
        suspects.update(judge_batch(batch, plan, moment))
        one_by_one += sum(contact.merged_into_id is None for contact in batch)
    drift = sorted(_confirmed(suspects, now))
    return Report(
        contacts=Contact.objects.standing().count(),
        judged=one_by_one,
        segments=len(plan.segments),
        seconds=time.monotonic() - started,
        drift=tuple(drift),
        broken=tuple(plan.broken),
    )


def verify_and_record(*, now: datetime | None = None, judged: int | None = None) -> Report:
    """Verify, and keep the outcome for the dashboard and the health page."""
    report = verify(now=now, judged=judged)
    Verification.objects.create(
        at=now or timezone.now(),
        seconds=report.seconds,
        contacts=report.contacts,
        drift=len(report.drift),
    )
    return report


def _drawn(how_many: int | None) -> Iterator[list[Contact]]:
    """Yield the contacts that are judged in memory."""
    ids = list(Contact.objects.values_list("pk", flat=True))
    wanted = max(len(ids) // SHARE, LEAST) if how_many is None else how_many
    if wanted < len(ids):
        ids = random.sample(ids, wanted)
    ids.sort()
    for start in range(0, len(ids), BATCH):
        yield list(Contact.objects.filter(pk__in=ids[start : start + BATCH]))


def judge_batch(contacts: Collection[Contact], plan: Plan, now: datetime) -> Iterator[Drift]:
    """Yield the drift among these contacts, judged in memory from facts alone."""
    ids = [contact.pk for contact in contacts]
    standing, pins = stored(ids, plan.segments)
    facts = loading.load(contacts, segments=plan.segments, standing={})
    judge = Judge(plan, Clock(now, installed()))
    for contact in contacts:
        there = standing.get(contact.pk, frozenset())
        due: frozenset[str] = frozenset()
        if contact.merged_into_id is None:
            held_by = pins.get(contact.pk, {})
            due = judge.stand(plan.segments, facts=facts[contact.pk], pins=held_by)
        for slug in there ^ due:
            yield Drift(slug, contact.pk, slug in there, "verdict")


def _by_query(plan: Plan, now: datetime, scope: Scope = EVERYBODY) -> Iterator[Drift]:
    """Recompute every segment in SQL, together, stored rows not consulted."""
    slugs = {segment.pk: segment.slug for segment in plan.segments}
    for difference in differences(plan.segments, plan, now, scope):
        with roomy(), connection.cursor() as cursor:
            cursor.execute(*difference)
            for contact_id, segment_id, due in cursor.fetchall():
                yield Drift(slugs[segment_id], contact_id, not due, "query")


def _by_history(plan: Plan, scope: Scope = EVERYBODY) -> Iterator[Drift]:
    """Find the memberships that count from a moment at which nobody entered.

    Of two contacts that became one the longer membership counts: that need not be the last entry.
    """
    slugs = {segment.pk: segment.slug for segment in plan.segments}
    stored = scope.of(Membership.objects.filter(segment__in=slugs), "contact")
    entries = scope.of(Transition.objects.filter(kind=Transition.Kind.ENTERED), "contact")
    # As sets: SQLite takes six times as long to look for the entry of each membership.
    unentered = stored.values_list("segment_id", "contact_id", "since").difference(
        entries.values_list("segment_id", "contact_id", "at")
    )
    with roomy():
        for segment_id, contact_id, _since in unentered:
            yield Drift(slugs[segment_id], contact_id, stored=True, reading="history")


def _confirmed(suspects: Iterable[Drift], now: datetime | None) -> Iterator[Drift]:
    """Yield those that still differ, each time they are looked at."""
    by_contact: dict[int, list[Drift]] = {}
    for suspect in suspects:
        by_contact.setdefault(suspect.contact_id, []).append(suspect)
    for contact_id, found in by_contact.items():
        left = found
        for _ in range(LOOKS):
            left = _still(contact_id, left, now=now or timezone.now())
        yield from left


def _still(contact_id: int, suspects: list[Drift], *, now: datetime) -> list[Drift]:
    """Return those that differ once time has been brought up to `now` and facts have settled.

    Nothing changes under the contact's lock; a contact with a mark is yet to be settled, and
    a segment with a rebuild under way to be rebuilt.
    """
    if not suspects:
        return []
    alone = Scope(ids=(contact_id,))
    tick(now=now)
    settle_apart([contact_id], now=now)
    with transaction.atomic():
        locked = list(held([contact_id]))
        if Change.objects.filter(contact=contact_id).exists():
            return []
        plan, moment = live_plan(), effective_now(now)
        at_rest = plan.by_slug.keys() - _under_way(plan)
        again = {
            *judge_batch(locked, plan, moment),
            *_by_query(plan, moment, alone),
            *_by_history(plan, alone),
        }
        return [suspect for suspect in suspects if suspect.slug in at_rest and suspect in again]


def _under_way(plan: Plan) -> set[str]:
    """Return the segments that are being rebuilt, with those that refer to them."""
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING)
    rows = Segment.objects.filter(
        Q(pk__in=waiting.filter(segment__isnull=False).values("segment"))
        | Q(ladder__in=waiting.filter(ladder__isnull=False).values("ladder"))
    )
    marks = {f"segment:{slug}" for slug in rows.values_list("slug", flat=True)}
    referring = {planned.slug for planned in plan.touched_by(frozenset(marks))} if marks else set()
    return referring | {mark.removeprefix("segment:") for mark in marks}
