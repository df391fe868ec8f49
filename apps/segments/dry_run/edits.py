"""An edit before it is saved: the plan as it stands, and the plan with the edit in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from apps.rules.codec import dumps
from apps.segments.models import Segment
from apps.segments.plan import Plan, Planned, changed, compile_live

NEW = 0  # stands for the key of a segment that is yet to be made
Basis = Mapping[str, str]


@dataclass(frozen=True)
class Edit:
    """`pk` is NEW, and `stamp` empty, of a segment that is yet to be made."""

    pk: int
    slug: str
    stamp: str
    before: Plan
    after: Plan

    @cached_property
    def changing(self) -> tuple[Planned, ...]:
        """The segments that may take others once it is saved, in the order they are decided."""
        return self.after.above(changed(self.before, self.after))

    @property
    def others(self) -> tuple[Planned, ...]:
        return tuple(planned for planned in self.changing if planned.slug != self.slug)

    @property
    def moving_ids(self) -> frozenset[int]:
        """The segments in which anybody may move."""
        return frozenset({self.pk, *(planned.pk for planned in self.changing)})

    @property
    def is_taken_off_line(self) -> bool:
        return self.slug in self.before.by_slug and self.slug not in self.after.by_slug

    def basis(self) -> Basis:
        """Return a digest of everything in the rules that the outcome hangs on, by slug."""
        read = (*self.changing, *self.after.below(self.changing))
        slugs = {self.slug, *(planned.slug for planned in read)}
        return {
            slug: _digest(
                self.stamp if slug == self.slug else "",
                _said(self.before.by_slug.get(slug)),
                _said(self.after.by_slug.get(slug)),
            )
            for slug in sorted(slugs)
        }


def edit_of(segment: Segment, *, is_new: bool, stamp: str, before: Plan) -> Edit:
    """Return the edit that this transaction has just written."""
    plan = compile_live()
    if is_new:  # its key is not yet its own
        segments = (
            replace(one, pk=NEW) if one.slug == segment.slug else one for one in plan.segments
        )
        plan = Plan(tuple(segments), plan.broken)
    return Edit(NEW if is_new else segment.pk, segment.slug, stamp, before, plan)


def _said(planned: Planned | None) -> object:
    if planned is None:
        return None
    rule = None if planned.rule is None else dumps(planned.rule)
    return [rule, planned.higher, planned.rungs]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
