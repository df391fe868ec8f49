"""Changing a segment: checked, numbered, and applied to everybody already there."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.nodes import Rule
from apps.segments import rebuilding
from apps.segments.models import Pin, Revision, Segment
from apps.segments.places import segment_places
from apps.segments.plan import CycleError, catalogue, compile_plan

SOMEBODY_ELSE = "Somebody saved a segment of this name, or on this rung, just now. Save again."


class SegmentError(ValueError):
    """An edit that cannot be saved; the message says why."""


class SavedMeanwhile(SegmentError):
    """Somebody else took the name or the rung at the same moment."""


class Circle(SegmentError):
    """Segments would refer to each other; `slugs` names them in order."""

    def __init__(self, error: CycleError) -> None:
        super().__init__(str(error))
        self.slugs = error.slugs


class StillRead(SegmentError):
    """A live segment reads one that is not live, or would not be any more."""


def read_rule(source: object, *, known: Catalogue | None = None) -> Rule:
    """Return the rule written in `source` (JSON text or data). Raises RuleError."""
    return codec.loads(source, known or catalogue())


def save(
    segment: Segment,
    *,
    rule: object | None,
    by: User | None,
    now: datetime,
    enrol_existing: bool = False,
) -> Segment:
    """Save a segment, new or edited, with its next revision, and have it rebuilt.

    `segment` carries the other edited fields. Raises RuleError, located, for a bad rule and
    SegmentError for one that closes a circle or leaves others without the segment they read.
    """
    parsed = None if rule is None else read_rule(rule)
    pk = segment.pk
    try:
        _save(segment, parsed, by=by, now=now, enrol_existing=enrol_existing)
    except (SegmentError, IntegrityError) as error:
        segment.pk, segment._state.adding = pk, pk is None  # nothing of it was kept
        if isinstance(error, SegmentError):
            raise
        raise SavedMeanwhile(SOMEBODY_ELSE) from None
    return segment


def _save(
    segment: Segment, rule: Rule | None, *, by: User | None, now: datetime, enrol_existing: bool
) -> None:
    with transaction.atomic():
        lock_all()
        before = Segment.objects.filter(pk=segment.pk).first() if segment.pk else None
        segment.revision = before.revision if before else 0
        segment.rule = None if rule is None else codec.dumps(rule)
        if before is not None and not _differs(before, segment):
            segment.save()
            return
        _number(segment, by=by, now=now)
        _check(segment, before)
        _rebuild(segment, before, by=by, now=now, enrol_existing=enrol_existing)


def lock_all() -> None:
    """Let nobody else edit a segment until this transaction ends: a rule reads others."""
    list(Segment.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _number(segment: Segment, *, by: User | None, now: datetime) -> None:
    """Save the segment under its next revision number."""
    segment.revision += 1
    segment.save()
    Revision.objects.create(
        segment=segment,
        number=segment.revision,
        rule=segment.rule,
        status=segment.status,
        by=by,
        at=now,
    )


def _differs(before: Segment, after: Segment) -> bool:
    names = ("rule", "status", "ladder_id", "rung", "slug")
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _check(segment: Segment, before: Segment | None) -> None:
    """Refuse a circle, and an edit that takes from others the segment they read."""
    if before is not None and before.slug != segment.slug:
        raise SegmentError("A segment keeps its slug: rules refer to it.")
    try:
        plan = compile_plan(Segment.objects.live().order_by("ladder_id", "rung", "pk"))
        _refuse_circle_of_drafts(segment)
    except CycleError as error:
        raise Circle(error) from None
    live = {planned.slug for planned in plan.segments}
    for planned in plan.segments:
        missing = sorted(planned.refers_to - live)
        if missing:
            raise StillRead(f"'{planned.name}' reads '{missing[0]}', which would not be live.")
    broken = Segment.objects.live().filter(slug__in=plan.broken).order_by("pk")
    for row in broken:  # what reads an archived segment cannot be read any more
        if segment.slug in {slug for _, slug in segment_places(row.rule)}:
            raise StillRead(f"'{row.name}' reads '{segment.slug}', which would not be live.")


def _refuse_circle_of_drafts(segment: Segment) -> None:
    """Refuse a circle that would close once its drafts go live. Raises CycleError."""
    if not Segment.objects.filter(status=Segment.Status.DRAFT).exists():
        return
    try:
        compile_plan(
            Segment.objects.exclude(status=Segment.Status.ARCHIVED).order_by(
                "ladder_id", "rung", "pk"
            )
        )
    except CycleError as error:
        if segment.slug in error.slugs:
            raise


def _rebuild(
    segment: Segment,
    before: Segment | None,
    *,
    by: User | None,
    now: datetime,
    enrol_existing: bool,
) -> None:
    """Rebuild the segment, and its neighbours where it gave up or changed its rung.

    A new rung needs no more than itself: whoever moves is marked, and the rungs below read
    those marks. A rung that moved or went leaves contacts to rungs that do not read it.
    """
    was_live = before is not None and before.status == Segment.Status.LIVE
    if not was_live and segment.status != Segment.Status.LIVE:
        return
    rebuilding.order(segment, now=now, enrol_existing=enrol_existing)
    if before is None or not was_live or _place(before) == _place(segment):
        return
    ladders = {row.ladder_id for row in (before, segment) if row.ladder_id}
    others = Segment.objects.live().filter(ladder__in=ladders).exclude(pk=segment.pk)
    for rung in others.order_by("ladder", "rung"):
        _number(rung, by=by, now=now)
        rebuilding.order(rung, now=now)


def _place(segment: Segment) -> tuple[object, ...]:
    return (segment.status, segment.ladder_id, segment.rung)


def pin(contact: Contact, segment: Segment, *, held: str | None, by: User | None) -> None:
    """Hold a contact in or out of a segment by hand; None lets the rule decide again."""
    with transaction.atomic():
        if held is None:
            for row in Pin.objects.filter(contact=contact, segment=segment):
                row.delete()
            return
        Pin.objects.update_or_create(
            contact=contact, segment=segment, defaults={"held": held, "by": by}
        )
