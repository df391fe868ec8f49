"""Beginning and ending enrolments as contacts enter and leave the segments of sequences.

Everything here runs inside the transaction that settles: an enrolment commits with the
membership that caused it, or not at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.contacts.models import Contact
from apps.core import rows
from apps.core.crashpoints import reached
from apps.nurture import lanes, models, walking
from apps.nurture.stopping import stop
from apps.segments.models import Transition

Transitions = Sequence[Transition] | QuerySet[Transition]
ReEntry = models.Sequence.ReEntry
# For every contact that moves; most installations have few sequences.
_WATCHED = f"SELECT DISTINCT segment_id FROM {rows.table(models.Sequence)}"


def follow(*, entered: Transitions, left: Transitions, now: datetime, quiet: bool) -> None:
    """Stop what leaving stops, then begin what entering begins; a replay changes nothing.

    `quiet`: a rule was edited, and those for whom it newly holds must not begin.
    """
    watched = {segment for (segment,) in rows.run(_WATCHED)}
    leavers = _of(left, watched)
    entrants = [] if quiet else _of(entered, watched)
    if not leavers and not entrants:
        return
    with transaction.atomic():
        everybody = {transition.contact_id for transition in (*entrants, *leavers)}
        list(Contact.objects.locked(everybody).values_list("pk", flat=True))
        _stop_leavers(leavers, now=now)
        _start_entrants(entrants, now=now)
        reached("enrol.before_commit")


def _of(transitions: Transitions, watched: Set[int]) -> list[Transition]:
    """Return those of the segments that have sequences; a queryset's others stay unread."""
    if isinstance(transitions, QuerySet):
        return list(transitions.filter(segment__in=watched)) if watched else []
    return [transition for transition in transitions if transition.segment_id in watched]


def _stop_leavers(left: Iterable[Transition], *, now: datetime) -> None:
    for segment_id, transitions in _by_segment(left).items():
        stopping = models.Sequence.objects.filter(segment=segment_id).stopping_leavers()
        for sequence in stopping.select_related("segment"):
            stop(
                models.Enrolment.objects.filter(sequence=sequence, contact__in=set(transitions)),
                now=now,
                reason=f"Left {sequence.segment}",
            )


def _start_entrants(entered: Iterable[Transition], *, now: datetime) -> None:
    by_segment = _by_segment(entered)
    sequences = list(
        models.Sequence.objects.live()
        .filter(segment__in=by_segment)
        .select_related("segment")
        .order_by("-priority", "pk")  # in a lane, the highest of those entered at once begins
    )
    steps = walking.steps_of(sequence.pk for sequence in sequences)
    for sequence in sequences:
        start(
            sequence,
            by_segment[sequence.segment_id],
            ahead=walking.stretch(steps[sequence.pk], position=0),
            now=now,
        )


def start(
    sequence: models.Sequence,
    entrants: Mapping[int, Transition],
    *,
    ahead: walking.Stretch,
    now: datetime,
) -> list[models.Enrolment]:
    """Begin the sequence for those entrants whom its re-entry policy and its lane let in.

    Callers hold the contacts' locks. Each new enrolment has walked its first stretch: its
    first mail is queued when this returns.
    """
    keys = _admitted(sequence, entrants, now=now)
    if sequence.starts_over:
        running = models.Enrolment.objects.active().filter(sequence=sequence, contact__in=keys)
        stop(running, now=now, reason="Started over")
    stop(lanes.lower(sequence, set(keys)), now=now, reason=f"Gave way to {sequence}")
    fresh = [
        models.Enrolment(sequence=sequence, contact_id=contact_id, trigger_key=key, started_at=now)
        for contact_id, key in keys.items()
    ]
    for enrolment in fresh:
        walking.place(enrolment, ahead, now=now)
    models.Enrolment.objects.bulk_create(fresh)
    walking.queue([(enrolment, ahead) for enrolment in fresh], now=now)
    return fresh


def _admitted(
    sequence: models.Sequence, entrants: Mapping[int, Transition], *, now: datetime
) -> dict[int, str]:
    """Return the trigger key of each contact who may begin, in order of contacts.

    The policy is in the key: "once" can be taken once, a transition begins one enrolment.
    """
    past = models.Enrolment.objects.filter(sequence=sequence, contact__in=set(entrants))
    barred = set(past.barring(sequence, now).values_list("contact_id", flat=True))
    barred |= lanes.barred(sequence, set(entrants), now=now)
    free = [pk for pk in sorted(entrants) if pk not in barred]
    if sequence.re_entry == ReEntry.NEVER:
        return dict.fromkeys(free, "once")
    keys = {pk: f"transition:{entrants[pk].pk}" for pk in free}
    used = set(past.filter(trigger_key__in=keys.values()).values_list("contact_id", flat=True))
    return {pk: key for pk, key in keys.items() if pk not in used}


def _by_segment(transitions: Iterable[Transition]) -> dict[int, dict[int, Transition]]:
    found: dict[int, dict[int, Transition]] = defaultdict(dict)
    for transition in transitions:
        found[transition.segment_id][transition.contact_id] = transition
    return found
