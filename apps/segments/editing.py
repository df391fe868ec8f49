"""Changing a segment: checked, numbered, and applied to everybody already there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.nodes import Rule
from apps.segments import pinning, rebuilding
from apps.segments.models import Ladder, Pin, Revision, Segment
from apps.segments.places import segment_places
from apps.segments.plan import (
    CycleError,
    Plan,
    catalogue,
    changed,
    compile_live,
    compile_plan,
    live_plan,
)

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


class DefaultRule(SegmentError):
    """The default of a ladder takes everybody no rung took, and has no other rule."""


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
        plan = live_plan()
        _number(segment, by=by, now=now)
        moved = changed(plan, _checked(segment, before))
        _rebuild(segment, before, moved, now=now, enrol_existing=enrol_existing)


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
        name=segment.name,
        ladder_id=segment.ladder_id,
        rung=segment.rung,
        by=by,
        at=now,
    )


def _differs(before: Segment, after: Segment) -> bool:
    names = ("rule", "status", "ladder_id", "rung", "slug")
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _checked(segment: Segment, before: Segment | None) -> Plan:
    """Return the plan with the edit in it.

    Refuse what would break this segment, its ladder, or others that read it.
    """
    if before is not None and before.slug != segment.slug:
        raise SegmentError("A segment keeps its slug: rules refer to it.")
    if segment.is_default and segment.rule != Segment.EVERYBODY:
        raise DefaultRule("It is the default of its ladder: its rule is 'everybody'.")
    return _checked_plan([segment])


def _checked_plan(edited: Collection[Segment]) -> Plan:
    """Return the live plan; refuse a circle, and what takes from others the segment they read."""
    try:
        plan = compile_live()
        _refuse_circle_of_drafts(edited)
    except CycleError as error:
        raise Circle(error) from None
    live = {planned.slug for planned in plan.segments}
    for planned in plan.segments:
        missing = sorted(planned.refers_to - live)
        if missing:
            raise StillRead(f"'{planned.name}' reads '{missing[0]}', which would not be live.")
    broken = Segment.objects.live().filter(slug__in=plan.broken).order_by("pk")
    slugs = {segment.slug for segment in edited}
    for row in broken:  # what reads an archived segment cannot be read any more
        for _, slug in segment_places(row.rule):
            if slug in slugs:
                raise StillRead(f"'{row.name}' reads '{slug}', which would not be live.")
    return plan


def _refuse_circle_of_drafts(edited: Collection[Segment]) -> None:
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
        if any(segment.slug in error.slugs for segment in edited):
            raise


def _rebuild(
    segment: Segment,
    before: Segment | None,
    moved: Collection[str],
    *,
    now: datetime,
    enrol_existing: bool,
) -> None:
    """Rebuild the segment, and beside it the rungs that take others because of where it stands.

    A new rung needs no more than itself: whoever moves is marked, and the rungs below read
    those marks. A rung that moved or went leaves contacts to rungs that do not read it, and
    whom its pins hold the rungs above it let go.
    """
    was_live = before is not None and before.status == Segment.Status.LIVE
    if not was_live and segment.status != Segment.Status.LIVE:
        return
    beside = moved if _changes_places(segment, before) else ()
    rebuilding.order(segment, now=now, enrol_existing=enrol_existing, beside=beside)


def _changes_places(segment: Segment, before: Segment | None) -> bool:
    if before is None or _place(before) == _place(segment):
        return False
    return before.status == Segment.Status.LIVE or segment.pins.exists()


def _place(segment: Segment) -> tuple[object, ...]:
    return (segment.status, segment.ladder_id, segment.rung)


def arrange(ladder: Ladder, order: Sequence[int], *, by: User | None, now: datetime) -> bool:
    """Let these segments be the rungs of the ladder, in this order, above its default.

    All at once: each that moves has its next revision, and the ladder is rebuilt as a whole.
    Return whether anything moved. Raises SegmentError.
    """
    with transaction.atomic():
        lock_all()
        rows = Segment.objects.filter(Q(ladder=ladder) | Q(pk__in=order)).order_by("pk")
        rungs = {row.pk: row for row in rows if not (row.is_default and row.ladder_id)}
        _refuse_rungs(ladder, order, rungs)
        moved = [row for pk, row in rungs.items() if _puts(row, ladder, order)]
        Segment.objects.filter(pk__in=[row.pk for row in moved]).update(ladder=None, rung=None)
        for row in moved:  # their rungs are free by now
            _number(row, by=by, now=now)
        if moved:
            _checked_plan(moved)
            _rebuild_ladder(ladder, moved, now=now)
    return bool(moved)


def _refuse_rungs(ladder: Ladder, order: Sequence[int], rungs: Mapping[int, Segment]) -> None:
    if len(set(order)) < len(order) or not set(order) <= rungs.keys():
        raise SegmentError("These segments cannot be the rungs: one is not there, or there twice.")
    for row in rungs.values():
        if row.ladder_id not in {None, ladder.pk}:
            raise SegmentError(f"'{row.name}' stands on another ladder.")


def _puts(row: Segment, ladder: Ladder, order: Sequence[int]) -> bool:
    """Give a segment its place; return whether that is another than it had."""
    before = (row.ladder_id, row.rung)
    row.ladder = ladder if row.pk in order else None
    row.rung = order.index(row.pk) + 1 if row.pk in order else None
    return before != (row.ladder_id, row.rung)


def _rebuild_ladder(ladder: Ladder, moved: Iterable[Segment], *, now: datetime) -> None:
    live = [row for row in moved if row.status == Segment.Status.LIVE]
    if live:
        rebuilding.order_ladder(ladder, now=now)
    for row in live:
        if row.ladder_id is None:
            rebuilding.order(row, now=now)


def pin(contact: Contact, segment: Segment, *, held: str | None, by: User | None) -> None:
    """Hold a contact in or out of a segment by hand; None lets the rule decide again."""
    with transaction.atomic():
        pins = Pin.objects.filter(contact=contact, segment=segment)
        if pins.filter(held=held).exists() if held else not pins.exists():
            return
        now = timezone.now()
        if held is None:
            for row in pins:
                row.delete()
        else:
            Pin.objects.update_or_create(
                contact=contact, segment=segment, defaults={"held": held, "by": by, "at": now}
            )
        pinning.keep(segment, {contact.pk: held}, by=by, now=now)
