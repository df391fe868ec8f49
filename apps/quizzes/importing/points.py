"""Points put on questions: whatever a source adds for an answer, in the form scoring knows it.

A term adds an amount, or the answer itself, where its rule holds. The terms of one question
become points of choices, weights, or points by value.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes.definition import MANY, NUMBERS, ONE, STEPPED, Kind, plain
from apps.quizzes.importing.judging import CENT, edges, holds
from apps.quizzes.importing.rules import Rule, Untranslatable

LOWEST = Decimal(-999_999)
HIGHEST = Decimal(999_999)
MOST_BANDS = 100
Spec = dict[str, Any]


@dataclass(frozen=True)
class Term:
    """`amount` times the answer where `by_answer`, else just the amount, where `rule` holds."""

    at: str
    amount: Decimal
    rule: Rule | None = None
    by_answer: bool = False

    def times(self, factor: Decimal) -> "Term":
        return Term(self.at, self.amount * factor, self.rule, self.by_answer)


def put(question: Spec, scale: str, terms: Sequence[Term]) -> bool:
    """Write what the terms add into the question's spec; return whether nothing was rounded.

    Raises Untranslatable, and then changes nothing.
    """
    kind = Kind(question["kind"])
    trait = f"answer.{question['key']}"
    if kind in NUMBERS:
        return _of_number(question, scale, trait, terms)
    if any(term.by_answer for term in terms):
        raise Untranslatable("the answer is no number that could be added")
    if kind in ONE:
        worth = {one["key"]: _sum(terms, {trait: one["key"]}) for one in question["choices"]}
        return _on_choices(question, scale, worth)
    if kind in MANY:
        return _on_choices(question, scale, _of_several(question, trait, terms))
    if kind is Kind.MATRIX:
        return _on_choices(question, scale, _of_rows(question, trait, terms))
    if kind in {Kind.YES_NO, Kind.CONSENT}:
        return _of_truth(question, scale, trait, terms)
    raise Untranslatable("such an answer counts no points here")


def _sum(terms: Iterable[Term], facts: dict[str, Any]) -> Decimal:
    return sum((term.amount for term in terms if holds(term.rule, facts)), Decimal(0))


def _on_choices(question: Spec, scale: str, worth: dict[str, Decimal]) -> bool:
    exact = True
    for one in question["choices"]:
        value = _kept(worth[one["key"]])
        exact = exact and value == worth[one["key"]]
        one["points"] = {**one.get("points", {}), scale: value}
    return exact


def _of_several(question: Spec, trait: str, terms: Sequence[Term]) -> dict[str, Decimal]:
    worth = {one["key"]: Decimal(0) for one in question["choices"]}
    for term in terms:
        rule = term.rule or {}
        keys = rule.get("value", ())
        if rule.get("op") not in {"has_any", "has_all"} or rule["trait"] != trait or len(keys) != 1:
            raise Untranslatable("of several answers each counts for itself, or none does")
        worth[keys[0]] += term.amount
    return worth


def _of_rows(question: Spec, trait: str, terms: Sequence[Term]) -> dict[str, Decimal]:
    by_row = [
        {
            one["key"]: _sum(terms, {f"{trait}.{row['key']}": one["key"]})
            for one in question["choices"]
        }
        for row in question["rows"]
    ]
    if any(worth != by_row[0] for worth in by_row):
        raise Untranslatable("the columns of a matrix count the same in every row")
    return by_row[0]


def _of_truth(question: Spec, scale: str, trait: str, terms: Sequence[Term]) -> bool:
    yes, no = (_sum(terms, {trait: answer}) for answer in (True, False))
    if yes and no:
        raise Untranslatable("either yes or no counts, not both")
    backwards = bool(no)
    counted = any(question.get("weights", {}).values())
    if counted and bool(question.get("reversed")) is not backwards:
        raise Untranslatable("yes counts on one scale, no on another")
    if backwards and question["kind"] == Kind.CONSENT:
        raise Untranslatable("that something is not accepted counts no points")
    question["reversed"] = backwards
    return _weigh(question, scale, yes or no)


def _of_number(question: Spec, scale: str, trait: str, terms: Sequence[Term]) -> bool:
    ruled = [term for term in terms if term.rule is not None or not term.by_answer]
    if (question.get("mapping") and not ruled) or (question.get("weights") and ruled):
        ruled = list(terms)
    if not ruled:
        return _weigh(question, scale, sum((term.amount for term in terms), Decimal(0)))
    if question.get("weights"):
        raise Untranslatable("it counts by its value on another scale")
    if question["kind"] in STEPPED:
        starts = _steps(question)
    elif any(term.by_answer for term in terms):
        raise Untranslatable("a free number counts by its value or by bands, not both")
    else:
        starts = [LOWEST, *edges(term.rule for term in terms)]
    return _by_value(question, scale, trait, terms, starts)


def _steps(question: Spec) -> list[Decimal]:
    low, high = (
        (0, 10)
        if question["kind"] == Kind.NPS
        else (int(question.get("minimum", 1)), int(question.get("maximum", 5)))
    )
    return [Decimal(value) for value in range(low, high + 1)]


def _by_value(
    question: Spec, scale: str, trait: str, terms: Sequence[Term], starts: list[Decimal]
) -> bool:
    worth: dict[Decimal, Decimal] = {}
    for start in starts:
        counted = [term for term in terms if holds(term.rule, {trait: start})]
        worth[start] = sum(
            (term.amount * (start if term.by_answer else 1) for term in counted), Decimal(0)
        )
    former = {Decimal(str(band["from"])): band["points"] for band in question.get("mapping", ())}
    bands = [
        {"from": plain(start), "points": {**_at(former, start), **_at_scale(worth, start, scale)}}
        for start in sorted({*former, *worth})
    ]
    if len(bands) > MOST_BANDS:
        raise Untranslatable(f"it counts in more than {MOST_BANDS} bands")
    question["mapping"] = bands
    return all(value == _kept(value) for value in worth.values())


def _at(former: dict[Decimal, Any], start: Decimal) -> dict[str, Any]:
    below = [one for one in former if one <= start]
    return dict(former[max(below)]) if below else {}


def _at_scale(worth: dict[Decimal, Decimal], start: Decimal, scale: str) -> dict[str, float]:
    below = [one for one in worth if one <= start]
    return {scale: plain(_kept(worth[max(below)]))} if below else {}


def _weigh(question: Spec, scale: str, value: Decimal) -> bool:
    kept = _kept(value)
    if kept:
        question["weights"] = {**question.get("weights", {}), scale: kept}
    return kept == value


def _kept(value: Decimal) -> Decimal:
    if abs(value) > HIGHEST:
        raise Untranslatable("the points are too many to be kept")
    return value.quantize(CENT)


def bounded(question: Spec) -> bool:
    """Give a free number that counts the limits it needs; return whether it had them."""
    if question["kind"] != Kind.NUMBER or not question.get("weights") or question.get("mapping"):
        return True
    given = "minimum" in question and "maximum" in question
    low = question.setdefault("minimum", min(Decimal(0), question.get("maximum", Decimal(1)) - 1))
    question.setdefault("maximum", max(HIGHEST, low + 1))
    return given
