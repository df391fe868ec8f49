"""Who belongs where, against where they are stored: many segments, one statement.

The set-based twin of standing.py. Every distinct condition is worked out once (rules/query.py);
rules, pins, ladders and references between segments are boolean algebra over those columns.
A contact's stored segments and those it belongs to are compared as bits, so that only who
differs is spelt out in rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q

from apps.contacts.models import Contact, Event
from apps.rules.clock import Clock
from apps.rules.keys import leaves
from apps.rules.nodes import Leaf, Rule, SegmentCondition
from apps.rules.query import FENCE, Atom, Sql, Table, combined, table
from apps.segments.calendar import installed
from apps.segments.models import Membership, Pin
from apps.segments.plan import Plan, Planned
from apps.segments.scope import EVERYBODY, Scope

WORD = 60  # bits of one column
COLUMNS = 1200  # conditions and segments of one statement


def differences(
    segments: Sequence[Planned], plan: Plan, now: datetime, scope: Scope = EVERYBODY
) -> Iterator[Sql]:
    """Yield SQL for the rows (contact_id, segment_id, due) of those stored elsewhere.

    The segments come in the plan's order. One statement, or as many as it takes: a table
    has no more than 1,664 columns. Each decides anew what its segments refer to, unless that
    alone is too wide (`fits`): then it is read as stored.
    """
    for wanted, needed in _bundles(segments):
        chosen = [planned for planned in segments if planned.slug in needed]
        yield Standings(chosen, plan, now, scope, wanted).difference()


def fits(segments: Iterable[Planned]) -> bool:
    """Return whether each segment fits a statement with all it refers to."""
    return all(len(columns) <= COLUMNS for _, columns in _needs(segments).values())


Needs = tuple[frozenset[str], frozenset[object]]  # slugs; columns: slugs and conditions


def _needs(segments: Iterable[Planned]) -> dict[str, Needs]:
    """Return what must be decided for each segment, by its slug."""
    found: dict[str, Needs] = {}
    for planned in segments:
        before = [found[slug] for slug in planned.refers_to if slug in found]
        found[planned.slug] = (
            frozenset([planned.slug]).union(*(slugs for slugs, _ in before)),
            _own(planned).union(*(columns for _, columns in before)),
        )
    return found


def _own(planned: Planned) -> frozenset[object]:
    conditions = leaves(planned.rule) if planned.rule is not None else ()
    return frozenset([planned.slug, *conditions])


def _bundles(segments: Sequence[Planned]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Yield the slugs each statement is to tell of, with those it must decide for that."""
    needs = _needs(segments)
    wanted, needed, columns = frozenset[str](), frozenset[str](), frozenset[object]()
    for planned in segments:
        slugs, its = needs[planned.slug]
        if len(its) > COLUMNS:
            slugs, its = frozenset([planned.slug]), _own(planned)
        if wanted and len(columns | its) > COLUMNS:
            yield wanted, needed
            wanted, needed, columns = frozenset(), frozenset(), frozenset()
        wanted, needed, columns = wanted | {planned.slug}, needed | slugs, columns | its
    if wanted:
        yield wanted, needed


def holding_afresh(rule: Rule, plan: Plan, now: datetime, scope: Scope = EVERYBODY) -> Sql | None:
    """Return SQL for the ids a rule holds for, the segments it refers to decided anew too.

    None where those are too many for one statement.
    """
    asked = Planned(pk=0, slug="?", name="", rule=rule)
    wider = Plan((*plan.segments, asked))
    chosen = [*wider.below([asked]), asked]
    if not fits(chosen):
        return None
    standings = Standings(chosen, wider, now, scope)
    before, params = standings.table()
    return f"{before} SELECT id FROM standings WHERE {standings.column(asked)}", params


