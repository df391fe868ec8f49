"""Typeform's jumps as ours, and tiers out of those that go by a score."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.quizzes.definition import plain
from apps.quizzes.importing.bands import bands
from apps.quizzes.importing.judging import holds
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.rules import Rule, Untranslatable, traits_of
from apps.quizzes.importing.typeform.asked import Asked, Form
from apps.quizzes.importing.typeform.conditions import Conditions
from apps.quizzes.importing.typeform.logic import Action
from apps.quizzes.importing.values import cut, mapping, number, text
from apps.quizzes.naming import free_key

Jump = dict[str, Any]
PLAIN = re.compile(r"[a-z0-9_. -]+")  # a key or a variable with its number, no sentence


class Jumps:
    """Puts each block's jumps on the question after which they are looked at."""

    def __init__(
        self,
        report: Report,
        form: Form,
        conditions: Conditions,
        endings: Mapping[str, str],
        deciding: str,
    ) -> None:
        self.report = report
        self.form = form
        self.conditions = conditions
        self.endings = endings  # key by ref
        self.deciding = deciding  # the variable that a score sets to an outcome
        self.kept = [one for one in form.fields if one.kind]

    def take(self, action: Action, into: dict[str, list[Jump]]) -> None:
        asked = self._asked_at(action)
        if asked is None:
            self.report.refused(action.at, "It leaves from a field that is not asked.")
            return
        try:
            lead = self._lead(action, asked)
            rule = self.conditions.rule(action.condition)
        except Untranslatable as error:
            self.report.refused(action.at, f"This jump is not taken: {error}.")
            return
        into.setdefault(asked.key, []).append({"rule": rule, **lead})
        self.report.imported(action.at, f"A jump of “{asked.title}”.")

    def _asked_at(self, action: Action) -> Asked | None:
        """Return the question itself; of a group the last one that is asked."""
        one = self.form.fields[action.place]
        if one.kind or one.ref == action.ref:
            return one if one.kind else None
        members = (group.members for group in self.form.groups if group.ref == action.ref)
        return next((one for one in reversed(next(members, [])) if one.kind), None)

    def _lead(self, action: Action, asked: Asked) -> Jump:
        to = mapping(action.details.get("to"))
        ref = text(to.get("value"))
        if to.get("type") == "outcome":
            if ref != self.deciding:
                raise Untranslatable(f"“{ref}” is not decided by a score alone")
            return {}
        if to.get("type") == "thankyou":
            if ref not in self.endings:
                raise Untranslatable(f"there is no ending “{ref}”")
            return {"ending": self.endings[ref]}
        place = self.form.place(ref)
        if place is None:
            raise Untranslatable(f"there is no field “{ref}”")
        target = next((one for one in self.form.fields[place:] if one.kind), None)
        if target is None:
            return {}
        if self.form.fields.index(target) <= self.form.fields.index(asked):
            raise Untranslatable("it leads back, and a jump leads forward only here")
        return {"to": target.key}


@dataclass(frozen=True)
class Chain:
    """Which variable is set by a score, to what, and what it begins with."""

    target: str = ""
    name: str = ""  # of the score
    actions: tuple[Action, ...] = ()
    start: object = None
    outcomes: bool = False  # what it is set to are endings


def chain_of(
    chains: list[Action], conditions: Conditions, variables: object, endings: Collection[str]
) -> Chain:
    """Return the calculations that set one variable by one score, if any do."""
    begun = mapping(variables)
    found: dict[str, Chain] = {}
    for action in chains:
        target = text(mapping(action.details.get("target")).get("value"))
        try:
            name = _only_score(conditions.rule(action.condition), conditions)
        except Untranslatable:
            continue
        if name and target not in conditions.scales and target not in found:
            own = tuple(one for one in chains if _sets(one, target, name, conditions))
            outcomes = all(_set_to(one) in endings for one in own)
            found[target] = Chain(target, name, own, begun.get(target), outcomes)
    ranked = sorted(found.values(), key=lambda one: not one.outcomes)  # stable
    return ranked[0] if ranked else Chain()


