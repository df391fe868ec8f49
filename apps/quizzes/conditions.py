"""Rules within a quiz, in the language of segments: over answers, hidden fields and scores.

Jumps, visibility and the overrides of tiers are such rules. On the way only the answers on
the path so far are facts: what an abandoned branch said is never read.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.traits import answer_traits, answer_values
from apps.quizzes.wording import FIELD_LABELS
from apps.rules import codec
from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.clock import Calendar, Clock
from apps.rules.compiling import Compiled
from apps.rules.errors import Code, RuleError
from apps.rules.facts import Facts
from apps.rules.keys import keys, leaves
from apps.rules.kinds import Kind as TraitKind
from apps.rules.nodes import Rule, TraitCondition
from apps.rules.operators import operator

# No rule here depends on the time it is read at: those that would are refused.
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
ANY_CALENDAR = Calendar(UTC)
ANY_CLOCK = Clock(ANY_TIME, ANY_CALENDAR)
HIDDEN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
OF_THE_SCORE = ("score", "percent")
TIMELESS = frozenset({"before", "after", "on", "between", "is_set", "is_not_set"})

Traits = Mapping[str, object]
Test = Callable[[Facts], bool]


@lru_cache(maxsize=64)
def catalogue(definition: Definition) -> Catalogue:
    """Return what a rule of this quiz may read: score, percent, answers, hidden fields."""
    specs = [
        TraitSpec("score", "Score", TraitKind.NUMBER),
        TraitSpec("percent", "Percent of the attainable score", TraitKind.NUMBER),
        *_of_scales(definition),
        *(spec for question in definition.questions for spec in readable(question)),
        *(TraitSpec(f"hidden.{name}", name, TraitKind.TEXT) for name in hidden_names(definition)),
    ]
    return Catalogue({spec.key: spec for spec in specs})


def hidden_names(definition: Definition) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*HIDDEN, *definition.hidden)))


def _of_scales(definition: Definition) -> Iterator[TraitSpec]:
    for scale in definition.scales:
        yield TraitSpec(f"score.{scale.key}", f"Score on {scale.label}", TraitKind.NUMBER)
        yield TraitSpec(f"percent.{scale.key}", f"Percent on {scale.label}", TraitKind.NUMBER)


def readable(question: Question) -> list[TraitSpec]:
    """Return what rules may read of a question: more than what becomes traits of a contact."""
    key = f"answer.{question.key}"
    if question.kind in {Kind.EMAIL, Kind.PHONE}:
        return [TraitSpec(key, question.title, TraitKind.TEXT)]
    if question.kind is Kind.CONTACT:
        return [
            TraitSpec(f"{key}.{name}", f"{question.title}: {FIELD_LABELS[name]}", TraitKind.TEXT)
            for name in question.fields
        ]
    own = answer_traits(question, key=key)
    return own if question.kind is Kind.MATRIX else own[:1]  # without what is beside “other”


def facts_of(question: Question, value: Any) -> dict[str, object]:
    """Return what rules read of one answer."""
    key = f"answer.{question.key}"
    if question.kind is Kind.CONTACT:
        return {f"{key}.{name}": value[name] for name in question.fields if (value or {}).get(name)}
    return answer_values(question, value, key=key)


def parse(source: object, definition: Definition) -> Rule:
    """Return a rule over this quiz; raises RuleError for anything else."""
    rule = codec.loads(source, catalogue(definition))
    if keys(rule).events:
        raise RuleError(Code.WRONG_SHAPE, "A rule in a quiz reads answers and score, not events.")
    for leaf in leaves(rule):
        if isinstance(leaf, TraitCondition) and leaf.kind is TraitKind.DATE:
            _check_timeless(leaf)
    return rule


def _check_timeless(leaf: TraitCondition) -> None:
    if leaf.op not in TIMELESS:
        label = operator(leaf.op, leaf.kind).label
        raise RuleError(
            Code.UNKNOWN_OPERATOR,
            f"“{label}” depends on the day it is asked: a date in a quiz is compared with dates.",
        )


def test(rule: Rule) -> Test:
    """Return the rule as a function of facts."""
    judge = Compiled([("rule", rule)]).outcomes(ANY_CLOCK)
    return lambda facts: judge(facts)[0]
