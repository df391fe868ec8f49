"""The proof before publishing: what is wrong with a draft, and what scores it can give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain

from apps.quizzes import linting, overrides
from apps.quizzes.definition import Definition, Tier, load, plain
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz
from apps.quizzes.problems import (
    Problem,
    jump_problems,
    question_problems,
    trait_problems,
)
from apps.quizzes.ranges import Outlook, Range, outlook, score_range
from apps.rules.errors import RuleError


@dataclass(frozen=True, slots=True)
class Proof:
    """The problems, the range of every scale, and each tier's share of all ways to answer."""

    problems: tuple[Problem, ...]
    ranges: Mapping[str, Range] = field(default_factory=dict)  # by scale: lowest, highest
    shares: Mapping[str, float] | None = None  # by tier, 0 to 1; None: it came to no count
    reached: frozenset[str] = frozenset()  # keys of tiers
    sampled: bool = False  # the shares are an estimate

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.blocks]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.blocks]


def proof(quiz: Quiz) -> Proof:
    """Return the proof of a draft as it stands now."""
    return prove(load(freeze(quiz)))


def prove(definition: Definition) -> Proof:
    found = [
        *question_problems(definition),
        *jump_problems(definition),
        *trait_problems(definition),
        *tier_problems(definition),
        *linting.text_problems(definition),
        *linting.look_problems(definition),
    ]
    if any(problem.blocks for problem in found):
        return Proof(problems=tuple(found))
    return _prove_scores(definition, found)


def _prove_scores(definition: Definition, found: list[Problem]) -> Proof:
    """Go on with a quiz whose parts are sound: what can be reached, and with which scores."""
    told = {scale.key: score_range(definition, scale.key) for scale in definition.scales}
    ranges = {scale: one for scale, one in told.items() if one is not None}
    seen = outlook(definition)
    more = chain(
        linting.answer_problems(definition, ranges),
        _sampled(definition, told) if seen.sampled else (),
        _unreached(definition, seen, ranges),
        _ties(seen) if definition.scoring == "outcomes" else (),
    )
    return Proof(
        problems=(*found, *more),
        ranges=ranges,
        shares=seen.shares,
        reached=seen.tiers,
        sampled=seen.sampled,
    )


def tier_problems(definition: Definition) -> Iterator[Problem]:
    if not definition.scales:
        yield Problem("There is no scale to count points on: add one.")
    if not definition.tiers:
        yield Problem("There are no tiers yet: a respondent would get no result.")
    elif not any(_has_own_way(definition, tier) for tier in definition.tiers):
        yield Problem(
            "No outcome stands for a scale: choose one for each."
            if definition.scoring == "outcomes"
            else "No tier begins at the bottom: leave “starts at” blank for the lowest one."
        )
    for tier in definition.tiers:
        for message in _tier_faults(definition, tier):
            yield Problem(f"Tier “{tier.label}”: {message}", tier=tier.key)


def _has_own_way(definition: Definition, tier: Tier) -> bool:
    if definition.scoring == "outcomes":
        return bool(tier.scale)
    return not tier.scale and not tier.override_only and tier.starts_at is None


def _tier_faults(definition: Definition, tier: Tier) -> Iterator[str]:
    if definition.scoring == "outcomes":
        if tier.starts_at is not None:
            yield "in a quiz of outcomes a scale decides, not “starts at”."
        elif not tier.scale and not tier.override_only:
            yield "it stands for no scale: choose one, or tick “by override only”."
    elif tier.scale:
        yield "in a quiz of tiers the score decides: leave its scale blank."
    if tier.override_only and tier.override is None:
        yield "it is reached by its override rule only, and has none."
    if tier.override is not None:
        try:
            overrides.read(tier, definition)
        except RuleError as error:
            yield f"its override rule cannot be read. {error}"


def _unreached(
    definition: Definition, seen: Outlook, ranges: Mapping[str, Range]
) -> Iterator[Problem]:
    if seen.empty:
        yield Problem("Some respondents would be asked nothing: every question may be passed over.")
    yield from _unreached_questions(definition, seen)
    for ending in definition.endings:
        if seen.misses(ending=ending.key):
            yield Problem(
                f"Ending “{ending.label}” cannot be reached: no path ends there.",
                code="unreachable",
            )
    yield from _unreached_tiers(definition, seen, ranges)


def _unreached_questions(definition: Definition, seen: Outlook) -> Iterator[Problem]:
    for place, question in enumerate(definition.questions):
        if seen.misses(place=place):
            yield Problem(
                f"“{question.title}” is on no path: every way jumps past it.",
                question=question.key,
                code="unreachable",
            )
            continue
        for number, jump in enumerate(question.jumps):
            idle = not seen.sampled and (place, number) not in seen.taken
            if idle and jump.rule is not None:
                yield Problem(
                    f"“{question.title}”: jump {number + 1} is never taken: no answers that"
                    " lead here make its rule hold, or an earlier one always holds too.",
                    blocks=False,
                    code="never_taken",
                    question=question.key,
                )


def _unreached_tiers(
    definition: Definition, seen: Outlook, ranges: Mapping[str, Range]
) -> Iterator[Problem]:
    low, high = ranges.get(definition.scales[0].key, (None, None))
    if definition.scoring == "tiers" and low is not None and low == high:
        yield Problem(f"Every path gives the same score, {plain(low)}.", blocks=False)
    for tier in definition.tiers:
        if seen.misses(tier=tier.key):
            yield Problem(
                f"Tier “{tier.label}” cannot be reached: {_why_not(definition, tier, low, high)}.",
                tier=tier.key,
                code="unreachable",
            )


def _why_not(definition: Definition, tier: Tier, low: Decimal | None, high: Decimal | None) -> str:
    if tier.override_only:
        return "no answers make its override rule hold, or that of a tier above it holds too"
    if definition.scoring == "outcomes":
        return "another outcome always has more points"
    if definition.bands == "percent" or low is None or high is None:
        return "no path gives such a score"
    return f"scores run from {_shown(low)} to {_shown(high)}"


def _shown(value: Decimal) -> float:
    return plain(round(value, 2))


def _sampled(definition: Definition, told: Mapping[str, Range | None]) -> Iterator[Problem]:
    yield Problem(
        "There are too many ways to answer to count them all: the shares are estimated from a"
        " sample, and what it did not meet may still be reached.",
        blocks=False,
        code="sampled",
    )
    for scale in definition.scales:
        if told[scale.key] is None:
            yield Problem(f"The range of “{scale.label}” could not be told.", blocks=False)


def _ties(seen: Outlook) -> Iterator[Problem]:
    if seen.ties:
        share = max(1, round(100 * seen.ties))
        yield Problem(
            f"{share} % of all ways to answer end in a tie. {Quiz.TIE_RULE}",
            blocks=False,
            code="ties",
        )
