"""What the solver proves of segments, in words and as data.

Pins are left aside: they hold one contact against the rule. A segment that is static or not
live may hold anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.rules.catalogue import Catalogue
from apps.rules.kinds import datetime_text
from apps.rules.nodes import Rule
from apps.rules.solver.asking import Answer, Solver, Witness
from apps.rules.solver.prose import (
    EVERYBODY,
    NEVER_REACHED,
    contains,
    idle,
    inside,
    nobody,
    same_as,
)
from apps.rules.solver.relations import Relation, conflict, place, relate
from apps.rules.solver.relations import idle as idle_parts
from apps.rules.solver.survey import Known, Survey
from apps.segments.calendar import installed
from apps.segments.plan import Plan, Planned

OWN = "contact."


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001
    """Something about a rule that is so for certain, and where in it; `other` is a slug."""

    code: str
    message: str
    at: str = ""
    witness: object = None
    other: str = ""


def survey(plan: Plan, *, now: datetime) -> Survey:
    """Return what answers questions about the segments of a plan."""

    def rule_of(slug: str) -> Rule | None:
        planned = plan.by_slug.get(slug)
        return None if planned is None or planned.rule is None else planned.unpinned

    return Survey(Solver(rule_of, calendar=installed(), now=now), rule_of)


def relation(
    a: Rule, b: Rule, *, plan: Plan, now: datetime
) -> tuple[Relation, dict[str, dict[str, Any]]]:
    """Return how two rules relate, and contacts of whom only both, only a or only b is true."""
    solver = survey(plan, now=now).solver
    found = relate(solver, solver.tell(a), solver.tell(b))
    answers = {"both": found.both, "a": found.only_a, "b": found.only_b}
    shown = {name: witness_data(one) for name, one in answers.items() if isinstance(one, Witness)}
    return found.relation, shown


def warnings(
    rule: Rule, *, plan: Plan, known: Catalogue, now: datetime, but: str = ""
) -> Iterator[Warning]:
    """Yield what is wrong with a rule, and the live segments, but its own, that it repeats."""
    seen = survey(plan, now=now)
    one = seen.know(rule)
    yield from of_rule(rule, one, seen, known)
    yield from _of_others(one, plan, seen, but=but)


def of_segment(
    planned: Planned, *, plan: Plan, seen: Survey, known: Catalogue, pairs: bool
) -> Iterator[Warning]:
    """Yield the same of a segment of the plan, as its ladder leaves it; pairs only if wanted."""
    if planned.rule is None:
        return
    one = seen.know(planned.unpinned)
    yield from of_rule(planned.rule, one, seen, known)
    if pairs:
        yield from _of_others(one, plan, seen, but=planned.slug)


def _of_others(one: Known, plan: Plan, seen: Survey, *, but: str) -> Iterator[Warning]:
    if one.never or one.always:
        return
    for planned in plan.segments:
        if planned.rule is not None and planned.slug != but:
            yield from _of_pair(one, seen.know(planned.unpinned), planned, seen)


def of_rule(rule: Rule, one: Known, seen: Survey, known: Catalogue) -> Iterator[Warning]:
    """Yield that nobody or everybody meets it, or which of its parts change nothing.

    `one` is the rule as its ladder leaves it.
    """
    if one.never and not seen.solver.none(met=[seen.solver.tell(rule)]):
        yield Warning("never_reached", NEVER_REACHED)
    elif one.never:
        parts = conflict(seen.solver, rule)
        last = max(path for path, _ in parts)
        yield Warning("never_true", nobody([part for _, part in parts], known), place(last))
    elif one.always:
        yield Warning("always_true", EVERYBODY)
    else:
        for path, part in idle_parts(seen.solver, rule, one.tried_on):
            yield Warning("changes_nothing", idle(part, known), place(path))


def _of_pair(one: Known, other: Known, planned: Planned, seen: Survey) -> Iterator[Warning]:
    """Yield that one is the same as another, inside it, or contains it."""
    is_inside, does_contain = seen.is_inside(one, other), seen.is_inside(other, one)
    if is_inside and does_contain:
        yield Warning("same_as", same_as(planned.name), other=planned.slug)
    elif is_inside:
        witness = seen.solver.exists(met=[other.told], unmet=[one.told])
        yield Warning("inside", inside(planned.name), "", shown(witness), planned.slug)
    elif does_contain and not other.never:
        witness = seen.solver.exists(met=[one.told], unmet=[other.told])
        yield Warning("contains", contains(planned.name), "", shown(witness), planned.slug)


def shown(answer: Answer) -> dict[str, Any] | None:
    return witness_data(answer) if isinstance(answer, Witness) else None


def witness_data(witness: Witness) -> dict[str, Any]:
    """Return a contact as the API takes contacts and events, at the moment that is meant."""
    facts = witness.facts
    own = {key.removeprefix(OWN): _plain(value) for key, value in facts.traits.items()
           if key.startswith(OWN)}  # fmt: skip
    events = sorted(
        ((one.occurred_at, name, dict(one.properties))
         for name, occurrences in facts.events.items() for one in occurrences),
        key=lambda event: event[0],
    )  # fmt: skip
    return {
        **own,
        "traits": {key: value for key, value in facts.traits.items() if not key.startswith(OWN)},
        "events": [
            {"name": name, "occurred_at": datetime_text(at), "properties": properties}
            for at, name, properties in events
        ],
        "segments": sorted(facts.segments),
        "now": datetime_text(witness.now),
    }


def _plain(value: object) -> object:
    return datetime_text(value) if isinstance(value, datetime) else value
