"""Rules as expressions of generated Python: see `compiling`.

Each distinct condition and each trait is looked up at most once a contact, and not before
it is asked for: a variable holds it from then on.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any as AnyValue
from typing import assert_never

from apps.rules.clock import Clock
from apps.rules.comparing import Operator
from apps.rules.holding import AT_LEAST_ONE, found, suffices
from apps.rules.inlining import KNOWN, NAMES, READINGS
from apps.rules.keys import leaves
from apps.rules.kinds import Kind
from apps.rules.nodes import (
    All,
    Any,
    Compare,
    EventCondition,
    Not,
    Rule,
    SegmentCondition,
    TraitCondition,
    Where,
)
from apps.rules.operators import COUNTING, operator

Known = frozenset[str]  # the variables that surely have their value
NOTHING_KNOWN: Known = frozenset()


class Source:
    """The text of a function that judges one contact's facts, and the values its text names."""

    arguments = "facts"

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        self._rules = tuple(rules)
        self._seen = Counter(leaf for _, rule in self._rules for leaf in leaves(rule))
        self._values: dict[str, object] = {
            **NAMES, "bisect": bisect_right, "found": found, "suffices": suffices,
        }  # fmt: skip
        self._numbered: dict[object, str] = {}  # what a variable stands for: its name
        self._matchers: list[str] = []
        self._bounds: list[str] = []
        self._mentioned: dict[str, None] = {}
        self._outcomes: dict[str, str] = {}
        self.text = self._text(self._body())
        exec(_code(self.text), self._values)  # noqa: S102  our own text: values only by name

    @property
    def bind(self) -> Callable[[Clock], AnyValue]:
        """Return what makes the function for a moment: the ends of windows are found once."""
        bind: AnyValue = self._values["bind"]
        return bind  # type: ignore[no-any-return]

    def _body(self) -> list[str]:
        raise NotImplementedError

    def _text(self, body: list[str]) -> str:
        lines = [
            *self._matchers,
            "def bind(clock):",
            "    now = clock.now",
            *(f"    {line}" for line in self._bounds),
            f"    def judge({self.arguments}):",
            "        trait = facts.traits.get",
            "        events = facts.events.get",
            "        segments = facts.segments",
            *(f"        {name} = None" for name in self._mentioned),
            *(f"        {line}" for line in body),
            "    return judge",
        ]
        return "\n".join(lines)

    def _rule(self, rule: Rule, known: Known) -> tuple[str, Known]:
        """Return an expression, and what is surely known once it was evaluated."""
        match rule:
            case All(rules):
                return self._joined(rules, "and", "True", known)
            case Any(rules):
                return self._joined(rules, "or", "False", known)
            case Not(part):
                code, after = self._rule(part, known)
                return f"(not {code})", after
            case SegmentCondition(segment) if segment in self._outcomes:
                return self._outcomes[segment], known
            case SegmentCondition(segment):
                return f"({self._constant(segment)} in segments)", known
            case TraitCondition() | EventCondition():
                return self._leaf(rule, known)
            case _:
                assert_never(rule)

    def _joined(
        self, rules: tuple[Rule, ...], word: str, empty: str, known: Known
    ) -> tuple[str, Known]:
        """Join the parts: all that was evaluated is known to the next, the first for good."""
        if not rules:
            return empty, known
        codes, after = [], []
        for part in rules:
            code, known = self._rule(part, known)
            codes.append(code)
            after.append(known)
        return f"({f' {word} '.join(codes)})", after[0]

    def _leaf(self, leaf: TraitCondition | EventCondition, known: Known) -> tuple[str, Known]:
        if self._seen[leaf] == 1:
            return self._condition(leaf, known)
        name = self._numbered.setdefault(leaf, f"l{len(self._numbered)}")
        return self._once(name, lambda: self._condition(leaf, known), known)

    def _once(
        self, name: str, load: Callable[[], tuple[str, Known]], known: Known
    ) -> tuple[str, Known]:
        """Return the variable, evaluated here unless an earlier part did."""
        if name in known:
            return name, known
        is_first = name not in self._mentioned
        code, inside = load()
        self._mentioned[name] = None
        if is_first:
            return f"({name} := {code})", inside | {name}
        return f"({name} if {name} is not None else ({name} := {code}))", known | {name}

    def _condition(self, leaf: TraitCondition | EventCondition, known: Known) -> tuple[str, Known]:
        parts = (
            self._trait(leaf, known)
            if isinstance(leaf, TraitCondition)
            else self._event(leaf, known)
        )
        if parts is not None:
            return parts
        condition = self._constant(leaf)
        return f"suffices({condition}, found({condition}, facts, clock), clock)", known

    def _trait(self, leaf: TraitCondition, known: Known) -> tuple[str, Known] | None:
        row = operator(leaf.op, leaf.kind)
        if row.inline is None and not row.is_span(leaf.value):
            return None
        subject = (leaf.trait, leaf.kind)
        name = self._numbered.setdefault(subject, f"t{len(self._numbered)}")
        read, known = self._once(name, lambda: self._load(leaf, known), known)
        if row.inline is not None:
            return self._inlined(row, leaf.value, read, name, kind=leaf.kind), known
        first, last = self._span(row, leaf.value, leaf.kind)
        return _signed(row, f"{first} <= {read} <= {last}"), known

    def _load(self, leaf: TraitCondition, known: Known) -> tuple[str, Known]:
        raw = f"trait({self._constant(leaf.trait)})"
        return f"({READINGS[leaf.kind].load.format(raw=raw)})", known

    def _event(self, leaf: EventCondition, known: Known) -> tuple[str, Known] | None:
        """Return the condition, unless a part of it has no form here."""
        understood = EventCondition(
            leaf.event, leaf.where, leaf.count, leaf.first, leaf.last, leaf.within
        )
        matching = self._matcher(leaf.where) if leaf == understood else None
        when = leaf.first or leaf.last
        if matching is None or (when is not None and not _is_plain(when)):
            return None
        times, due, read, known = self._due(leaf, matching, known)
        if when is not None:
            at = "0" if leaf.first is not None else f"{due} - 1"
            return self._occurred(when, read, f"{times}[{at}]"), known
        if leaf.within is not None:
            read = f"({read} - bisect({times}, {self._ago(leaf)}))"
        count = leaf.count or AT_LEAST_ONE
        return self._inlined(COUNTING[count.op], count.value, read, read, kind=Kind.NUMBER), known

    def _due(
        self, leaf: EventCondition, matching: str, known: Known
    ) -> tuple[str, str, str, Known]:
        """Return where the times of the matching events are, how many are due, and its reading."""
        number = len(self._numbered)
        due = self._numbered.setdefault((leaf.event, leaf.where), f"d{number}")
        times = f"m{due}"
        events = f"events({self._constant(leaf.event)}, ())"
        load = f"bisect(({times} := {matching}({events})), now)"
        read, known = self._once(due, lambda: (load, known), known)
        return times, due, read, known

    def _occurred(self, when: Compare, due: str, time: str) -> str:
        row = operator(when.op, Kind.DATETIME)
        if not row.is_span(when.value):
            return _signed(row, f"{due} > 0")
        key = ("moments", row.name, when.value)
        if key not in self._numbered:
            first, last = self._bound_pair(key)
            call = f"{self._constant(row)}.moments({self._constant(when.value)}, clock=clock)"
            self._bounds.append(f"{first}, {last} = {call}")
        first, last = self._bound_pair(key)
        return _signed(row, f"{due} > 0 and {first} <= {time} <= {last}")

    def _span(self, row: Operator, operand: object, kind: Kind) -> tuple[str, str]:
        key = ("ends", row.name, operand, kind)
        if key not in self._numbered:
            first, last = self._bound_pair(key)
            arguments = f"{self._constant(operand)}, kind={self._constant(kind)}, clock=clock"
            self._bounds.append(f"{first}, {last} = {self._constant(row)}.ends({arguments})")
        return self._bound_pair(key)

    def _bound_pair(self, key: object) -> tuple[str, str]:
        name = self._numbered.setdefault(key, f"b{len(self._numbered)}")
        return f"{name}_first", f"{name}_last"

    def _ago(self, leaf: EventCondition) -> str:
        assert leaf.within is not None
        key = ("ago", leaf.within)
        if key not in self._numbered:
            self._numbered[key] = f"a{len(self._numbered)}"
            delta = self._constant(leaf.within.delta)
            self._bounds.append(f"{self._numbered[key]} = clock.ago({delta})")
        return self._numbered[key]

    def _matcher(self, conditions: tuple[Where, ...]) -> str | None:
        """Return the function that gives the sorted times of the events that match."""
        if conditions in self._numbered:
            return self._numbered[conditions]
        tests = [self._property(where) for where in conditions]
        name = f"e{len(self._numbered)}"
        test = " and ".join(test for test in tests if test is not None)
        if None in tests:
            return None
        self._numbered[conditions] = name
        self._matchers += [
            f"def {name}(events):",
            f"    return sorted([e.occurred_at for e in events{' if ' if test else ''}{test}])",
        ]
        return name

    def _property(self, where: Where) -> str | None:
        row = operator(where.op, where.kind)
        if where.kind is None or row.inline is None:
            return None
        raw = f"e.properties.get({self._constant(where.property)})"
        read = f"(y := ({READINGS[where.kind].load.format(raw=raw)}))"
        return self._inlined(row, where.value, read, "y", kind=where.kind)

    def _inlined(self, row: Operator, operand: object, x: str, again: str, *, kind: Kind) -> str:
        assert row.inline is not None
        constants = [self._constant(value) for value in row.inline.constants(operand)]
        known = READINGS[kind].known.format(x=x, again=again)
        return _signed(row, row.inline.code.format(*constants, x=x, again=again, known=known))

    def _constant(self, value: object) -> str:
        name = f"c{len(self._values)}"
        self._values[name] = value
        return name


def _is_plain(when: Compare) -> bool:
    """Return whether the time of an event is asked for, or whether it lies in a span."""
    row = operator(when.op, Kind.DATETIME)
    return row.inline is KNOWN or row.is_span(when.value)


def _signed(row: Operator, code: str) -> str:
    return f"(not ({code}))" if row.negated else f"({code})"


def _code(text: str) -> CodeType:
    return compile(text, "<rules>", "exec")
