"""All ways through a quiz at once, by dynamic programming over its questions.

The state at a question is only what later rules and the final scores still read: the answers
that some later condition reads (as the case they fall in), the points of followed scales, and
whether anything was asked yet. Ways that agree in it are one from there on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Any

from apps.quizzes import overrides
from apps.quizzes.branching import End, Route, Target, routes
from apps.quizzes.conditions import facts_of, parse, readable
from apps.quizzes.counting import Tally, shown_scale
from apps.quizzes.definition import Definition, Question
from apps.quizzes.offers import MILLION, Asked, Case, Followed, TooMany, Worths, cases
from apps.quizzes.samples import hidden_samples
from apps.rules.facts import Facts
from apps.rules.keys import leaves
from apps.rules.nodes import Rule, TraitCondition

__all__ = ["Explored", "Followed", "State", "TooMany", "explore"]

STEPS = 300_000  # answers looked at: past them only a sample tells
HIDDEN = -1  # the place of what came with the start
MOST_HIDDEN = 200  # combinations of hidden values


@dataclass(frozen=True, slots=True)
class State:
    kept: tuple[tuple[int, int], ...]  # which case of which place, where that is still read
    worths: Worths
    fresh: bool  # nothing was asked yet


@dataclass(slots=True)
class Explored:
    """What was met on the way, and the states at the ends with what gathers there."""

    asked: set[int] = field(default_factory=set)
    taken: set[tuple[int, int]] = field(default_factory=set)  # place, number of the jump
    ends: dict[tuple[str | None, State], Any] = field(default_factory=dict)


class Gathering:
    """What is gathered on the way beside the state: here, how many ways there are."""

    start: Any = 1
    none: Any = 0

    def after(self, gathered: Any, case: Case, more: Any) -> Any:
        return gathered * case.ways

    def joined(self, one: Any, other: Any) -> Any:
        return one + other


class Extremes(Gathering):
    """The least and the most points of one more scale, by how many answers count on it."""

    start: Any = {0: (0, 0)}
    none: Any = {0: (0, 0)}

    def after(self, gathered: Any, case: Case, more: Any) -> Any:
        found: dict[int, tuple[int, int]] = {}
        for (items, ends), (number, others) in product(gathered.items(), more.items()):
            summed = (ends[0] + others[0], ends[1] + others[1])
            found[items + number] = wider(found.get(items + number), summed)
        return found

    def joined(self, one: Any, other: Any) -> Any:
        return {items: wider(one.get(items), other.get(items)) for items in {**one, **other}}


def wider(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int]:
    ends = [ends for ends in (one, other) if ends is not None]
    return min(low for low, _ in ends), max(high for _, high in ends)


class Explorer:
    """Goes through a quiz; scales are followed as long as something still reads them."""

    def __init__(
        self,
        definition: Definition,
        *,
        at_end: Sequence[Followed] = (),
        extremes: Followed | None = None,
        with_overrides: bool = False,
    ) -> None:
        self.definition = definition
        self.count = len(definition.questions)
        self._read = list(_reading(definition, with_overrides=with_overrides))
        on_the_way = followed_by(definition, [leaf for _, leaf in self._read])
        self.scales = _merged([*at_end, *on_the_way])
        self._until = self._last_use({one.key for one in at_end})
        self._extremes = extremes
        self._gathering = Extremes() if extremes else Gathering()
        self._last = self._last_reading()
        self._cases = [self._cases_of(question) for question in definition.questions]
        self._hidden = hidden_samples(
            {
                leaf.trait: self._leaves_of({leaf.trait})
                for _, leaf in self._read
                if leaf.trait.startswith("hidden.")
            }
        )
        self._tests: dict[object, Any] = {}
        self._steps = 0

    def explore(self) -> Explored:
        """Raises TooMany where there is more to look at than is reasonable."""
        found = Explored()
        arriving: list[dict[State, Any]] = [{} for _ in self.definition.questions]
        if len(self._hidden) > MOST_HIDDEN:
            raise TooMany
        nothing = tuple((0, 0, 0) for _ in self.scales)
        for number in range(len(self._hidden)):
            state = State(((HIDDEN, number),), nothing, fresh=True)
            start = self._gathering.start if number == 0 else self._gathering.none
            self._arrive(found, arriving, 0 if self.count else End(), state, start)
        for place, route in enumerate(routes(self.definition)):
            for state, gathered in arriving[place].items():
                self._go_on(found, arriving, place, route, state, gathered)
            arriving[place] = {}
        return found

    def _go_on(
        self,
        found: Explored,
        arriving: list[dict[State, Any]],
        place: int,
        route: Route,
        state: State,
        gathered: Any,
    ) -> None:
        if route.visible is not None and not self._holds(route.visible, state):
            self._arrive(found, arriving, route.onward, state, gathered)
            return
        found.asked.add(place)
        for number, (case, more) in enumerate(self._cases[place]):
            self._count_step()
            kept = state.kept
            if self._last[place] >= place:
                kept = (*kept, (place, number))
            then = State(kept, _sum(state.worths, case.worths), fresh=False)
            target = self._target(found, place, route, then, case)
            self._arrive(found, arriving, target, then, self._gathering.after(gathered, case, more))

    def _target(
        self, found: Explored, place: int, route: Route, state: State, case: Case
    ) -> Target:
        for number, (test, target) in enumerate(route.jumps):
            if test is None or self._holds(test, state):
                found.taken.add((place, number))
                return target
        if route.by_choice and isinstance(case.value, str):
            return route.by_choice.get(case.value, route.onward)
        return route.onward

    def _arrive(
        self,
        found: Explored,
        arriving: list[dict[State, Any]],
        target: Target,
        state: State,
        gathered: Any,
    ) -> None:
        place = target if isinstance(target, int) else self.count
        kept = tuple(pair for pair in state.kept if self._last[pair[0]] >= place)
        worths = tuple(
            worth if self._until[one.key] >= place else (0, 0, 0)
            for one, worth in zip(self.scales, state.worths, strict=True)
        )
        state = State(kept, worths, state.fresh)
        if isinstance(target, int):
            here: dict[Any, Any] = arriving[target]
            key: Any = state
        else:
            here, key = found.ends, (target.ending, state)
        here[key] = self._gathering.joined(here[key], gathered) if key in here else gathered

    def _holds(self, test: Callable[[Facts], bool], state: State) -> bool:
        key = (test, state.kept, state.worths)
        if key not in self._tests:
            self._tests[key] = test(self.facts(state))
        return bool(self._tests[key])

    def facts(self, state: State) -> Facts:
        """Return what rules read in a state."""
        traits: dict[str, object] = {}
        for place, number in state.kept:
            if place == HIDDEN:
                traits |= self._hidden[number]
            else:
                case, _ = self._cases[place][number]
                traits |= facts_of(self.definition.questions[place], case.value)
        return Facts(traits={**traits, **self.figures(state)})

    def tallies(self, state: State) -> dict[str, Tally]:
        """Return the scales that are followed, as far as they are."""
        return {
            one.key: Tally(Decimal(total) / MILLION, number, Decimal(top) / MILLION)
            for one, (total, number, top) in zip(self.scales, state.worths, strict=True)
        }

    def figures(self, state: State) -> dict[str, float]:
        return named(self.definition, self.tallies(state))

    def _cases_of(self, question: Question) -> list[tuple[Case, Any]]:
        """Return a question's cases, each with what it gives of the scale of extremes."""
        conditions = self._leaves_of(set(_traits_of(question)))
        scales = (*self.scales, self._extremes) if self._extremes else self.scales
        route = routes(self.definition)[self.definition.places[question.key]]
        asked = Asked(question, conditions, scales, apart=bool(route.by_choice))
        found = cases(asked)
        return _folded(found) if self._extremes else [(case, None) for case in found]

    def _leaves_of(self, traits: set[str]) -> list[TraitCondition]:
        return list(dict.fromkeys(leaf for _, leaf in self._read if leaf.trait in traits))

    def _last_reading(self) -> dict[int, int]:
        """Return where each question is read last; -1 above all where it never is."""
        last = dict.fromkeys(range(HIDDEN, self.count), -2)
        owner = {
            trait: place
            for place, question in enumerate(self.definition.questions)
            for trait in _traits_of(question)
        }
        for place, leaf in self._read:
            if leaf.trait in owner:
                last[owner[leaf.trait]] = max(last[owner[leaf.trait]], place)
            elif leaf.trait.startswith("hidden."):
                last[HIDDEN] = max(last[HIDDEN], place)
        return last

    def _last_use(self, at_end: set[str]) -> dict[str, int]:
        last = {one.key: self.count if one.key in at_end else -1 for one in self.scales}
        for place, leaf in self._read:
            for one in followed_by(self.definition, [leaf]):
                last[one.key] = max(last[one.key], place)
        return last

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise TooMany


