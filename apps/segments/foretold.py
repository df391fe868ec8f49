"""Who would enter and leave which segments, were traits written that nobody has written yet.

The back-test of a quiz asks. The contacts are judged in memory as settling would judge them,
with the traits put into them there: nothing is written and nobody is held up.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from apps.contacts import revising
from apps.contacts.models import Contact
from apps.quizzes.backtest.outlook import Moving, Outlook, Traits, Walking, register
from apps.rules.kinds import Kind
from apps.segments import sizes
from apps.segments.dry_run import following
from apps.segments.dry_run.comparing import as_foreseen
from apps.segments.dry_run.outcomes import is_moving
from apps.segments.plan import live_plan
from apps.segments.settling import BATCH, Differing, by_verdict, effective_now


def foresee(traits: Traits, now: datetime) -> Outlook:
    """Return who would move, and which sequences would start and stop by that."""
    moves = list(_moves(traits, now=effective_now(now)))
    segments = {planned.pk: planned for _, planned, _ in moves}
    by_segment: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for contact_id, planned, due in moves:
        by_segment[planned.pk, due].append(contact_id)
    members = sizes.members(segments)
    with as_foreseen((pk, planned.pk, due) for pk, planned, due in moves):
        told = following.foretell(list(segments), now=now)
    return Outlook(
        segments=tuple(
            Moving(
                planned.slug,
                planned.name,
                members[pk],
                entering=tuple(by_segment[pk, True]),
                leaving=tuple(by_segment[pk, False]),
            )
            for pk, planned in sorted(segments.items(), key=lambda pair: pair[1].name)
        ),
        sequences=tuple(
            Walking(
                one.name,
                one.address,
                segments[one.segment_id].name,
                one.starts,
                one.restarts,
                one.stops,
            )
            for one in told.effects
        ),
        starting=told.starting,
        is_moving_anyway=is_moving(),
    )


def _moves(traits: Traits, *, now: datetime) -> Iterator[Differing]:
    kinds = revising.kinds_of(traits)
    ids = sorted(traits)
    for start in range(0, len(ids), BATCH):
        yield from _of_batch(ids[start : start + BATCH], traits, kinds, now=now)


def _of_batch(
    ids: Sequence[int], traits: Traits, kinds: Mapping[str, Kind], *, now: datetime
) -> Iterator[Differing]:
    plan = live_plan()
    contacts = {one.pk: one for one in Contact.objects.filter(pk__in=ids, merged_into=None)}
    touched = {}
    for pk, contact in contacts.items():
        changed = revising.put(contact, traits[pk], kinds)
        if found := plan.touched_by(frozenset(f"trait:{key}" for key in changed)):
            touched[pk] = found
    moving = {pk: contacts[pk] for pk in touched}
    if moving:
        yield from by_verdict(moving, touched, plan, now)


register(foresee)
