"""Typeform's calculations as points: each variable that only sums up answers becomes a scale."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.quizzes.importing import points
from apps.quizzes.importing.points import Term
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.rules import Untranslatable, traits_of
from apps.quizzes.importing.typeform.asked import Asked
from apps.quizzes.importing.typeform.conditions import Conditions
from apps.quizzes.importing.typeform.logic import Action, Ways
from apps.quizzes.importing.values import mapping, number, one_line, text
from apps.quizzes.naming import free_key

MOST_SCALES = 50


@dataclass
class Variable:
    """What is added to one variable, question by question, and what is done to the sum."""

    name: str
    key: str
    terms: dict[str, list[Term]] = field(default_factory=dict)  # by question key
    items: int = 0
    mean: bool = False
    last: int = -1  # the place after which something was added last

    def scaled(self, factor: Decimal) -> None:
        self.terms = {
            key: [term.times(factor) for term in terms] for key, terms in self.terms.items()
        }


class Scoring:
    """Reads the calculations; `chains` are those that set a variable by the value of others."""

    def __init__(
        self, report: Report, fields: list[Asked], conditions: Conditions, ways: Ways
    ) -> None:
        self.report = report
        self.fields = fields
        self.conditions = conditions
        self.ways = ways
        self.done: dict[str, list[int]] = {}  # places of each calculation, word for word
        self.constants: dict[str, str] = {}  # variables that are never changed
        self.only_set: list[str] = []  # variables that nothing is added to
        self.variables: dict[str, Variable] = {}
        self.chains: list[Action] = []

    def declare(self, source: object, actions: list[Action]) -> None:
        """Make a scale for every variable that is added to."""
        given = mapping(source)
        targets = [_target(action) for action in actions if action.verb in {"add", "subtract"}]
        changed = {_target(action) for action in actions}
        taken: set[str] = set()
        listed = dict.fromkeys(name for name in (*given, *targets) if name)
        names = sorted(listed, key=lambda one: one != "score")
        for name in names:
            at = f"variables.{name}"
            if name not in targets or len(self.variables) == MOST_SCALES:
                if name in given and name not in changed:
                    self.constants[name] = text(given[name])
                    why = "It never changes: texts that speak of it have its value."
                    self.report.approximated(at, why)
                elif name in given:
                    self.only_set.append(name)
                continue
            key = free_key(text(name), taken=taken, fallback="scale")
            taken.add(key)
            self.variables[name] = Variable(name, key)
            if name in given:
                self._begin(at, name, given[name], key)
        self.conditions.scales = {name: one.key for name, one in self.variables.items()}

    def _begin(self, at: str, name: str, start: object, key: str) -> None:
        if number(start):
            self.report.refused(at, f"It begins at {text(start)}: a score begins at 0 here.")
        else:
            self.report.imported(at, f"The scale {key}.")

    def tell_rest(self, deciding: str) -> None:
        """Report the variables that are no scales; one of them may be what a score decides."""
        for name in self.only_set:
            if name == deciding:
                self.report.imported(f"variables.{name}", "What it is set to are the tiers.")
            else:
                why = "Nothing is added to it, so there is no scale for it."
                self.report.refused(f"variables.{name}", why)

    def take(self, action: Action) -> None:
        """Take in one calculation, or refuse it."""
        if action.verb != "set" and self._done_elsewhere(action):
            why = "It is done already after another question, and nobody is asked both: once."
            self.report.imported(action.at, why)
            return
        try:
            self._take(action)
        except Untranslatable as error:
            self.report.refused(action.at, f"Left out of the score: {error}.")

    def _done_elsewhere(self, action: Action) -> bool:
        """Return whether the same is done on another way, so that it must not count twice."""
        same = repr((action.verb, action.details, action.condition))
        former = self.done.setdefault(same, [])
        apart = [place for place in former if not self.ways.meet(place, action.place)]
        former.append(action.place)
        return bool(apart)

    def _take(self, action: Action) -> None:
        target, value = _target(action), mapping(action.details.get("value"))
        if action.verb == "set":
            self.chains.append(action)
            return
        variable = self.variables.get(target)
        if variable is None:
            raise Untranslatable(f"there is no scale for “{target}”")
        if action.verb in {"multiply", "divide"}:
            self._scale(action, variable, number(value.get("value")))
        elif value.get("type") == "variable":
            self._add_sum(action, variable, text(value.get("value")))
        else:
            self._add(action, variable, value)

    def _add(self, action: Action, variable: Variable, value: dict[str, Any]) -> None:
        sign = Decimal(-1 if action.verb == "subtract" else 1)
        rule = self.conditions.rule(action.condition)
        by_answer = value.get("type") == "field"
        amount = sign if by_answer else number(value.get("value"))
        if amount is None:
            raise Untranslatable("what it adds is no number that can be kept")
        one = self._subject(action, rule, text(value.get("value")) if by_answer else "")
        term = Term(action.at, amount if by_answer else amount * sign, rule, by_answer)
        variable.terms.setdefault(one.key, []).append(term)
        variable.last = max(variable.last, action.place)
        self._told(action, variable, one)

    def _subject(self, action: Action, rule: Any, ref: str) -> Asked:
        """Return the one question whose answer decides what is added."""
        added = self.conditions.asked.get(ref) if ref else None
        if ref and (added is None or not added.kind):
            raise Untranslatable("it adds a field that is not asked")
        read = {one.key for one in self.fields if one.kind and _reads(rule, one.key)}
        if rule is not None and any(not trait.startswith("answer.") for trait in traits_of(rule)):
            raise Untranslatable("it depends on a hidden field or a score")
        keys = read | ({added.key} if added else set())
        if len(keys) > 1:
            raise Untranslatable("it depends on several answers together")
        if not keys:
            raise Untranslatable(
                "it adds the same for everybody, and in Typeform as soon as the form is opened"
            )
        return next(one for one in self.fields if one.key in keys and one.kind)

    def _told(self, action: Action, variable: Variable, one: Asked) -> None:
        where = f"Points on {variable.key}, for the answer to “{one.title}”"
        if self.fields[action.place] is one:
            self.report.imported(action.at, f"{where}.")
        else:
            why = f"{where}: they count once that is answered, not only after this block."
            self.report.approximated(action.at, why)

    def _scale(self, action: Action, variable: Variable, by: Decimal | None) -> None:
        if not by:
            raise Untranslatable("it is multiplied or divided by no number but one from an answer")
        if self.conditions.rule(action.condition) is not None:
            raise Untranslatable("it is multiplied or divided for some respondents only")
        if action.place < variable.last or not variable.terms:
            raise Untranslatable("more is added to it afterwards")
        items = self._items(variable)
        if action.verb == "divide" and by == items and not variable.mean:
            variable.mean = True
            why = f"The scale {variable.key} is the mean of the {items} answers that count on it."
            self.report.imported(action.at, why)
            return
        variable.scaled(by if action.verb == "multiply" else 1 / by)
        why = f"All points on {variable.key} are so much higher or lower from the beginning."
        self.report.approximated(action.at, why)

    def _items(self, variable: Variable) -> int:
        counted = [one for one in self.fields if one.key in variable.terms]
        return sum(len(one.rows) if one.kind == "matrix" else 1 for one in counted)

    def _add_sum(self, action: Action, variable: Variable, name: str) -> None:
        other = self.variables.get(name)
        if other is None or other is variable or not other.terms or other.mean:
            raise Untranslatable(f"“{name}” is no sum that could be added")
        if self.conditions.rule(action.condition) is not None or action.place < other.last:
            raise Untranslatable(f"“{name}” is added for some only, or before it is counted")
        sign = Decimal(-1 if action.verb == "subtract" else 1)
        for key, terms in other.terms.items():
            variable.terms.setdefault(key, []).extend(term.times(sign) for term in terms)
        variable.last = max(variable.last, action.place)
        self.report.imported(action.at, f"What counts on {other.key} counts on {variable.key} too.")

    def put(self, specs: Mapping[str, dict[str, Any]]) -> None:
        """Write points and weights into the questions' specs."""
        for variable in self.variables.values():
            for key, terms in variable.terms.items():
                self._put(specs[key], variable, terms)
        for key, spec in specs.items():
            if not points.bounded(spec):
                at = next(one.at for one in self.fields if one.key == key and one.kind)
                why = "A number that counts needs limits: it got wide ones. Give it its true ones."
                self.report.approximated(f"{at}.validations", why)

    def _put(self, spec: dict[str, Any], variable: Variable, terms: list[Term]) -> None:
        try:
            exact = points.put(spec, variable.key, terms)
        except Untranslatable as error:
            for term in terms:
                self.report.refused(term.at, f"Left out of the score: {error}.")
            return
        if not exact:
            self.report.approximated(terms[0].at, "Points are rounded to two decimals.")

    def scales(self, main: str) -> Iterator[dict[str, str]]:
        """Yield the scales, the main one first."""
        for one in sorted(self.variables.values(), key=lambda one: one.name != main):
            method = {"method": "mean"} if one.mean else {}
            label = one_line(text(one.name)).capitalize()[:120] or "Score"
            yield {"key": one.key, "label": label, **method}


def _target(action: Action) -> str:
    return text(mapping(action.details.get("target")).get("value"))


def _reads(rule: Any, key: str) -> bool:
    return rule is not None and any(
        trait == f"answer.{key}" or trait.startswith(f"answer.{key}.") for trait in traits_of(rule)
    )
