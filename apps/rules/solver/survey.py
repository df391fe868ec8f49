"""How many rules relate to each other, most pairs without asking the solver.

For each rule some contacts are kept who meet it, and some who do not. Put together from two of
them, a contact often shows at once that two rules overlap. Only what is left is asked.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import chain, combinations, islice, product

from apps.rules.clock import Clock
from apps.rules.compiling import Compiled
from apps.rules.facts import Facts
from apps.rules.keys import keys, leaves
from apps.rules.nodes import (
    Any,
    EventCondition,
    Leaf,
    Rule,
    TraitCondition,
)
from apps.rules.solver.asking import Answer, No, Solver, Witness
from apps.rules.solver.crowd import NOBODY, Marks, all_of, judged, mixed, put_together
from apps.rules.solver.relations import Relation, relation
from apps.rules.solver.shapes import Shapes, may_imply
from apps.rules.solver.telling import RuleOf, Told

MOST_KEPT = 12  # contacts of a rule who meet it, and who do not
MOST_CONDITIONS = 80  # of two rules: more take too long while somebody waits
MOST_TRIED, MOST_ADDED = 100, 10  # contacts put together for one question
FEW = 3  # contacts of a rule who are tried on its parts
MOST_SHARED = 3  # traits and events that both read and are taken from either


class Known:
    """A rule, and contacts who meet it or do not; the first of each is looked for when asked."""

    def __init__(self, rule: Rule, survey: "Survey") -> None:
        self.rule = rule
        self.shape = survey.shapes.of(rule)
        self.marks = self.shape.reads
        self.size = sum(map(_size, leaves(rule)))
        self._survey = survey
        self._members: list[Facts] = []
        self._others: list[Facts] = []
        self.crowd = 0  # who of the survey's crowd meets it, bit by bit

    @cached_property
    def told(self) -> Told:
        return self._survey.solver.tell(self.rule)

    @cached_property
    def judge(self) -> Callable[[Facts], bool]:
        """The verdict reading of the rule, at the survey's moment."""
        return self._survey.judge(self.told)

    @cached_property
    def met(self) -> Answer:
        return self._kept(self._survey.solver.exists(met=[self.told]))

    @cached_property
    def unmet(self) -> Answer:
        return self._kept(self._survey.solver.exists(unmet=[self.told]))

    @property
    def is_looked_for(self) -> bool:
        """Whether it was asked already who meets it."""
        return "met" in vars(self)

    @property
    def never(self) -> bool:
        return self.met is No.PROVED

    @property
    def always(self) -> bool:
        return self.unmet is No.PROVED

    @property
    def members(self) -> Sequence[Facts]:
        assert self.met  # looked for
        return self._members

    @property
    def others(self) -> Sequence[Facts]:
        assert self.unmet  # looked for
        return self._others

    def tried_on(self, part: Rule) -> Iterator[Facts]:
        """Yield contacts on whom it may show that this part of the rule makes a difference.

        They are like some who meet the rule, or do not, but for what the part reads.
        """
        marks = keys(part).as_marks()
        others = [NOBODY, *self.others[:FEW]]
        for member, other in product(self.members[:FEW], others):
            yield mixed(member, other, marks)
            yield mixed(other, member, marks)

    def keep(self, answer: Answer) -> None:
        """Keep a witness of the survey's moment, who meets the rule or does not."""
        if isinstance(answer, Witness) and answer.now == self._survey.solver.now:
            kept = self._members if self.judge(answer.facts) else self._others
            if len(kept) < MOST_KEPT:
                kept.append(answer.facts)

    def _kept(self, answer: Answer) -> Answer:
        self.keep(answer)
        return answer


Seek = Callable[[Known, Known], Facts | None]


