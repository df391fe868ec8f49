"""Which questions are asked, in which order: pure functions of a definition and answers.

Answers are values by question key; a key that is there was answered, None means skipped.
Jumps lead forward only (publishing sees to it), so every path ends. A rule on the way reads
the answers on the path so far, what the response came with, and the score up to there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from apps.quizzes import conditions
from apps.quizzes.conditions import OF_THE_SCORE, Test
from apps.quizzes.counting import figures, tallies
from apps.quizzes.definition import ONE, Definition, Question
from apps.rules.facts import Facts
from apps.rules.keys import keys
from apps.rules.nodes import Rule

Answers = Mapping[str, Any]
Hidden = Mapping[str, str]
NOTHING: Hidden = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class End:
    """The end of a path; the key of its ending, where that is not the tier's own page."""

    ending: str | None = None


Target = int | End  # the place of a question, or the end


@dataclass(frozen=True, slots=True)
class Route:
    """How one goes on from a question: whether it is asked at all, and where each rule leads."""

    visible: Test | None
    jumps: tuple[tuple[Test | None, Target], ...]
    by_choice: Mapping[str, Target]
    onward: Target
    scored: bool  # whether a rule here reads a score: then it is counted up to here


@dataclass(frozen=True, slots=True)
class Walk:
    """A path as far as the answers lead."""

    path: tuple[str, ...]  # of an unfinished one the last is the question that waits
    counted: dict[str, Any]  # the answers on it, in its order
    waiting: Question | None
    ending: str | None = None


@dataclass(slots=True)
class Known:
    """What rules may read at one point of a path; the score is counted only when asked for."""

    definition: Definition
    hidden: Hidden
    counted: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.traits = {f"hidden.{name}": value for name, value in self.hidden.items()}

    def add(self, question: Question, value: Any, *, to_be_read: bool = True) -> None:
        self.counted[question.key] = value
        if to_be_read:
            self.traits |= conditions.facts_of(question, value)

    def facts(self, *, scored: bool) -> Facts:
        if not scored:
            return Facts(traits=self.traits)
        named = figures(self.definition, tallies(self.definition, self.counted))
        return Facts(traits={**self.traits, **named})


