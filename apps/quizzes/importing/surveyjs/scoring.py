"""The conventions by which surveys count points, since SurveyJS has none of its own.

Sums and means of answers in calculated values; a `score` on a choice; a number at the end of a
choice's value (`item3-2` counts 2); and `correctAnswer`, which counts 1.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.quizzes.definition import MANY, ONE, Kind
from apps.quizzes.importing import points
from apps.quizzes.importing.points import Term
from apps.quizzes.importing.report import Report, inside
from apps.quizzes.importing.rules import Untranslatable, leaf
from apps.quizzes.importing.surveyjs.asked import Asked, Option, Survey, is_exact, worth
from apps.quizzes.importing.surveyjs.conditions import loosely
from apps.quizzes.importing.surveyjs.expressions import Call, Constant, Name, Node, parsed
from apps.quizzes.importing.values import items, mapping, number, text
from apps.quizzes.naming import free_key

Linear = dict[str, Decimal]  # how often each question counts, by key
SUFFIX = re.compile(r".*\D[-_](\d{1,4})")
MOST_SCALES = 50
MAIN = "score"
UNCOUNTED = "It counts nothing: the survey has sums of its own, or this answer takes no points."
RIGHT = ("correctAnswers", "correctedAnswers", "correctAnswerCount", "correctedAnswerCount")


class Scoring:
    def __init__(self, report: Report, survey: Survey) -> None:
        self.report = report
        self.survey = survey
        self.sums: dict[str, Linear] = {}  # by name of the calculated value
        self.scales: dict[str, str] = {}  # key by that name
        self.means: set[str] = set()
        self.taken: set[str] = set()
        self.counted: set[tuple[str, str]] = set()  # place of a question, convention
        self.words: dict[str, tuple[str, str]] = {}  # (question, otherwise) by calculated value

    def read(self, source: dict[str, Any]) -> None:
        """Make scales of the calculated values, and else of the other conventions."""
        for at, item in items(source.get("calculatedValues"), "calculatedValues"):
            given = mapping(item)
            self._calculated(at, text(given.get("name")), given.get("expression"))
            rest = frozenset({"name", "expression", "includeIntoResult"})
            self.report.rest(at, given, rest, "There is no such setting here.")
        for one in self.survey.asked:
            if one.type == "expression":
                self._calculated(one.at, one.name, one.source.get("expression"))
        if not self.scales:
            self._by_convention()
        for one in self.survey.asked:
            self._tell_what_counts_nothing(one)

    def named(self) -> dict[str, str]:
        """Return the key of a scale by what conditions and texts call it."""
        counted = any("correctAnswer" in one.source for one in self.survey.asked if one.kind)
        right = dict.fromkeys(RIGHT, self.scales[MAIN]) if counted and MAIN in self.scales else {}
        return {**right, **self.scales}

    def declared(self) -> list[dict[str, str]]:
        found = [
            {"key": key, "label": name[:120] or key, **self._method(name)}
            for name, key in self.scales.items()
        ]
        return found or [{"key": MAIN, "label": "Score"}]

    def counts(self) -> dict[str, int]:
        """Return how many questions have a right answer, where everybody is asked them all."""
        quiz = [one for one in self.survey.asked if one.kind and "correctAnswer" in one.source]
        known = quiz and not any(one.shown for one in quiz)
        return {"questionCount": len(quiz)} if known else {}

    def _method(self, name: str) -> dict[str, str]:
        return {"method": "mean"} if name in self.means else {}

    def _calculated(self, at: str, name: str, source: object) -> None:
        if name in self.scales or len(self.scales) == MOST_SCALES or not name:
            self.report.refused(at, f"“{name}” is no name for a scale of its own.")
            return
        try:
            node = parsed(source)
            otherwise = _otherwise(node)
            if otherwise:
                self.words[name] = otherwise
                self.report.imported(at, f"Texts that speak of “{name}” speak of that answer.")
                return
            mean = isinstance(node, Call) and node.op == "avg()"
            inner = Call("sum()", node.parts) if isinstance(node, Call) and mean else node
            linear = self._linear(inner)
            key = self._scale(name)
            for question, times in linear.items():
                self._count(question, key, times)
        except Untranslatable as error:
            if name in self.scales:
                self._drop(name)
            self.report.refused(at, f"“{name}” is not counted: {error}.")
            return
        self.sums[name] = linear
        if mean:
            self.means.add(name)
        self.report.imported(at, f"The scale {key}.")

    def _scale(self, name: str) -> str:
        key = free_key(name, taken=self.taken, fallback="scale")
        self.taken.add(key)
        self.scales[name] = key
        return key

    def _drop(self, name: str) -> None:
        key = self.scales.pop(name)
        for one in self.survey.asked:
            one.spec.get("weights", {}).pop(key, None)
            for choice in one.spec.get("choices", ()):
                choice.get("points", {}).pop(key, None)

    def _linear(self, node: Node) -> Linear:
        """Return how often each question counts in a sum. Raises Untranslatable."""
        match node:
            case Name(name):
                return self._of_name(name)
            case Call("+" | "sum()", parts):
                return _added([self._linear(part) for part in parts])
            case Call("-", (left, right)):
                return _added([self._linear(left), _times(self._linear(right), Decimal(-1))])
            case Call("*", (Constant(value), part)) | Call("*", (part, Constant(value))):
                return _times(self._linear(part), _factor(value))
            case Call("/", (part, Constant(value))):
                return _times(self._linear(part), 1 / _factor(value))
            case Constant(value) if value == 0:
                return {}
        raise Untranslatable("it is no plain sum of answers")

    def _of_name(self, name: str) -> Linear:
        if name in self.sums and name not in self.means:
            return self.sums[name]
        found = self.survey.named(name)
        if found is None or not found[0].kind or found[1]:
            raise Untranslatable(f"it reads “{name}”, which is not imported as one answer")
        return {found[0].key: Decimal(1)}

    def _count(self, key: str, scale: str, times: Decimal) -> None:
        one = next(one for one in self.survey.asked if one.key == key and one.kind)
        if one.options:
            told = {option.key: worth(option) for option in one.options if not option.other}
            if any(value is None for value in told.values()):
                raise Untranslatable(f"the answers to “{one.title}” are no numbers")
            self._put(one, scale, {option: value * times for option, value in told.items()})
            if not all(is_exact(option) for option in one.options if not option.other):
                self.report.approximated(one.at, "Points are rounded to two decimals.")
        else:
            points.put(one.spec, scale, [Term(one.at, times, by_answer=True)])
            if not points.bounded(one.spec):
                why = "A number that counts needs limits: it got wide ones. Give it its true ones."
                self.report.approximated(one.at, why)

    def _put(self, one: Asked, scale: str, told: dict[str, Decimal]) -> None:
        points.put(one.spec, scale, list(_terms(one, told)))

    def _by_convention(self) -> None:
        """Count a score on choices, right answers, or the numbers that values end in."""
        for name, worth_of, why in (
            ("score", _score, "its choices say what they count"),
            ("correctAnswer", _right, "the right answer counts 1, of several each its part"),
        ):
            for one in self.survey.asked:
                told = worth_of(one) if one.kind in ONE | MANY else {}
                self._on_main(one, told, why)
                if told:
                    self.counted.add((one.at, name))
        for one in self.survey.asked:
            self._right_or_not(one)
        if not self.scales:
            self._by_suffix()

    def _right_or_not(self, one: Asked) -> None:
        """Count the right answer to yes or no; of what is written none is right or wrong here."""
        right = one.source.get("correctAnswer")
        if right is None or not one.kind or one.kind in ONE | MANY:
            return
        self.counted.add((one.at, "correctAnswer"))  # or told of here
        known = {loosely(one.source.get("valueTrue", True)): True, "true": True}
        if one.kind != Kind.YES_NO:
            self.report.refused(f"{one.at}.correctAnswer", "Only choices are right or wrong here.")
            return
        if MAIN not in self.scales:
            self._scale(MAIN)
        op = "is_true" if known.get(loosely(right)) else "is_false"
        term = Term(one.at, Decimal(1), leaf(f"answer.{one.key}", op))
        points.put(one.spec, self.scales[MAIN], [term])
        self.report.approximated(one.at, f"Points on the scale {MAIN}: the right answer counts 1.")

    def _tell_what_counts_nothing(self, one: Asked) -> None:
        for option in one.options:
            given = mapping(option.source).get("score")
            counted = (one.at, "score") in self.counted and number(given) is not None
            if given is not None and not counted:
                self.report.refused(inside(option.at, "score"), UNCOUNTED)
        right = one.kind and one.source.get("correctAnswer") is not None
        if right and (one.at, "correctAnswer") not in self.counted:
            self.report.refused(inside(one.at, "correctAnswer"), UNCOUNTED)

    def _by_suffix(self) -> None:
        found = [(one, _suffixes(one)) for one in self.survey.asked if one.kind in ONE | MANY]
        if sum(bool(told) for _, told in found) > 1:
            for one, told in found:
                self._on_main(one, told, "the number at the end of a choice's value counts")

    def _on_main(self, one: Asked, told: dict[str, Decimal], why: str) -> None:
        if not told:
            return
        if MAIN not in self.scales:
            self._scale(MAIN)
        self._put(one, self.scales[MAIN], told)
        self.report.approximated(one.at, f"Points on the scale {MAIN}: {why}.")


def _otherwise(node: Node) -> tuple[str, str] | None:
    """Return the question and the words of `iif({name} notempty, {name}, 'there')`."""
    match node:
        case Call("iif()", (Call("notempty", (Name(asked),)), Name(told), Constant(str(words)))):
            return (told, words) if asked == told else None
        case _:
            return None


def _terms(one: Asked, told: dict[str, Decimal]) -> Iterator[Term]:
    trait = f"answer.{one.key}"
    for key, value in told.items():
        if one.kind in MANY:
            yield Term(one.at, value, leaf(trait, "has_any", [key]))
        elif one.kind == Kind.MATRIX:
            cells = [leaf(f"{trait}.{row.key}", "is", key) for row in one.rows]
            yield Term(one.at, value, {"any": cells})
        else:
            yield Term(one.at, value, leaf(trait, "is", key))


def _score(one: Asked) -> dict[str, Decimal]:
    told = {option.key: number(mapping(option.source).get("score")) for option in one.options}
    return {key: value for key, value in told.items() if value is not None}


def _right(one: Asked) -> dict[str, Decimal]:
    right = one.source.get("correctAnswer")
    if right is None:
        return {}
    wanted = {loosely(value) for value in (right if isinstance(right, list) else [right])}
    keys = [option.key for option in one.options if loosely(option.value) in wanted]
    if one.kind in ONE:
        return {option.key: Decimal(option.key in keys) for option in one.options}
    part = round(Decimal(1) / max(len(keys), 1), 2)
    rest = 1 - part * (len(keys) - 1)  # together they count 1, to the cent
    return {key: rest if key == keys[0] else part for key in keys}


def _suffixes(one: Asked) -> dict[str, Decimal]:
    told = {option.key: _suffix(option) for option in one.options if not option.other}
    if not told or any(value is None for value in told.values()):
        return {}
    return {key: value for key, value in told.items() if value is not None}


def _suffix(option: Option) -> Decimal | None:
    match = SUFFIX.fullmatch(option.value)
    return Decimal(match[1]) if match else None


def _factor(value: object) -> Decimal:
    found = number(value)
    if not found:
        raise Untranslatable("it is multiplied or divided by no number but one from an answer")
    return found


def _times(linear: Linear, factor: Decimal) -> Linear:
    return {key: value * factor for key, value in linear.items()}


def _added(parts: list[Linear]) -> Linear:
    found: Linear = {}
    for part in parts:
        for key, value in part.items():
            found[key] = found.get(key, Decimal(0)) + value
    return found
