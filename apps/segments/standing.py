"""Where a contact stands: rules, pins and ladders taken together. Pure."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import compress

from apps.rules.clock import Clock
from apps.rules.facts import Facts
from apps.rules.nodes import All, Any, Rule
from apps.segments.models import Pin
from apps.segments.plan import Plan, Planned

Pins = Mapping[str, str]  # slug: Pin.Held
Stand = Callable[[Facts, Pins], frozenset[str]]


class Judge:
    """What says of many contacts where they stand, at one moment and by one plan."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._stands: dict[tuple[str, ...], Stand] = {}

    def stand(self, segments: Iterable[Planned], *, facts: Facts, pins: Pins) -> frozenset[str]:
        """Return the slugs the contact stands in, given where it stood in all other segments.

        The segments come in the plan's order; each sees the others' new standing, never a
        stale one. The rest of `facts.segments` is taken as it is.
        """
        chosen = tuple(segments)
        slugs = tuple([segment.slug for segment in chosen])
        found = self._stands.get(slugs)
        if found is None:
            found = self._stands[slugs] = _stand(self._plan, chosen, self._clock)
        return found(facts, pins)


def rules_of(segments: Iterable[Planned], pins: Pins) -> dict[str, Rule]:
    """Return by slug whom each segment takes of a contact so pinned, in the same order."""
    chosen = tuple(segments)
    decided = {slug: All(()) if held else Any(()) for slug, held in _held(chosen, pins).items()}
    return {one.slug: decided.get(one.slug, one.unpinned) for one in chosen}


def _stand(plan: Plan, segments: tuple[Planned, ...], clock: Clock) -> Stand:
    compiled = plan.compiled(segments)
    slugs = [segment.slug for segment in segments]
    judged = frozenset(slugs)
    judge = compiled.outcomes(clock)
    judge_held = cache(lambda: compiled.outcomes_held(clock))

    def stand(facts: Facts, pins: Pins) -> frozenset[str]:
        held = _held(segments, pins) if pins else {}
        outcomes = judge_held()(facts, held) if held else judge(facts)
        return frozenset(compress(slugs, outcomes)) | (facts.segments - judged)

    return stand


def _held(segments: Iterable[Planned], pins: Pins) -> dict[str, bool]:
    """Return what pins decide: on a ladder the first rung held in wins, before any rule."""
    held: dict[str, bool] = {}
    for segment in segments:
        pinned = next((slug for slug in segment.rungs if pins.get(slug) == Pin.Held.IN), None)
        if pinned is not None:
            held[segment.slug] = pinned == segment.slug
        elif segment.slug in pins:
            held[segment.slug] = pins[segment.slug] == Pin.Held.IN
    return held
