"""What scores a quiz can give: exact, over all paths, or from a sample where there are too many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from apps.quizzes import overrides, sampling
from apps.quizzes.definition import Definition
from apps.quizzes.exploring import Explorer, Followed, State, TooMany, explore, following
from apps.quizzes.offers import MILLION
from apps.quizzes.scoring import by_score
from apps.quizzes.worth import ZERO

if TYPE_CHECKING:
    from apps.quizzes.solving import Paths

Range = tuple[Decimal, Decimal]
Spread = Counter[tuple[Decimal, ...]]  # how many ways of answering give these scores


@dataclass(frozen=True, slots=True)
class Never:
    """What no way reaches."""

    asked: frozenset[int]
    endings: frozenset[str]
    tiers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can come of a quiz. Where it is `sampled`, only what was met is known to be so."""

    asked: frozenset[int]  # places of questions
    taken: frozenset[tuple[int, int]]  # places and numbers of jumps
    endings: frozenset[str | None]
    tiers: frozenset[str]
    shares: Mapping[str, float]  # by tier
    ties: float  # the share of all ways on which outcomes are equal
    empty: bool  # some way asks nothing at all
    sampled: bool = False
    never: Never | None = None  # what is proved of the rest, where it is sampled

    def misses(self, *, place: int = -1, ending: str = "", tier: str = "") -> bool:
        """Return whether it is proved that no way reaches this."""
        if not self.sampled:
            asked = place == -1 or place in self.asked
            ended = not ending or ending in self.endings
            return not (asked and ended and (not tier or tier in self.tiers))
        never = self.never or Never(frozenset(), frozenset(), frozenset())
        return place in never.asked or ending in never.endings or tier in never.tiers


def outlook(definition: Definition) -> Outlook:
    """Return what all ways through a quiz come to; a sample of them where they are too many."""
    try:
        explorer, found = explore(definition, at_end=decisive(definition), with_overrides=True)
    except TooMany:
        return _proved(definition, Outlook(**sampling.sample(definition)))
    counts: Counter[str] = Counter()
    tied = 0
    for (_, state), ways in found.ends.items():
        counts[_tier_of(explorer, state)] += ways
        tied += ways if _is_tie(explorer, state) else 0
    total = sum(counts.values())
    return Outlook(
        asked=frozenset(found.asked),
        taken=frozenset(found.taken),
        endings=frozenset(ending for ending, _ in found.ends),
        tiers=frozenset(counts),
        shares={tier.key: counts[tier.key] / total for tier in definition.tiers},
        ties=tied / total,
        empty=any(state.fresh for _, state in found.ends),
    )


def _proved(definition: Definition, sampled: Outlook) -> Outlook:
    """Return the outlook of a sample with what the solver proves of what it did not meet."""
    paths = solved(definition)
    if paths is None:
        return sampled
    places = set(range(len(definition.questions))) - sampled.asked
    endings = {one.key for one in definition.endings} - sampled.endings
    tiers = {tier.key for tier in definition.tiers} - sampled.tiers
    asked = {place: paths.asked(place) for place in places}
    ended = {key: key in paths.endings and paths.possible(paths.endings[key]) for key in endings}
    reached = {key: paths.possible(paths.tiers[key]) for key in tiers}
    return replace(
        sampled,
        asked=sampled.asked | {place for place, found in asked.items() if found},
        endings=sampled.endings | {key for key, found in ended.items() if found},
        tiers=sampled.tiers | {key for key, found in reached.items() if found},
        never=Never(
            frozenset(place for place, found in asked.items() if found is False),
            frozenset(key for key, found in ended.items() if found is False),
            frozenset(key for key, found in reached.items() if found is False),
        ),
    )


@lru_cache(maxsize=4)
def solved(definition: Definition) -> "Paths | None":
    """Return the quiz as the solver reads it; None where it cannot."""
    from apps.quizzes.solving import Paths, Undecided  # noqa: PLC0415  loads z3

    try:
        return Paths(definition)
    except Undecided:
        return None


def decisive(definition: Definition) -> list[Followed]:
    """Return the scales that decide the tier."""
    if definition.scoring == "outcomes":
        return [following(definition, tier.scale) for tier in definition.tiers if tier.scale]
    by_percent = definition.bands == "percent"
    return [following(definition, definition.scales[0].key, most=by_percent)]


def score_range(definition: Definition, scale: str) -> Range | None:
    """Return the lowest and highest score that any path can give; None: it cannot be told."""
    one = following(definition, scale)
    try:
        _, found = explore(definition, extremes=one)
    except TooMany:
        paths = None if one.items else solved(definition)
        return paths.range(scale) if paths else None
    ends = [
        (Decimal(value) / MILLION / (number or 1) if one.items else Decimal(value) / MILLION)
        for gathered in found.ends.values()
        for number, pair in gathered.items()
        for value in pair
    ]
    return min(ends, default=ZERO), max(ends, default=ZERO)


def reachable(definition: Definition) -> set[str]:
    """Return the keys of the questions that some path asks. Raises TooMany."""
    _, found = explore(definition)
    return {definition.questions[place].key for place in found.asked}


def spread(definition: Definition, scales: Sequence[str]) -> Spread:
    """Return how many ways of answering give each combination of scores. Raises TooMany.

    A question to which anything may be answered, and that no rule reads, is taken as answered
    in one way.
    """
    explorer, found = explore(definition, at_end=[following(definition, scale) for scale in scales])
    ways: Spread = Counter()
    for (_, state), count in found.ends.items():
        tallies = explorer.tallies(state)
        methods = {one.key: one.method for one in definition.scales}
        ways[tuple(tallies[scale].score(methods[scale]) for scale in scales)] += count
    return ways


def _values(explorer: Explorer, state: State) -> dict[str, Decimal]:
    found = explorer.tallies(state)
    methods = {scale.key: scale.method for scale in explorer.definition.scales}
    return {key: tally.score(methods[key]) for key, tally in found.items()}


def _tier_of(explorer: Explorer, state: State) -> str:
    overriding = overrides.first(explorer.definition, explorer.facts(state))
    if overriding:
        return overriding.key
    percents = {key: one.percent() for key, one in explorer.tallies(state).items()}
    return by_score(explorer.definition, _values(explorer, state), percents).key


def _is_tie(explorer: Explorer, state: State) -> bool:
    if explorer.definition.scoring != "outcomes":
        return False
    values = _values(explorer, state)
    rivals = [values[tier.scale] for tier in explorer.definition.tiers if tier.scale]
    return rivals.count(max(rivals)) > 1
