"""Proving membership: stored rows against a recomputation from scratch by both readings."""

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.contacts.models import Contact
from apps.segments import facts as loading
from apps.segments.models import Change, Membership, Verification
from apps.segments.plan import Plan, live_plan
from apps.segments.population import Population
from apps.segments.settling import effective_now, pins_of, settle_waiting, standing_of
from apps.segments.standing import stand
from apps.segments.ticking import tick

BATCH = 2000


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """A contact stored where it does not belong, or not stored where it does."""

    slug: str
    contact_id: int
    stored: bool
    reading: str  # "verdict" or "query"


@dataclass(frozen=True, slots=True)
class Report:
    contacts: int
    segments: int
    seconds: float
    drift: tuple[Drift, ...]
    broken: tuple[str, ...]  # slugs whose rule cannot be read


def verify(*, now: datetime | None = None) -> Report:
    """Compare every membership with a recomputation, after settling what is waiting.

    What looks like drift is looked at once more under the contact's lock, so that facts
    arriving meanwhile are not reported.
    """
    started = time.monotonic()
    tick(now=now or timezone.now())
    while settle_waiting(limit=BATCH):
        pass
    plan = live_plan()
    moment = effective_now(now or timezone.now())
    suspects = {*_by_verdict(plan, moment), *_by_query(plan, moment)}
    drift = sorted(_confirmed(suspects, plan, now))
    return Report(
        contacts=Contact.objects.standing().count(),
        segments=len(plan.segments),
        seconds=time.monotonic() - started,
        drift=tuple(drift),
        broken=tuple(plan.broken),
    )


def verify_and_record(*, now: datetime | None = None) -> Report:
    """Verify, and keep the outcome for the dashboard and the health page."""
    report = verify(now=now)
    Verification.objects.create(
        at=now or timezone.now(),
        seconds=report.seconds,
        contacts=report.contacts,
        drift=len(report.drift),
    )
    return report


def _by_verdict(plan: Plan, now: datetime) -> Iterator[Drift]:
    """Recompute every contact in memory, from facts alone."""
    last = 0
    while True:
        batch = list(Contact.objects.filter(pk__gt=last).order_by("pk")[:BATCH])
        if not batch:
            return
        yield from judge_batch(batch, plan, now)
        last = batch[-1].pk


def judge_batch(contacts: Collection[Contact], plan: Plan, now: datetime) -> Iterator[Drift]:
    """Yield the drift among these contacts, by the verdict reading."""
    ids = [contact.pk for contact in contacts]
    stored = standing_of(ids, plan)
    pins = pins_of(ids, plan)
    facts = loading.load(contacts, segments=plan.segments, standing={})
    zone = timezone.get_default_timezone()
    for contact in contacts:
        there = stored.get(contact.pk, frozenset())
        due: frozenset[str] = frozenset()
        if contact.merged_into_id is None:
            due = stand(
                plan.segments,
                facts=facts[contact.pk],
                pins=pins.get(contact.pk, {}),
                now=now,
                zone=zone,
            )
        for slug in there ^ due:
            yield Drift(slug, contact.pk, slug in there, "verdict")


def _by_query(plan: Plan, now: datetime) -> Iterator[Drift]:
    """Recompute every segment in SQL, nested rules written out, stored rows not consulted."""
    population = Population(plan, now, stored=False)
    for segment in plan.segments:
        due = set(population.members(segment).values_list("pk", flat=True))
        rows = Membership.objects.filter(segment=segment.pk)
        there = set(rows.values_list("contact_id", flat=True))
        for contact_id in due ^ there:
            yield Drift(segment.slug, contact_id, contact_id in there, "query")


def _confirmed(suspects: Iterable[Drift], plan: Plan, now: datetime | None) -> Iterator[Drift]:
    """Yield those that still differ while their contact is locked and has no mark."""
    by_contact: dict[int, list[Drift]] = {}
    for suspect in suspects:
        by_contact.setdefault(suspect.contact_id, []).append(suspect)
    for contact_id, found in by_contact.items():
        with transaction.atomic():
            locked = list(Contact.objects.locked([contact_id]))
            if Change.objects.filter(contact=contact_id).exists():
                continue
            moment = effective_now(now or timezone.now())
            population = Population(plan, moment, stored=False)
            again = {(drift.slug, drift.stored) for drift in judge_batch(locked, plan, moment)}
            for suspect in found:
                yield from _again(suspect, again, population)


def _again(
    suspect: Drift, by_verdict: set[tuple[str, bool]], population: Population
) -> Iterator[Drift]:
    if suspect.reading == "verdict":
        if (suspect.slug, suspect.stored) in by_verdict:
            yield suspect
        return
    segment = population.plan.by_slug[suspect.slug]
    due = population.members(segment).filter(pk=suspect.contact_id).exists()
    there = Membership.objects.filter(segment=segment.pk, contact=suspect.contact_id).exists()
    if due != there:
        yield suspect