def explore(definition: Definition, **wanted: Any) -> tuple[Explorer, Explored]:
    """Return all ways through a quiz. Raises TooMany."""
    explorer = Explorer(definition, **wanted)
    return explorer, explorer.explore()


def followed_by(definition: Definition, conditions: Sequence[TraitCondition]) -> list[Followed]:
    """Return the scales that conditions read, with what they need of them."""
    found = []
    for leaf in conditions:
        what, _, scale = leaf.trait.partition(".")
        if what not in {"score", "percent"}:
            continue
        outcomes = [tier.scale for tier in definition.tiers if tier.scale]
        main = [one.key for one in definition.scales[:1]]
        wanted = [scale] if scale else outcomes if definition.scoring == "outcomes" else main
        found += [following(definition, key, most=what == "percent") for key in wanted]
    return _merged(found)


def following(definition: Definition, key: str, *, most: bool = False) -> Followed:
    method = next(scale.method for scale in definition.scales if scale.key == key)
    return Followed(key, items=method == "mean", most=most)


def named(definition: Definition, found: Mapping[str, Tally]) -> dict[str, float]:
    """Return `score` and `percent` of the scales that are followed, as rules name them."""
    methods = {scale.key: scale.method for scale in definition.scales}
    figures: dict[str, float] = {}
    for key, tally in found.items():
        figures[f"score.{key}"] = float(tally.score(methods[key]))
        figures[f"percent.{key}"] = tally.percent()
    outcomes = {tier.scale for tier in definition.tiers if tier.scale}
    needed = outcomes if definition.scoring == "outcomes" else {definition.scales[0].key}
    if needed and needed <= set(found):
        values = {key: found[key].score(methods[key]) for key in found}
        main = shown_scale(definition, values).key
        figures |= {"score": figures[f"score.{main}"], "percent": figures[f"percent.{main}"]}
    return figures


