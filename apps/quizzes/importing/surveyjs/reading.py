"""A survey as SurveyJS keeps it, read as a new draft."""

import json
from collections.abc import Mapping
from typing import Any

from apps.quizzes.exchanging import Imported, Unreadable
from apps.quizzes.importing.piping import defused
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.rules import (
    Rule,
    Untranslatable,
    folded,
    joined,
    never,
    traits_of,
    without,
)
from apps.quizzes.importing.surveyjs.asked import Asked, survey_of, words
from apps.quizzes.importing.surveyjs.conditions import Conditions
from apps.quizzes.importing.surveyjs.kinds import Kinds
from apps.quizzes.importing.surveyjs.results import tiers_of
from apps.quizzes.importing.surveyjs.scoring import Scoring
from apps.quizzes.importing.values import cut, items, mapping, one_line, text
from apps.quizzes.importing.writing import Places, written

READ = frozenset(
    {"title", "description", "pages", "elements", "questions", "triggers", "calculatedValues"}
    | {"completedHtml", "completedHtmlOnCondition", "navigateToUrl"}
)
PAGES = ("pages", "elements", "questions")
LISTS = frozenset({*PAGES, "triggers", "calculatedValues", "completedHtmlOnCondition"})


def read(source: Mapping[str, Any]) -> Imported:
    """Write a new draft. Raises Unreadable."""
    try:
        if not any(isinstance(source.get(name), list) for name in PAGES):
            raise Unreadable("Expected the pages of a survey: a list.", at="pages")
        return _Reading(dict(source)).draft()
    except RecursionError:
        raise Unreadable("The file is nested too deeply.") from None


def _expression(trigger: dict[str, Any]) -> object:
    """Return what a trigger waits for, as older surveys write it too: name, operator, value."""
    if trigger.get("expression") or not trigger.get("name"):
        return trigger.get("expression")
    op = text(trigger.get("operator")) or "equal"
    value = "" if "empty" in op else json.dumps(trigger.get("value"), ensure_ascii=False)
    return f"{{{text(trigger['name'])}}} {op} {value}"


class _Reading:
    def __init__(self, source: dict[str, Any]) -> None:
        self.source = source
        self.report = Report()
        self.survey = survey_of(source, self.report)
        kinds = Kinds(self.report, self.survey)
        for one in self.survey.asked:
            kinds.settle(one)
        self.asked = [one for one in self.survey.asked if one.kind]
        self.places = {one.key: place for place, one in enumerate(self.asked)}
        self.scoring = Scoring(self.report, self.survey)
        self.scoring.read(source)
        self.conditions = Conditions(
            self.survey, self.scoring.named(), self.scoring.counts(), self.scoring.words
        )

    def draft(self) -> Imported:
        for one in self.asked:
            self._show(one)
        for at, item in items(self.source.get("triggers"), "triggers"):
            self._trigger(at, mapping(item))
        tiers = tiers_of(self.source, self.conditions, self.report)
        ends = {one["key"]: one.pop("at") for one in tiers}
        spec = {
            **self._about(),
            "scales": self.scoring.declared(),
            "questions": [one.spec for one in self.asked],
            "tiers": tiers,
            "endings": [],
        }
        self._rest()
        keys = {one.name: one.key for one in reversed(self.asked) if one.name}
        asked = {one.key: one.at for one in self.asked}
        places = Places(questions=asked, endings={}, tiers=ends)
        return written(spec, self.report, keys, places)

    def _show(self, one: Asked) -> None:
        """Give a question the conditions it stands under."""
        rules: list[Rule] = []
        for at, expression in one.shown:
            try:
                rules.append(self.conditions.rule(expression))
            except Untranslatable as error:
                self.report.refused(at, f"“{one.title}” is shown without this condition: {error}.")
                continue
            self.report.imported(at)
        rule = joined("all", rules)
        later = [key for key, place in self.places.items() if place >= self.places[one.key]]
        before = folded(without(rule, later))
        if before != rule and before == never():
            why = "It depends on what is asked only later, so it is shown to everybody."
            self.report.refused(one.shown[-1][0], f"“{one.title}”: {why}")
            return
        if rules:
            one.spec["visible"] = rule
        if any(self._place(trait) >= self.places[one.key] for trait in traits_of(rule)):
            why = "It depends on what is asked only later: there it counts as not answered."
            self.report.approximated(one.at, why)

    def _place(self, trait: str) -> int:
        root, _, rest = trait.partition(".")
        return self.places.get(rest.partition(".")[0], -1) if root == "answer" else -1

    def _trigger(self, at: str, given: dict[str, Any]) -> None:
        """Make a jump of what ends the survey or skips on, where it is decided last."""
        kind = text(given.get("type")).removesuffix("trigger")
        if kind not in {"complete", "skip"}:
            self.report.refused(at, f"A trigger of the type “{kind}” is not known here.")
            return
        try:
            rule = self.conditions.rule(_expression(given))
            place = max((self._place(trait) for trait in traits_of(rule)), default=-1)
            if place < 0:
                raise Untranslatable("it depends on no answer")
            lead = self._lead(given, place) if kind == "skip" else {}
        except Untranslatable as error:
            self.report.refused(at, f"It is not followed: {error}.")
            return
        one = self.asked[place]
        one.spec.setdefault("jumps", []).append({"rule": rule, **lead})
        self.report.approximated(at, f"A jump of “{one.title}”, looked at when that is answered.")

    def _lead(self, given: dict[str, Any], place: int) -> dict[str, str]:
        found = self.survey.named(text(given.get("gotoName")))
        target = self.places.get(found[0].key, -1) if found and found[0].kind else -1
        if found is None or target <= place:
            raise Untranslatable("it leads to no later question")
        return {"to": found[0].key}

    def _about(self) -> dict[str, str]:
        title = cut(one_line(words(self.source.get("title"))) or "Imported survey", 200)
        self.report.imported("title")
        about = words(self.source.get("description"))
        if about:
            self.report.imported("description", "The text of the front page.")
        return {"title": title, "intro": cut(defused(about), 20_000)}

    def _rest(self) -> None:
        for key, value in self.source.items():
            if key not in READ and value not in (None, "", [], {}):
                self.report.refused(key, "There is no such setting here.")
            elif key in LISTS and value is not None and not isinstance(value, list):
                self.report.refused(key, "This is not what is expected here.")
