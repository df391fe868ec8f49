"""Many rules as one generated Python function: the verdict of all of them on one contact.

The source is made of fixed pieces and of names that are numbered here; whatever a rule says
is handed to it as the value of such a name. So two sets of rules of the same shape have the
same source, and no rule can say anything in it.

A condition that has no form here is judged as `holding` judges it.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from apps.rules.clock import Clock
from apps.rules.facts import Facts
from apps.rules.flips import Track, flips_at, track
from apps.rules.generating import NOTHING_KNOWN, Known, Source
from apps.rules.keys import leaves
from apps.rules.kinds import stored
from apps.rules.nodes import All, Any, Leaf, Not, Rule, SegmentCondition, TraitCondition
from apps.rules.operators import operator
from apps.rules.verdict import Reason, Verdict, reason_of

Outcomes = tuple[bool, ...]


class Compiled:
    """Rules by name, in an order in which none refers to a later one.

    A rule that refers to another of them sees its new outcome; all else that is said of
    segments is taken from the facts.
    """

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        self.rules = tuple(rules)

    def outcomes(self, clock: Clock) -> Callable[[Facts], Outcomes]:
        """Return what judges a contact at this moment: whether each rule holds, in order."""
        judge: Callable[[Facts], Outcomes] = self._outcomes.bind(clock)
        return judge

    def outcomes_held(self, clock: Clock) -> Callable[[Facts, Mapping[str, bool]], Outcomes]:
        """Return the same where some outcomes are given by name, whatever the rules say."""
        judge: Callable[[Facts, Mapping[str, bool]], Outcomes] = self._held.bind(clock)
        return judge

    def verdicts(self, clock: Clock) -> Callable[[Facts], tuple[Verdict, ...]]:
        """Return what judges with the reasons, as `verdict.judge` does each rule.

        Whether the contact is in another segment is taken from the facts alone: what is
        explained is where the contact stands.
        """
        judge: Callable[[Facts], tuple[Verdict, ...]] = self._verdicts.bind(clock)
        return judge

    @property
    def source(self) -> str:
        return self._outcomes.text

    @cached_property
    def _outcomes(self) -> Source:
        return OutcomesSource(self.rules)

    @cached_property
    def _held(self) -> Source:
        return HeldSource(self.rules)

    @cached_property
    def _verdicts(self) -> Source:
        return VerdictsSource(self.rules)


class OutcomesSource(Source):
    """Whether each rule holds, as a tuple."""

    def _body(self) -> list[str]:
        lines, known = [], NOTHING_KNOWN
        for number, (name, rule) in enumerate(self._rules):
            line, known = self._outcome(name, rule, known)
            self._outcomes[name] = f"r{number}"
            lines.append(f"r{number} = {line}")
        return [*lines, f"return {_tuple(self._outcomes.values())}"]

    def _outcome(self, name: str, rule: Rule, known: Known) -> tuple[str, Known]:
        return self._rule(rule, known)


class HeldSource(OutcomesSource):
    """The same, where `held` decides some outcomes by name."""

    arguments = "facts, held"

    def _outcome(self, name: str, rule: Rule, known: Known) -> tuple[str, Known]:
        code, _ = self._rule(rule, known)
        return f"{code} if (x := held.get({self._constant(name)})) is None else x", known


class VerdictsSource(Source):
    """The verdict on each rule, as a tuple. Here every condition is looked at."""

    def _body(self) -> list[str]:
        self._values.update(
            new=tuple.__new__, Reason=Reason, Verdict=Verdict, stored=stored, track=track,
            reason_of=reason_of, flips=_flips,
        )  # fmt: skip
        self._lines: list[str] = []
        self._told: dict[Rule, str] = {}  # a condition or a group: the number of its variables
        self._tracks: dict[Leaf, str] = {}
        self._known = NOTHING_KNOWN
        verdicts = []
        for _, rule in self._rules:
            number = self._tell(rule)
            timed = [self._tracks[leaf] for leaf in leaves(rule) if leaf in self._tracks]
            flip = f"flips({self._constant(rule)}, {_tuple(timed)}, facts, clock)"
            verdicts.append(f"new(Verdict, (h{number}, q{number}, {flip if timed else None}))")
        return [*self._lines, f"return {_tuple(verdicts)}"]

    def _tell(self, rule: Rule) -> str:
        """Write what finds whether the node holds (h) and its reason (q), and number them."""
        if rule not in self._told:
            match rule:
                case All(parts):
                    self._told[rule] = self._group(rule, parts, " and ", "True")
                case Any(parts):
                    self._told[rule] = self._group(rule, parts, " or ", "False")
                case Not(part):
                    inner = self._tell(part)
                    self._told[rule] = self._reason(rule, f"not h{inner}", "None", [inner])
                case SegmentCondition(segment):
                    holds = f"{self._constant(segment)} in segments"
                    self._told[rule] = self._reason(rule, holds, "h{0}", [])
                case TraitCondition() if operator(rule.op, rule.kind).inline is not None:
                    self._told[rule] = self._trait_reason(rule)
                case _:
                    self._told[rule] = self._timed(rule)
        return self._told[rule]

    def _group(self, rule: Rule, parts: tuple[Rule, ...], joint: str, empty: str) -> str:
        told = [self._tell(part) for part in parts]
        return self._reason(rule, joint.join(f"h{one}" for one in told) or empty, "None", told)

    def _trait_reason(self, leaf: TraitCondition) -> str:
        key = ("stored", leaf.trait, leaf.kind)
        if key not in self._numbered:
            value = self._numbered[key] = f"v{len(self._numbered)}"
            raw = f"trait({self._constant(leaf.trait)})"
            self._lines.append(f"{value} = stored({self._constant(leaf.kind)}, {raw})")
        code, self._known = self._rule(leaf, self._known)
        return self._reason(leaf, code, self._numbered[key], [])

    def _reason(self, rule: Rule, holds: str, actual: str, parts: list[str]) -> str:
        number = str(len(self._told))
        reasons = _tuple(f"q{part}" for part in parts)
        values = f"{self._constant(rule)}, h{number}, {actual.format(number)}, None, {reasons}"
        self._lines += [f"h{number} = {holds}", f"q{number} = new(Reason, ({values}))"]
        return number

    def _timed(self, leaf: Leaf) -> str:
        """Write the reason of a condition that time alone may turn over."""
        number = str(len(self._told))
        self._tracks[leaf] = f"k{number}"
        self._lines += [
            f"k{number} = track({self._constant(leaf)}, facts, clock)",
            f"q{number} = reason_of(k{number}, clock)",
            f"h{number} = q{number}.holds",
        ]
        return number


def _flips(rule: Rule, timed: Iterable[Track], facts: Facts, clock: Clock) -> object:
    """Return when time alone turns the rule over, where any of these conditions may turn."""
    now = clock.instant()
    if not any(turn > now for one in timed for turn in one.turns):
        return None
    return flips_at(rule, {leaf: track(leaf, facts, clock) for leaf in leaves(rule)}, clock)


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"