def _reading(definition: Definition, *, with_overrides: bool) -> list[tuple[int, TraitCondition]]:
    """Return every condition with the place where it is looked at; overrides are at the end."""
    rules: list[tuple[int, Rule]] = []
    for place, question in enumerate(definition.questions):
        sources = [question.visible, *(jump.rule for jump in question.jumps)]
        rules += [(place, parse(source, definition)) for source in sources if source is not None]
    if with_overrides:
        end = len(definition.questions)
        written = [tier for tier in definition.tiers if tier.override is not None]
        rules += [(end, overrides.read(tier, definition)) for tier in written]
    return [
        (place, leaf)
        for place, rule in rules
        for leaf in leaves(rule)
        if isinstance(leaf, TraitCondition)
    ]


def _traits_of(question: Question) -> list[str]:
    return [spec.key for spec in readable(question)]


def _merged(found: Sequence[Followed]) -> list[Followed]:
    """Return each scale once, with all that is needed of it."""
    by_key: dict[str, Followed] = {}
    for one in found:
        before = by_key.get(one.key, one)
        by_key[one.key] = Followed(
            one.key, items=before.items or one.items, most=before.most or one.most
        )
    return list(by_key.values())


def _sum(one: Worths, other: Worths) -> Worths:
    return tuple((a[0] + b[0], a[1] + b[1], a[2] + b[2]) for a, b in zip(one, other, strict=True))


def _folded(found: Sequence[Case]) -> list[tuple[Case, Any]]:
    """Fold the cases that differ in their last scale only into one, with its extremes."""
    folded: dict[object, tuple[Case, dict[int, tuple[int, int]]]] = {}
    for case in found:
        *others, (total, number, _) = case.worths
        key = (case.truths, tuple(others), case.lead)
        _, ends = folded.setdefault(
            key, (Case(case.value, case.truths, tuple(others), case.ways, case.lead), {})
        )
        ends[number] = wider(ends.get(number), (total, total))
    return list(folded.values())