def _sets(action: Action, target: str, name: str, conditions: Conditions) -> bool:
    try:
        rule = conditions.rule(action.condition)
    except Untranslatable:
        return False
    own = text(mapping(action.details.get("target")).get("value")) == target
    known = rule is None or _only_score(rule, conditions) == name
    return own and known and bool(_set_to(action))


def _set_to(action: Action) -> str:
    return text(_value(action))


def tiers_of(
    chain: Chain,
    chains: list[Action],
    jumps: Mapping[str, list[Jump]],
    conditions: Conditions,
    endings: Mapping[str, str],
    report: Report,
) -> tuple[str, list[dict[str, Any]]]:
    """Return the variable that decides and the tiers it leads to, if one does."""
    for action in chains:
        if action not in chain.actions:
            why = "Points are only added here, so nothing that sets a variable outright is kept."
            report.refused(action.at, why)
    found = _by_setting(chain, conditions, endings, report)
    for own in reversed(list(jumps.values())):
        found = found or _by_jumps(own, conditions)
    return found or ("", [])


def _by_setting(
    chain: Chain, conditions: Conditions, endings: Mapping[str, str], report: Report
) -> tuple[str, list[dict[str, Any]]] | None:
    """Return the tiers of the variable that is set by a score; the last that holds has it."""

    def told(value: object) -> str:
        kept = number(value)
        named = f"{chain.target} {plain(kept)}" if kept is not None else text(value)
        return endings.get(text(value), named)

    used = [(conditions.rule(one.condition), told(_value(one))) for one in chain.actions]
    for action in chain.actions:
        report.imported(action.at, f"A tier of the score on {chain.name}.")
    if not used:
        return None
    trait = f"score.{conditions.scales[chain.name]}"
    begun = told(chain.start) if chain.outcomes and chain.start else None

    def decide(score: Decimal) -> str | None:
        held = [label for rule, label in used if holds(rule, {trait: score})]
        return held[-1] if held else begun

    return chain.name, _tiers(bands((rule for rule, _ in used), decide))


def _value(action: Action) -> object:
    return mapping(action.details.get("value")).get("value")


def _by_jumps(own: list[Jump], conditions: Conditions) -> tuple[str, list[dict[str, Any]]] | None:
    """Return the tiers of jumps that lead to endings by a score; the first that holds is taken."""
    names = {_only_score(jump["rule"], conditions) for jump in own if jump["rule"] is not None}
    if len(names) != 1 or "" in names or not all("ending" in jump for jump in own):
        return None
    name = names.pop()
    trait = f"score.{conditions.scales[name]}"

    def decide(score: Decimal) -> str | None:
        facts = {trait: score}
        return next((jump["ending"] for jump in own if holds(jump["rule"], facts)), None)

    return name, _tiers(bands((jump["rule"] for jump in own), decide))


def _only_score(rule: Rule | None, conditions: Conditions) -> str:
    """Return the variable that a rule reads, where it reads nothing but one."""
    traits = traits_of(rule) if rule else set()
    by_trait = {f"score.{key}": name for name, key in conditions.scales.items()}
    return by_trait.get(next(iter(traits)), "") if len(traits) == 1 else ""


def _tiers(found: list[tuple[Decimal | None, str | None]]) -> list[dict[str, Any]]:
    tiers = []
    taken: set[str] = set()
    for start, outcome in found:
        label = outcome or "Otherwise"
        if PLAIN.fullmatch(label):
            label = label.replace("-", " ").replace("_", " ").capitalize()
        label = cut(label, 120)
        key = free_key(label, taken=taken, fallback="tier")
        taken.add(key)
        begins: dict[str, Any] = {} if start is None else {"starts_at": start}
        named = {"named": outcome or ""}  # perhaps an ending, whose words it takes
        tiers.append({"key": key, "label": label, "headline": label, **begins, **named})
    return tiers