def walk(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> Walk:
    """Follow the answers from the first question to the end, or to the first that waits."""
    known = Known(definition, hidden)
    asked: list[str] = []
    table, ruled = routes(definition), bool(rules_on_the_way(definition))
    target: Target = 0 if definition.questions else End(definition.usual_end)
    while isinstance(target, int):
        question, route = definition.questions[target], table[target]
        if route.visible is not None and not route.visible(known.facts(scored=route.scored)):
            target = route.onward
            continue
        asked.append(question.key)
        if question.key not in answers:
            return Walk(tuple(asked), known.counted, question)
        known.add(question, answers[question.key], to_be_read=ruled)
        target = _taken(route, answers[question.key], known)
    return Walk(tuple(asked), known.counted, None, target.ending)


def _taken(route: Route, value: object, known: Known) -> Target:
    """Return where an answer leads: the first rule that holds, the choice's own way, or on."""
    if route.jumps:
        facts = known.facts(scored=route.scored)
        for test, target in route.jumps:
            if test is None or test(facts):
                return target
    if route.by_choice and isinstance(value, str):
        return route.by_choice.get(value, route.onward)
    return route.onward


def path(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> tuple[str, ...]:
    """Return the keys of the questions asked, in order.

    Of an unfinished response the last one is the question that waits for its answer.
    """
    return walk(definition, answers, hidden).path


def answered(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> dict[str, Any]:
    """Return the answers that count: those on the path taken, in its order."""
    return walk(definition, answers, hidden).counted


def waiting(definition: Definition, answers: Answers, hidden: Hidden = NOTHING) -> Question | None:
    """Return the first question without an answer, or None at the end of the path."""
    return walk(definition, answers, hidden).waiting


def following(
    definition: Definition, answers: Answers, key: str, hidden: Hidden = NOTHING
) -> Question | None:
    """Return the question asked after `key`, answered before or not; None at the end."""
    found = path(definition, answers, hidden)
    place = found.index(key) + 1
    return definition.question(found[place]) if place < len(found) else None


def previous(
    definition: Definition, answers: Answers, key: str, hidden: Hidden = NOTHING
) -> Question | None:
    """Return the question asked before `key`; None for the first one."""
    found = path(definition, answers, hidden)
    place = found.index(key) if key in found else 0
    return definition.question(found[place - 1]) if place else None


def progress(definition: Definition, answers: Answers, key: str, hidden: Hidden = NOTHING) -> float:
    """Return how much of the longest way through `key` lies behind it, from 0 to 1.

    It never falls while a respondent goes on: an answer can only shorten what remains.
    """
    found = path(definition, answers, hidden)
    behind = found.index(key) if key in found else 0
    place = definition.places.get(key)
    ahead = longest(definition)[place] if place is not None else 0
    return behind / (behind + ahead) if behind + ahead else 1.0


@lru_cache(maxsize=256)
def routes(definition: Definition) -> tuple[Route, ...]:
    """Return how one goes on from each place; raises RuleError for a rule that says nothing."""
    return tuple(_route(definition, place) for place in range(len(definition.questions)))


def _route(definition: Definition, place: int) -> Route:
    question = definition.questions[place]
    rules = [None if jump.rule is None else _test(jump.rule, definition) for jump in question.jumps]
    return Route(
        visible=None if question.visible is None else _test(question.visible, definition),
        jumps=tuple(zip(rules, leads(definition, question), strict=True)),
        by_choice=_by_choice(definition, question),
        onward=place + 1 if place + 1 < len(definition.questions) else End(definition.usual_end),
        scored=_reads_score(definition, question),
    )


def _reads_score(definition: Definition, question: Question) -> bool:
    sources = (question.visible, *(jump.rule for jump in question.jumps))
    return any(
        trait.partition(".")[0] in OF_THE_SCORE
        for source in sources
        if source is not None
        for trait in keys(conditions.parse(source, definition)).traits
    )


def leads(definition: Definition, question: Question) -> list[Target]:
    """Return where each jump of a question leads, in their order."""
    return [
        definition.places[jump.to]
        if jump.to is not None
        else End(jump.ending or definition.usual_end)
        for jump in question.jumps
    ]


def _by_choice(definition: Definition, question: Question) -> dict[str, Target]:
    """Return where choices lead that say so themselves."""
    found: dict[str, Target] = {}
    for choice in question.choices if question.kind in ONE else ():
        if choice.ends:
            found[choice.key] = End(definition.usual_end)
        elif choice.jump is not None:
            found[choice.key] = definition.places[choice.jump]
    return found


def _test(source: Mapping[str, Any], definition: Definition) -> Test:
    return conditions.test(conditions.parse(dict(source), definition))


@lru_cache(maxsize=256)
def rules_on_the_way(definition: Definition) -> tuple[Rule, ...]:
    """Return every rule of jumps and visibility."""
    sources = [
        source
        for question in definition.questions
        for source in (question.visible, *(jump.rule for jump in question.jumps))
        if source is not None
    ]
    return tuple(conditions.parse(dict(source), definition) for source in sources)


def ways_on(definition: Definition, place: int) -> Iterator[Target]:
    """Yield every target that some answer might lead to, whatever the rules say of each other."""
    question, route = definition.questions[place], routes(definition)[place]
    if route.visible is not None:
        yield route.onward
    for test, target in route.jumps:
        yield target
        if test is None:
            return
    yield from route.by_choice.values()
    keys_offered = {choice.key for choice in question.choices}
    if not (question.required and route.by_choice and keys_offered <= set(route.by_choice)):
        yield route.onward


@lru_cache(maxsize=256)
def longest(definition: Definition) -> tuple[int, ...]:
    """Return, by place, how many questions the longest way from there asks, itself included."""
    ways = [0] * (len(definition.questions) + 1)
    for place in reversed(range(len(definition.questions))):
        ahead = (ways[to] if isinstance(to, int) else 0 for to in ways_on(definition, place))
        ways[place] = 1 + max(ahead)
    return tuple(ways)
