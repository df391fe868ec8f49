"""Where an imported form leads, seen from one question: as its author would read its logic."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apps.quizzes.branching import End, Known, routes
from apps.quizzes.definition import MANY, ONE, Definition, Question
from apps.quizzes.exchanging import Imported
from apps.quizzes.importing import FORMATS
from apps.quizzes.simulating import definition_of
from tests.quizzes.importing.forms import real


def imported(source: dict[str, Any], name: str = "typeform") -> Imported:
    return FORMATS[name](source)


@lru_cache
def known_form(name: str) -> tuple[Definition, dict[str, str]]:
    """Return a real form as it is imported; it is read once."""
    found = imported(real(name))
    return definition_of(found.quiz, version=None), found.keys


def value_of(question: Question, said: Any) -> Any:
    """Return an answer told by the labels of its choices."""
    keys = {choice.label: choice.key for choice in question.choices}
    if question.kind in ONE:
        return keys[said]
    return [keys[label] for label in said] if question.kind in MANY else said


def leads_to(
    definition: Definition, keys: Mapping[str, str], ref: str, said: Mapping[str, Any]
) -> str:
    """Return the ref of the question after `ref`, or the key of the ending."""
    known = Known(definition, {})
    for other, value in said.items():
        question = definition.questions[definition.places[keys[other]]]
        known.add(question, value_of(question, value))
    place = definition.places[keys[ref]]
    route = routes(definition)[place]
    facts = known.facts(scored=route.scored)
    taken = (target for test, target in route.jumps if test is None or test(facts))
    target = next(taken, route.onward)
    if isinstance(target, End):
        return f"end {target.ending}"
    refs = {key: one for one, key in keys.items()}
    return refs[definition.questions[target].key]
