"""What a rule reads: the reading that says which rules a change can touch."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from apps.rules.nodes import (
    All,
    Any,
    EventCondition,
    Leaf,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
)


@dataclass(frozen=True, slots=True)
class Keys:
    traits: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()

    def __or__(self, other: "Keys") -> "Keys":
        return Keys(
            self.traits | other.traits,
            self.events | other.events,
            self.segments | other.segments,
        )

    def as_marks(self) -> frozenset[str]:
        """Return them as one set: `trait:plan`, `event:order_completed`, `segment:customers`."""
        return frozenset(
            [f"trait:{trait}" for trait in self.traits]
            + [f"event:{event}" for event in self.events]
            + [f"segment:{segment}" for segment in self.segments]
        )


def keys(rule: Rule) -> Keys:
    """Return every trait, event and segment that the rule reads."""
    found = list(leaves(rule))
    return Keys(
        traits=frozenset(leaf.trait for leaf in found if isinstance(leaf, TraitCondition)),
        events=frozenset(name for leaf in found for name in _events(leaf)),
        segments=frozenset(leaf.segment for leaf in found if isinstance(leaf, SegmentCondition)),
    )


def _events(leaf: Leaf) -> tuple[str, ...]:
    """Return the name of the event, and of the one that has to follow it."""
    if not isinstance(leaf, EventCondition):
        return ()
    return (leaf.event,) if leaf.then is None else (leaf.event, leaf.then.event)


def leaves(rule: Rule) -> Iterable[Leaf]:
    """Yield the conditions of the rule from left to right."""
    match rule:
        case All(rules) | Any(rules):
            for part in rules:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case TraitCondition() | EventCondition() | SegmentCondition():
            yield rule
        case _:
            assert_never(rule)
