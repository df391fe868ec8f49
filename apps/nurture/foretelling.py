"""Which sequences would start and stop, for how many, if people moved as is foreseen.

The set-based twin of enrolling.py, by the same questions to the same rows; as if all moved at one
moment, which tells in a lane only.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from apps.nurture import models
from apps.nurture.models import Enrolment, SequenceQuerySet
from apps.segments.dry_run.following import Effect, Follower, Following, register
from apps.segments.models import Foreseen

NOBODY = Q(pk__in=[])


def foretell(segment_ids: Collection[int], now: datetime) -> Following:
    """Return what would follow; sequences for which nothing would are left out."""
    starting = _Starting(list(_of(segment_ids).live()), now=now)
    effects = [
        _effect(sequence, starting, moves=sequence.segment_id in segment_ids)
        for sequence in _felt_by(segment_ids)
    ]
    felt = tuple(one for one in effects if one.starts or one.stops or one.gives_way)
    return Following(felt, starting.any_of())


def state(segment_ids: Collection[int]) -> str:
    columns = ("pk", "status", "segment", "re_entry", "cooldown", "on_leave", "lane", "priority")
    return " ".join(str(row) for row in _felt_by(segment_ids).values_list(*columns))


def _of(segment_ids: Collection[int]) -> SequenceQuerySet:
    return models.Sequence.objects.filter(segment__in=segment_ids).order_by("name", "pk")


def _felt_by(segment_ids: Collection[int]) -> SequenceQuerySet:
    """Return the sequences of the segments, and those that would give way to one of them."""
    lanes = _of(segment_ids).live().exclude(lane="").order_by().values("lane")
    felt = Q(segment__in=segment_ids) | Q(lane__in=lanes)
    return models.Sequence.objects.filter(felt).order_by("name", "pk")


class _Starting:
    """The sequences that would start, and who of those that would move may begin each."""

    def __init__(self, sequences: Sequence[models.Sequence], *, now: datetime) -> None:
        self._admitted: dict[int, Q] = {}
        self._ranked = sorted(sequences, key=lambda one: (-one.priority, one.pk))
        for sequence in self._ranked:
            self._admitted[sequence.pk] = self._may_begin(sequence, now=now)

    def admitted(self, sequence: models.Sequence) -> Q:
        return self._admitted.get(sequence.pk, NOBODY)

    def higher(self, sequence: models.Sequence) -> list[Q]:
        """Return who would begin each sequence to which this one gives way."""
        return [
            self._admitted[one.pk]
            for one in self._ranked
            if sequence.lane and one.lane == sequence.lane and one.priority > sequence.priority
        ]

    def any_of(self) -> int:
        return _who(self._admitted.values()).values("contact_id").distinct().count()

    def _may_begin(self, sequence: models.Sequence, *, now: datetime) -> Q:
        """Whether one who would move enters the sequence's segment, and may begin it."""
        barring = Enrolment.objects.barring(sequence, now).filter(contact=OuterRef("contact_id"))
        found = Q(~Exists(barring), segment_id=sequence.segment_id, due=True)
        if not sequence.lane:
            return found
        first = [
            self._admitted[one.pk]
            for one in self._ranked
            if one.lane == sequence.lane and one.pk in self._admitted
        ]
        at_once = _who(first).filter(contact_id=OuterRef("contact_id"))
        return found & ~Exists(at_once) & ~Exists(_in_the_way(sequence))


def _who(moves: Collection[Q]) -> QuerySet[Foreseen]:
    return Foreseen.objects.filter(reduce(or_, moves, NOBODY))


def _in_the_way(sequence: models.Sequence) -> models.EnrolmentQuerySet:
    """Return the walks in its lane that need not give way, and do not stop by the moves."""
    leaving = Foreseen.objects.filter(
        contact_id=OuterRef("contact"), segment_id=OuterRef("sequence__segment"), due=False
    )
    stops = Q(Exists(leaving), sequence__on_leave=models.Sequence.OnLeave.STOP)
    rivals = Enrolment.objects.active().filter(
        ~stops,
        contact=OuterRef("contact_id"),
        sequence__lane=sequence.lane,
        sequence__priority__gte=sequence.priority,
    )
    return rivals.exclude(sequence=sequence)


def _effect(sequence: models.Sequence, starting: _Starting, *, moves: bool) -> Effect:
    running = Enrolment.objects.active().filter(sequence=sequence)
    entering = Foreseen.objects.filter(starting.admitted(sequence))
    over = running.filter(contact__in=entering.values("contact_id"))
    leaving = Foreseen.objects.filter(segment_id=sequence.segment_id, due=False)
    left = Q(contact__in=leaving.values("contact_id"))
    stops = moves and sequence.on_leave == models.Sequence.OnLeave.STOP
    yielding = running.filter(contact__in=_who(starting.higher(sequence)).values("contact_id"))
    return Effect(
        name=sequence.name,
        address=reverse("admin:nurture_sequence_change", args=[sequence.pk]),
        segment_id=sequence.segment_id,
        starts=entering.count(),
        restarts=over.count() if sequence.starts_over else 0,
        stops=running.filter(left).count() if stops else 0,
        gives_way=(yielding.exclude(left) if stops else yielding).count(),
    )


register(Follower(foretell=foretell, state=state))
