"""Who is in a segment, as a query over all contacts: the set-based twin of standing.py."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.contacts.models import Contact, Event
from apps.rules.clock import Calendar
from apps.rules.nodes import Rule
from apps.rules.query import matching
from apps.segments.calendar import installed
from apps.segments.models import Membership, Pin
from apps.segments.plan import Plan, Planned

NOBODY = Q(pk__in=[])


@dataclass(frozen=True)
class Population:
    """All contacts at one moment; what rules read of them, as SQL.

    `stored` reads other segments from their memberships; without it their rules are
    written out in full, which is how verifying sees from scratch.
    """

    plan: Plan
    now: datetime
    stored: bool = True
    calendar: Calendar = field(default_factory=installed)

    def events(self) -> QuerySet[Event]:
        return Event.objects.all()

    def segment(self, slug: str) -> Q:
        """Return who is in the segment a rule refers to. Nobody is in one that is not live."""
        planned = self.plan.by_slug.get(slug)
        if planned is None:
            return NOBODY
        return _exists(Membership, [planned.pk]) if self.stored else self.belongs(planned)

    def rule(self, rule: Rule) -> QuerySet[Contact]:
        return Contact.objects.standing().filter(self._matching(rule))

    def members(self, segment: Planned) -> QuerySet[Contact]:
        return Contact.objects.standing().filter(self.belongs(segment))

    def belongs(self, segment: Planned) -> Q:
        """The set-based form of `standing.belongs`: a pin, else the ladder, else the rule."""
        pinned_above = self._pinned(segment.higher, Pin.Held.IN)
        pinned_in = self._pinned([segment.slug], Pin.Held.IN)
        pinned_anywhere = self._pinned(segment.rungs or [segment.slug], Pin.Held.IN)
        pinned_out = self._pinned([segment.slug], Pin.Held.OUT)
        above = reduce(or_, map(self._on_rung, segment.higher), NOBODY)
        rule = NOBODY if segment.rule is None else self._matching(segment.rule)
        return (pinned_in & ~pinned_above) | (rule & ~pinned_anywhere & ~pinned_out & ~above)

    def _on_rung(self, slug: str) -> Q:
        """Return whom a higher rung takes, as far as those without a pin on the ladder go.

        From scratch that is whomever its rule holds for, whatever stands above it in turn:
        written out with the rungs above, each rung would double the query.
        """
        planned = self.plan.by_slug[slug]
        if self.stored:
            return self.segment(slug)
        if planned.rule is None:
            return NOBODY
        return self._matching(planned.rule) & ~self._pinned([slug], Pin.Held.OUT)

    def _matching(self, rule: Rule) -> Q:
        return matching(rule, self, now=self.now, calendar=self.calendar)

    def _pinned(self, slugs: Iterable[str], held: str) -> Q:
        ids = [self.plan.by_slug[slug].pk for slug in slugs]
        return _exists(Pin, ids, held=held) if ids else NOBODY


def _exists(model: type[Membership | Pin], segment_ids: list[int], **filters: Any) -> Q:
    rows = model._default_manager.filter(contact=OuterRef("pk"), segment__in=segment_ids, **filters)
    return Q(Exists(rows))
