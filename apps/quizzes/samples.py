"""Answers to open questions, one for each way in which the conditions on them can come out.

What conditions compare with shows most of them; whether texts are left that would come out
otherwise, the solver of rules is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from apps.quizzes.answers import AnswerError, accept
from apps.quizzes.conditions import ANY_CALENDAR, ANY_CLOCK, ANY_TIME, facts_of
from apps.quizzes.definition import NUMBERS, Kind, Question, plain
from apps.quizzes.worth import bounds, first_from, grain
from apps.rules.facts import Facts
from apps.rules.holding import found, suffices
from apps.rules.nodes import TraitCondition

PLAIN: dict[Kind, Any] = {
    Kind.TEXT: "an answer",
    Kind.LONG_TEXT: "an answer",
    Kind.EMAIL: "someone@example.com",
    Kind.PHONE: "+1 202 555 0100",
    Kind.DATE: "2026-11-23",
    Kind.FILE: {"name": "file.pdf"},
    Kind.STATEMENT: True,
}
FAR = Decimal(1_000_000)
MOST_CONDITIONS = 5  # all of whose 32 outcomes are looked for


def samples(question: Question, conditions: Sequence[TraitCondition]) -> list[Any]:
    """Return answers that bring about every outcome of the conditions; at least one answer."""
    usual = _usual(question)
    if question.kind is Kind.FILE or (not conditions and not question.mapping):
        return [usual]  # of a file conditions only ask whether there is one
    known: dict[tuple[bool, ...], Any] = {}
    for value in (usual, *_compared(question, conditions)):
        if _can_be_said(question, value):
            known.setdefault(_outcome(question, conditions, value), value)
    if question.kind in {Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.CONTACT}:
        for value in _found_by_solver(question, conditions, set(known)):
            known.setdefault(_outcome(question, conditions, value), value)
    if question.mapping:
        return [value for value in _compared(question, conditions) if _can_be_said(question, value)]
    return list(known.values())


def hidden_samples(conditions: Mapping[str, Sequence[TraitCondition]]) -> list[dict[str, object]]:
    """Return what may come with the start: first nothing, then every outcome of conditions."""
    by_name = []
    for trait, leaves in conditions.items():
        alone = Question(trait.partition(".")[2], Kind.TEXT, trait)
        outcomes: dict[tuple[bool, ...], dict[str, object]] = {}
        for text in ("", *_texts(alone, leaves)):
            given: dict[str, object] = {trait: text} if text else {}
            facts = Facts(traits=given)
            met = tuple(suffices(leaf, found(leaf, facts, ANY_CLOCK), ANY_CLOCK) for leaf in leaves)
            outcomes.setdefault(met, given)
        by_name.append(list(outcomes.values()))
    return [
        {key: value for part in parts for key, value in part.items()} for parts in product(*by_name)
    ]


def _usual(question: Question) -> Any:
    if question.kind in NUMBERS:
        return plain(first_from(question, bounds(question)[0]))
    if question.kind is Kind.CONTACT:
        form: dict[str, Any] = dict.fromkeys(question.fields, "an answer")
        if "email" in form:
            form["email"] = PLAIN[Kind.EMAIL]
        return {**form, "consent": True} if question.consent else form
    return PLAIN[question.kind]


def _can_be_said(question: Question, value: Any) -> bool:
    try:
        accept(question, value)
    except AnswerError:
        return False
    return value is not None


def _outcome(
    question: Question, conditions: Sequence[TraitCondition], value: Any
) -> tuple[bool, ...]:
    facts = Facts(traits=facts_of(question, value))
    return tuple(suffices(leaf, found(leaf, facts, ANY_CLOCK), ANY_CLOCK) for leaf in conditions)


def _compared(question: Question, conditions: Sequence[TraitCondition]) -> Iterator[Any]:
    """Yield answers made from what the conditions compare with."""
    if question.kind in NUMBERS:
        yield from _numbers(question, conditions)
    elif question.kind is Kind.DATE:
        yield from _dates(conditions)
    elif question.kind is Kind.CONTACT:
        yield from _forms(question, conditions)
    else:
        yield from _texts(question, conditions)


def _numbers(question: Question, conditions: Sequence[TraitCondition]) -> Iterator[int | float]:
    marks = [Decimal(str(value)) for value in _operands(conditions)]
    marks += [band.start for band in question.mapping]
    marks += [end for end in (question.minimum, question.maximum) if end is not None] or [
        Decimal(0)
    ]
    step = grain(question)
    for mark in (*marks, min(marks) - FAR, max(marks) + FAR):
        at = first_from(question, mark)
        for value in (at - step, at, at + step):
            yield plain(value)


def _dates(conditions: Sequence[TraitCondition]) -> Iterator[str]:
    for value in _operands(conditions):
        if isinstance(value, date):
            for days in (-1, 0, 1):
                yield (value + timedelta(days=days)).isoformat()


def _texts(question: Question, conditions: Sequence[TraitCondition]) -> Iterator[str]:
    words = list(dict.fromkeys(str(value) for value in _operands(conditions)))
    if question.kind is Kind.EMAIL:
        for word in words:
            yield from (word, f"x{word}", f"{word}@example.com", f"x@{word}", f"{word}.example.com")
        return
    for word in words:
        yield from (word, f"{word}~", f"~{word}", f"~{word}~")
    for one, other in product(words[:6], repeat=2):
        yield f"{one}~{other}"


def _forms(question: Question, conditions: Sequence[TraitCondition]) -> Iterator[dict[str, Any]]:
    form = _usual(question)
    for leaf in conditions:
        name = leaf.trait.rpartition(".")[2]
        kind = Kind.EMAIL if name == "email" else Kind.TEXT
        alone = Question(question.key, kind, question.title)
        for text in _texts(alone, [leaf]):
            yield {**form, name: text}
        yield {**form, name: ""}


def _operands(conditions: Sequence[TraitCondition]) -> Iterator[Any]:
    for leaf in conditions:
        if isinstance(leaf.value, tuple):
            yield from leaf.value
        elif leaf.value is not None:
            yield leaf.value


def _found_by_solver(
    question: Question, conditions: Sequence[TraitCondition], known: set[tuple[bool, ...]]
) -> Iterator[Any]:
    """Yield answers with outcomes that are not known yet, as far as there are such answers."""
    outcomes = product((True, False), repeat=len(conditions))
    missing = [one for one in outcomes if one not in known]
    if not missing or len(conditions) > MOST_CONDITIONS or question.kind is Kind.CONTACT:
        return
    from apps.rules.solver.asking import Solver, Witness  # noqa: PLC0415 - z3 takes half a second

    solver = Solver(lambda _slug: None, calendar=ANY_CALENDAR, now=ANY_TIME)
    told = [solver.tell(leaf) for leaf in conditions]
    for outcome in missing:
        pairs = list(zip(told, outcome, strict=True))
        answer = solver.exists(
            met=[one for one, holds in pairs if holds],
            unmet=[one for one, holds in pairs if not holds],
        )
        if isinstance(answer, Witness):
            value = answer.facts.traits.get(conditions[0].trait)
            if _can_be_said(question, value):
                yield value
