"""How two rules relate, and what one rule says to no purpose: questions put to the solver."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.rules.facts import Facts
from apps.rules.keys import keys
from apps.rules.nodes import All, Any, Not, Rule
from apps.rules.solver.asking import Answer, No, Solver, Witness
from apps.rules.solver.telling import Told
from apps.rules.verdict import holds

Step = tuple[str, int]  # into which group, to which of its parts; -1 into a `not`
Path = tuple[Step, ...]
TriedOn = Callable[[Rule], Iterable[Facts]]
MOST_PARTS = 40  # conditions and groups of a rule that are tried one by one


class Relation(StrEnum):
    SAME = "same"
    INSIDE = "inside"
    CONTAINS = "contains"
    DISJOINT = "disjoint"
    OVERLAP = "overlap"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Related:
    """How a relates to b; who meets both, only a, only b, or that nobody can."""

    both: Answer
    only_a: Answer
    only_b: Answer

    @property
    def relation(self) -> Relation:
        return relation(self.both, self.only_a, self.only_b)


def relate(solver: Solver, a: Told, b: Told) -> Related:
    return Related(
        both=solver.exists(met=[a, b]),
        only_a=solver.exists(met=[a], unmet=[b]),
        only_b=solver.exists(met=[b], unmet=[a]),
    )


def relation(both: Answer, only_a: Answer, only_b: Answer) -> Relation:
    """Name what the three answers come to. Of a rule nobody meets, it is inside any other."""
    match both, only_a, only_b:
        case _, No.PROVED, No.PROVED:
            return Relation.SAME
        case _, No.PROVED, _:
            return Relation.INSIDE
        case _, _, No.PROVED:
            return Relation.CONTAINS
        case No.PROVED, _, _:
            return Relation.DISJOINT
        case Witness(), Witness(), Witness():
            return Relation.OVERLAP
        case _:
            return Relation.UNDECIDED


def conflict(solver: Solver, rule: Rule) -> list[tuple[Path, Rule]]:
    """Return a few parts, of a rule nobody can meet, that cannot be met together.

    None of them can be left out, where they are not very many; others may exist too.
    """
    parts = [(path, part, solver.tell(part)) for path, part in _together(rule)]
    core = solver.core([told for _, _, told in parts])
    kept = [one for one in parts if one[2] in core] or parts
    for one in kept if len(kept) <= MOST_PARTS else ():
        rest = [other for other in kept if other is not one]
        if rest and solver.none(met=[told for _, _, told in rest]):
            kept = rest
    return [(path, part) for path, part, _ in kept]


def idle(solver: Solver, rule: Rule, tried_on: TriedOn = lambda _: ()) -> list[tuple[Path, Rule]]:
    """Return the parts that change nothing: all of them can be left out together.

    Where two say the same, it is the later one. Not of a rule that all or none meet. First
    it is looked whether a part makes a difference to one of those it is `tried_on`.
    """
    found: list[tuple[Path, Rule]] = []
    left = rule
    elements = list(_elements(rule))
    if len(elements) > MOST_PARTS:
        return []
    for path, part in elements:
        if any(path[: len(above)] == above for above, _ in found):
            continue
        without = _replaced(left, path, All(()) if path[-1][0] == "all" else Any(()))
        if not _differ_on(solver, left, without, tried_on(part)) and _are_same(
            solver, left, without
        ):
            found.append((path, part))
            left = without
    return found[::-1]


def place(path: Path) -> str:
    """Return it as errors name places: `all[1].any[0]`."""
    return ".".join(name if index < 0 else f"{name}[{index}]" for name, index in path)


def _are_same(solver: Solver, one: Rule, other: Rule) -> bool:
    differ = Any((All((one, Not(other))), All((other, Not(one)))))
    return solver.none(met=[solver.tell(differ)])


def _differ_on(solver: Solver, one: Rule, other: Rule, people: Iterable[Facts]) -> bool:
    """Return whether somebody meets one rule alone; not looked into where they read segments."""
    if keys(one).segments:
        return False
    now, calendar = solver.now, solver.calendar
    return any(
        holds(one, facts, now=now, calendar=calendar)
        is not holds(other, facts, now=now, calendar=calendar)
        for facts in people
    )


def _together(rule: Rule, path: Path = ()) -> Iterator[tuple[Path, Rule]]:
    """Yield the parts that must all be met."""
    if isinstance(rule, All) or (isinstance(rule, Any) and len(rule.rules) == 1):
        for step, part in _parts(rule):
            yield from _together(part, (*path, step))
    else:
        yield path, rule


def _elements(rule: Rule, path: Path = ()) -> Iterator[tuple[Path, Rule]]:
    """Yield the parts of all groups, a group before its own parts, the last part first."""
    for step, part in reversed(list(_parts(rule))):
        if step[1] >= 0:
            yield (*path, step), part
        yield from _elements(part, (*path, step))


def _parts(rule: Rule) -> Iterator[tuple[Step, Rule]]:
    match rule:
        case All(rules):
            yield from ((("all", index), part) for index, part in enumerate(rules))
        case Any(rules):
            yield from ((("any", index), part) for index, part in enumerate(rules))
        case Not(part):
            yield ("not", -1), part
        case _:
            return


def _replaced(rule: Rule, path: Sequence[Step], new: Rule) -> Rule:
    if not path:
        return new
    (_, index), *rest = path
    match rule:
        case All(rules) | Any(rules):
            parts = list(rules)
            parts[index] = _replaced(parts[index], rest, new)
            return type(rule)(tuple(parts))
        case Not(part):
            return Not(_replaced(part, rest, new))
        case _:
            raise ValueError(path)