class Survey:
    """Rules of one solver, each worked out once."""

    def __init__(self, solver: Solver, rule_of: RuleOf) -> None:
        self.solver = solver
        self._rule_of = rule_of
        self.shapes = Shapes(rule_of, solver.calendar)
        self._clock = Clock(solver.now, solver.calendar)

    def know(self, rule: Rule) -> Known:
        return Known(rule, self)

    def gather(self, rules: Sequence[Known]) -> None:
        """Put a crowd together, and let each of these rules judge it."""
        people = [(one.members[0], one.marks) for one in rules if one.members]
        crowd = [*(one for rule in rules for one in (*rule.members, *rule.others)),
                 *put_together(people)]  # fmt: skip
        for rule in rules:
            rule.crowd = judged(crowd, rule.judge)

    def relation(self, a: Known, b: Known) -> Relation:
        if _are_apart(a, b) or _do_overlap(a, b):
            return Relation.OVERLAP
        both = self._answer([a, b], [], self._in_both)
        if both is No.PROVED and not (a.never or b.never):
            return Relation.DISJOINT
        return relation(both, self._only(a, b), self._only(b, a))

    def only(self, a: Known, b: Known) -> Answer:
        """Return a contact who meets a and not b, or why there is none."""
        found = self._only(a, b)
        if not isinstance(found, Witness):
            return found
        facts = self.solver.standing(found.facts, (a.told, b.told), now=found.now)
        return Witness(facts, found.now)

    def _only(self, a: Known, b: Known) -> Answer:
        return self._answer([a], [b], _in_one)

    def is_inside(self, a: Known, b: Known) -> bool:
        """Return whether it is proved that who meets a meets b. Not asked of what never holds."""
        if a.size + b.size > MOST_CONDITIONS or not may_imply(a.shape, b.shape):
            return False
        if a.is_looked_for and _in_one(a, b):
            return False
        return self.solver.none(met=[a.told], unmet=[b.told])

    def _answer(self, met: Sequence[Known], unmet: Sequence[Known], seek: Seek) -> Answer:
        if any(one.never for one in met) or any(one.always for one in unmet):
            return No.PROVED
        shown = seek(*met, *unmet)
        if shown is not None:
            return Witness(shown, self.solver.now)
        found = self.solver.exists(met=[one.told for one in met], unmet=[one.told for one in unmet])
        for one in (*met, *unmet):
            one.keep(found)
        return found

    def _in_both(self, a: Known, b: Known) -> Facts | None:
        """Return a contact, put together of those kept, who meets both rules."""
        if self.solver.clash([a.told, b.told], []):
            return None
        together = _together(a, a.members, b, b.members)
        return next((facts for facts in together if a.judge(facts) and b.judge(facts)), None)

    def judge(self, told: Told) -> Callable[[Facts], bool]:
        """Return the verdict reading of a rule, at the solver's moment."""
        rules = ((slug, self._rule_of(slug) or Any(())) for slug in told.segments)
        outcomes = Compiled([*rules, ("", told.rule)]).outcomes(self._clock)
        return lambda facts: outcomes(facts)[-1]


def _size(leaf: Leaf) -> int:
    """Return how many conditions it comes to; ten values in a list are one."""
    match leaf:
        case TraitCondition(value=tuple() as values):
            return 1 + len(values) // 10
        case EventCondition(where=where, then=then):
            return 1 + len(where) + (0 if then is None else 1 + len(then.where))
        case _:
            return 1


def _are_apart(a: Known, b: Known) -> bool:
    """Return whether neither rule reads what the other does, and each is met or not by somebody."""
    apart = a.marks.isdisjoint(b.marks)
    return apart and bool(a.members and a.others and b.members and b.others)


def _do_overlap(a: Known, b: Known) -> bool:
    """Return whether the crowd shows it: somebody in both, and in each alone."""
    return bool(a.crowd & b.crowd and a.crowd & ~b.crowd and b.crowd & ~a.crowd)


def _in_one(a: Known, b: Known) -> Facts | None:
    """Return a contact, of those kept or put together of them, who meets a and not b."""
    for facts in a.members:
        if not b.judge(facts):
            return facts
    together = _together(a, a.members, b, b.others)
    return next((facts for facts in together if a.judge(facts) and not b.judge(facts)), None)


def _together(a: Known, of_a: Sequence[Facts], b: Known, of_b: Sequence[Facts]) -> Iterator[Facts]:
    """Yield contacts made of one of each, those kept first before those kept last."""
    places = _places(len(of_a), len(of_b))
    ways = list(_ways(a.marks, b.marks))
    found = (mixed(of_a[mine], of_b[theirs], way) for mine, theirs in places for way in ways)
    more = (all_of(of_a[mine], of_b[theirs]) for mine, theirs in places)
    return chain(islice(found, MOST_TRIED), islice(more, MOST_ADDED))


@cache
def _places(mine: int, theirs: int) -> list[tuple[int, int]]:
    return sorted(product(range(mine), range(theirs)), key=sum)


def _ways(first: Marks, second: Marks) -> Iterator[Marks]:
    """Yield what to take of the second contact: all its rule reads, none of both rules', some."""
    shared = sorted(first & second)[:MOST_SHARED]
    yield second
    for size in range(len(shared)):
        for chosen in combinations(shared, size):
            yield second - first | frozenset(chosen)
