"""The logic of a form, block by block: jumps apart from calculations."""

from dataclasses import dataclass, field
from typing import Any

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.typeform.asked import Form
from apps.quizzes.importing.values import items, mapping, text

VERBS = frozenset({"add", "subtract", "multiply", "divide", "set"})


@dataclass(frozen=True)
class Action:
    """One action; `place` is that of the question after which it is run."""

    at: str
    ref: str  # of the field or group whose block it stands in
    place: int
    verb: str
    details: dict[str, Any]
    condition: Any


@dataclass
class Logic:
    jumps: list[Action] = field(default_factory=list)
    sums: list[Action] = field(default_factory=list)


def logic_of(source: dict[str, Any], form: Form, report: Report) -> Logic:
    """Return the actions in the order they are run; the rest is refused."""
    found = Logic()
    for at, item in items(source.get("logic"), "logic"):
        block = mapping(item)
        ref = text(block.get("ref"))
        place = _run_after(form, ref)
        if place is None or block.get("type") not in (None, "field"):
            report.refused(at, f"Logic of “{ref}”, which is no question that is asked.")
            continue
        report.rest(at, block, frozenset({"type", "ref", "actions"}), "It is not known here.")
        for where, one in items(block.get("actions"), f"{at}.actions"):
            given = mapping(one)
            verb = text(given.get("action"))
            action = Action(
                where, ref, place, verb, mapping(given.get("details")), given.get("condition")
            )
            if verb == "jump":
                found.jumps.append(action)
            elif verb in VERBS:
                found.sums.append(action)
            else:
                report.refused(where, f"An action “{verb}” is not known here.")
    found.sums.sort(key=lambda action: action.place)  # stable: order within a block stays
    return found


def _run_after(form: Form, ref: str) -> int | None:
    """Return the place after which a block is run; that of a group is run at its end."""
    group = next((one for one in form.groups if one.ref == ref and ref), None)
    if group is not None:
        return form.fields.index(group.members[-1]) if group.members else None
    one = form.by_ref.get(ref)
    return form.fields.index(one) if one else None


class Ways:
    """Which fields a way may lead to from which, whatever conditions say."""

    def __init__(self, form: Form, jumps: list[Action]) -> None:
        self.onward: dict[int, set[int]] = {}
        always = {one.place for one in jumps if mapping(one.condition).get("op") == "always"}
        for place in range(len(form.fields)):
            self.onward[place] = set() if place in always else {place + 1}
        for one in jumps:
            to = form.place(text(mapping(one.details.get("to")).get("value")))
            self.onward[one.place] |= set() if to is None else {to}

    def meet(self, one: int, other: int) -> bool:
        """Return whether one respondent may come to both."""
        return self._leads(one, other) or self._leads(other, one)

    def _leads(self, start: int, end: int) -> bool:
        seen: set[int] = set()
        ahead = [start]
        while ahead:
            place = ahead.pop()
            if place == end:
                return True
            if place not in seen:
                seen.add(place)
                ahead.extend(self.onward.get(place, ()))
        return False


def read_refs(condition: Any) -> set[str]:
    """Return the refs of fields that a condition reads."""
    found: set[str] = set()
    ahead = [condition]
    while ahead:
        given = mapping(ahead.pop())
        if given.get("type") == "field":
            found.add(text(given.get("value")))
        parts = given.get("vars")
        ahead.extend(parts if isinstance(parts, list) else ())
    return found