@dataclass(frozen=True)
class Standings:
    """The segments a statement decides anew, in dependency order, at one moment.

    Other segments that those refer to are read from their memberships.
    """

    segments: Sequence[Planned]
    plan: Plan
    now: datetime
    scope: Scope = EVERYBODY
    wanted: frozenset[str] | None = None  # slugs to tell of; None: all the segments

    def difference(self) -> Sql:
        """Return SQL for the rows (contact_id, segment_id, due) of those stored elsewhere."""
        before, params = self.table()
        words = range(self.words)
        compared = ", ".join(
            f"{self._due_word(word)} AS due{word}, (w{word} & {self._mask(word)}) AS was{word}"
            for word in words
        )
        differs = " OR ".join(f"due{word} <> was{word}" for word in words)
        due = " ".join(f"WHEN {word} THEN due{word}" for word in words)
        other = " ".join(
            f"WHEN {word} THEN (due{word} | was{word}) - (due{word} & was{word})" for word in words
        )
        return (
            f"{before}, compared AS (SELECT id, {compared} FROM standings {self._fence}),"
            f" bits AS ({self._bits(self._told)})"
            f" SELECT moved.id AS contact_id, bits.segment_id,"
            f" ((CASE bits.word {due} END) & bits.bit) <> 0 AS due"
            f" FROM (SELECT * FROM compared WHERE {differs}) AS moved"
            f" JOIN bits ON ((CASE bits.word {other} END) & bits.bit) <> 0"
        ), params

    def table(self) -> Sql:
        """Return a WITH clause whose `standings` has a row for each contact.

        Its columns: id, is_standing, the words w0.. of what is stored, and s0.. where due.
        """
        found = self._atoms
        stored, params = self._stored_words()
        parts = [
            f"atoms AS ({found.sql})",
            f"stored AS ({stored})",
            f"level0 AS ({self._joined()})",
        ]
        for number, level in enumerate(self._levels):
            columns = [f"{self._belongs(planned)} AS {self.column(planned)}" for planned in level]
            before = f"SELECT level{number}.*, {', '.join(columns)} FROM level{number}"
            parts.append(f"level{number + 1} AS ({before} {self._fence})")
        parts.append(f"standings AS (SELECT * FROM level{len(self._levels)})")
        return f"WITH {', '.join(parts)}", (*found.params, *params)

    def column(self, planned: Planned) -> str:
        return f"s{self._places[planned.slug]}"

    @property
    def words(self) -> int:
        return -(-len(self._stored) // WORD)

    @property
    def _told(self) -> list[Planned]:
        return [p for p in self.segments if self.wanted is None or p.slug in self.wanted]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {planned.slug: place for place, planned in enumerate(self.segments)}

    @cached_property
    def _stored(self) -> dict[str, Planned]:
        """The segments whose stored members are read: those decided, those referred to."""
        read = {planned.slug: planned for planned in self.segments}
        for planned in self.segments:
            for slug in sorted(planned.refers_to):
                if slug in self.plan.by_slug:
                    read.setdefault(slug, self.plan.by_slug[slug])
        return read

    @cached_property
    def _bit(self) -> dict[str, tuple[int, int]]:
        """The word and the bit of each segment that is read."""
        return {slug: (place // WORD, 1 << place % WORD) for place, slug in enumerate(self._stored)}

    @cached_property
    def _levels(self) -> list[list[Planned]]:
        """The segments by how many others must be decided before them."""
        depth: dict[str, int] = {}
        levels: list[list[Planned]] = []
        for planned in self.segments:
            before = [depth[slug] for slug in planned.refers_to if slug in depth]
            here = depth[planned.slug] = 1 + max(before) if before else 0
            levels += [[]] if here == len(levels) else []
            levels[here].append(planned)
        return levels

    @cached_property
    def _atoms(self) -> Table:
        rules = [planned.rule for planned in self.segments if planned.rule is not None]
        atoms: list[Atom] = [
            leaf
            for rule in rules
            for leaf in leaves(rule)
            if not isinstance(leaf, SegmentCondition)
        ]
        standing = ExpressionWrapper(Q(merged_into=None), output_field=BooleanField())
        return table(
            atoms,
            contacts=self.scope.of(Contact.objects.all(), "pk").annotate(is_standing=standing),
            events=self.scope.of(Event.objects.all(), "contact"),
            clock=Clock(self.now, installed()),
            carry=["is_standing"],
        )

    @cached_property
    def _pinned(self) -> frozenset[int]:
        """The segments with pins: all others need not look for them."""
        ladders = {slug for planned in self.segments for slug in (planned.slug, *planned.rungs)}
        ids = [self.plan.by_slug[slug].pk for slug in ladders if slug in self.plan.by_slug]
        return frozenset(
            Pin.objects.filter(segment__in=ids).values_list("segment", flat=True).distinct()
        )

    @property
    def _fence(self) -> str:
        return FENCE[connection.vendor]

    def _stored_words(self) -> Sql:
        """Return the stored segments of each contact that has any, as bits."""
        ids = [planned.pk for planned in self._stored.values()]
        rows = self.scope.of(Membership.objects.filter(segment__in=ids), "contact").order_by()
        sql, params = rows.values("contact_id", "segment_id").query.sql_with_params()
        words = ", ".join(
            f"{_gather(f'CASE bits.word WHEN {word} THEN bits.bit ELSE 0 END')} AS w{word}"
            for word in range(self.words)
        )
        return (
            f"SELECT rows.contact_id, {words} FROM ({sql}) AS rows"
            f" JOIN ({self._bits(self._stored.values())}) AS bits"
            " ON bits.segment_id = rows.segment_id GROUP BY rows.contact_id"
        ), tuple(params)

    def _joined(self) -> str:
        columns = ["atoms.*"]
        columns += [f"COALESCE(stored.w{word}, 0) AS w{word}" for word in range(self.words)]
        columns += [self._pins(pk, how) for pk in sorted(self._pinned) for how in Pin.Held]
        return (
            f"SELECT {', '.join(columns)} FROM atoms"
            f" LEFT JOIN stored ON stored.contact_id = atoms.id {self._fence}"
        )

    def _pins(self, segment_id: int, held: str) -> str:
        """Return the column that tells who is held in, or out of, a segment."""
        return (
            f"EXISTS (SELECT 1 FROM {Pin._meta.db_table} AS pin WHERE pin.contact_id = atoms.id"
            f" AND pin.segment_id = {segment_id:d} AND pin.held = '{held}')"
            f" AS {_pin(segment_id, held)}"
        )

    def _belongs(self, planned: Planned) -> str:
        """The formula of `standing.belongs`: a pin, else the ladder, else the rule."""
        rule = "FALSE" if planned.rule is None else self._rule(planned.rule)
        for slug in planned.higher:
            rule += f" AND NOT {self._within(slug)}"
        return f"(is_standing AND {self._held(planned, rule)})"

    def _held(self, planned: Planned, rule: str) -> str:
        pinned_in = {
            slug: _pin(self.plan.by_slug[slug].pk, Pin.Held.IN)
            for slug in (planned.rungs or (planned.slug,))
            if self.plan.by_slug[slug].pk in self._pinned
        }
        if planned.pk in self._pinned:
            rule += f" AND NOT {_pin(planned.pk, Pin.Held.OUT)}"
        if not pinned_in:
            return f"({rule})"
        free = " AND ".join(f"NOT {column}" for column in pinned_in.values())
        if planned.slug not in pinned_in:
            return f"({rule} AND {free})"
        first = [pinned_in[planned.slug]]
        first += [f"NOT {pinned_in[slug]}" for slug in planned.higher if slug in pinned_in]
        return f"(({' AND '.join(first)}) OR ({rule} AND {free}))"

    def _rule(self, rule: Rule) -> str:
        columns: dict[Leaf, str] = {
            leaf: self._within(leaf.segment)
            if isinstance(leaf, SegmentCondition)
            else self._atoms.columns[leaf]
            for leaf in leaves(rule)
        }
        return combined(rule, columns)

    def _within(self, slug: str) -> str:
        """Return whether the contact stands in a segment: as decided here, else as stored."""
        if slug in self._places:
            return f"s{self._places[slug]}"
        if slug not in self._bit:
            return "FALSE"  # nobody is in a segment that is not live
        word, bit = self._bit[slug]
        return f"((w{word} & {bit:d}) <> 0)"

    def _due_word(self, word: int) -> str:
        found = [
            f"(CASE WHEN {self.column(planned)} THEN {self._bit[planned.slug][1]:d} ELSE 0 END)"
            for planned in self._told
            if self._bit[planned.slug][0] == word
        ]
        return f"({' | '.join(found)})" if found else "0"

    def _mask(self, word: int) -> int:
        bits = [self._bit[planned.slug] for planned in self._told]
        return sum(bit for place, bit in bits if place == word)

    def _bits(self, segments: Iterable[Planned]) -> str:
        rows = [(planned.pk, *self._bit[planned.slug]) for planned in segments]
        values = ", ".join(f"({pk:d}, {word:d}, {bit:d})" for pk, word, bit in rows)
        columns = "column1 AS segment_id, column2 AS word, column3 AS bit"
        return f"SELECT {columns} FROM (VALUES {values}) AS listed"


def _pin(segment_id: int, held: str) -> str:
    return f"pinned_{held}_{segment_id:d}"


def _gather(bits: str) -> str:
    """Return the aggregate that unites bits of which each comes once."""
    return f"BIT_OR({bits})" if connection.vendor == "postgresql" else f"SUM({bits})"
