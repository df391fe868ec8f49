"""What the solver must find: relations planted by hand, each with its witnesses."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.facts import Facts, Occurrence
from apps.rules.nodes import All, Rule, SegmentCondition
from apps.rules.nodes import Any as AnyOf
from apps.rules.operators import OPERATORS
from apps.rules.solver.asking import No, Solver, Witness
from apps.rules.solver.relations import Relation, conflict, idle, place, relate
from apps.rules.solver.survey import Survey
from apps.rules.verdict import holds
from tests.rules.population import CATALOGUE

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
LISBON = Calendar(ZoneInfo("Europe/Lisbon"))
Json = dict[str, Any]


def trait(key: str, op: str, *value: object) -> Json:
    return {"trait": key, "op": op, **({"value": value[0]} if value else {})}


def score(op: str, *value: object) -> Json:
    return trait("score", op, *value)


def plan(op: str, *value: object) -> Json:
    return trait("plan", op, *value)


def seen(op: str, *value: object) -> Json:
    return trait("seen", op, *value)


def born(op: str, *value: object) -> Json:
    return trait("born", op, *value)


def tags(op: str, *value: object) -> Json:
    return trait("tags", op, *value)


def order(within: str = "", **parts: object) -> Json:
    return {"event": "order_completed", **parts, **({"within": within} if within else {})}


def where(op: str, *value: object, name: str = "total") -> Json:
    return {"property": name, "op": op, **({"value": value[0]} if value else {})}


def times(op: str, value: object) -> Json:
    return {"count": {"op": op, "value": value}}


def measured(name: str, op: str, *value: object) -> Json:
    return {name: where(op, *value)}


def when(name: str, op: str, *value: object) -> Json:
    return {name: {"op": op, **({"value": value[0]} if value else {})}}


def viewed(within: str = "", **parts: object) -> Json:
    return {**order(within, **parts), "event": "page viewed"}


def then(within: str = "", **parts: object) -> Json:
    return {"then": viewed(within, **parts)}


def both(*rules: object) -> Json:
    return {"all": list(rules)}


def either(*rules: object) -> Json:
    return {"any": list(rules)}


def no(rule: object) -> Json:
    return {"not": rule}


EVERYBODY, NOBODY = {"all": []}, {"any": []}
AT_LEAST_100, LESS_THAN_50 = where("at_least", 100), where("less_than", 50)
CUSTOMERS = order(**times("at_least", 1))
SEGMENTS = {"customers": CUSTOMERS, "cold": no({"segment": "customers"})}
SAME, INSIDE, DISJOINT, OVERLAP = (
    Relation.SAME,
    Relation.INSIDE,
    Relation.DISJOINT,
    Relation.OVERLAP,
)

PLANTED: list[tuple[Json, Relation, Json]] = [
    # Texts
    (plan("is", "Pro"), SAME, plan("one_of", ["PRO"])),
    (plan("is", "Straße"), SAME, plan("is", "STRASSE")),
    (plan("is", "pro"), INSIDE, plan("one_of", ["team", "pro"])),
    (plan("is", "pro"), DISJOINT, plan("is", "team")),
    (plan("is", "pro"), INSIDE, plan("is_not", "team")),
    (plan("is_not_set"), INSIDE, plan("none_of", ["pro", "team"])),
    (no(plan("is_set")), SAME, plan("is_not_set")),
    (plan("starts_with", "abc"), INSIDE, plan("starts_with", "AB")),
    (plan("starts_with", "abc"), INSIDE, plan("contains", "b")),
    (plan("starts_with", "ab"), DISJOINT, plan("starts_with", "b")),
    (plan("is", "profile"), INSIDE, plan("starts_with", "pro")),
    (plan("is", "team"), DISJOINT, plan("contains", "x")),
    (plan("starts_with", "pro"), SAME, plan("like", "pro*")),
    (plan("like", "a?c"), INSIDE, plan("like", "*c")),
    (plan("like", "*"), SAME, plan("is_set")),
    (plan("ends_with", "@a.example"), INSIDE, plan("ends_with", "example")),
    (plan("starts_with", "pro"), OVERLAP, plan("ends_with", "max")),
    (both(plan("starts_with", "ab"), plan("ends_with", "ba"), plan("like", "???")), SAME,
     plan("is", "aba")),
    (trait("tier", "is", "gold"), DISJOINT, trait("tier", "is", "silver")),
    # A choice may hold what is no option (any more), so no two options make up all.
    (trait("tier", "none_of", ["gold", "Silver", "bronze", "STRASSE"]), OVERLAP,
     trait("tier", "is_set")),
    # Numbers
    (score("at_least", 50), DISJOINT, score("less_than", 20)),
    (score("at_least", 50), INSIDE, score("more_than", 49.5)),
    (score("between", [10, 20]), INSIDE, score("at_most", 20)),
    (score("is", 5), SAME, score("between", [5, 5.0])),
    (both(score("at_least", 5), score("at_most", 5)), SAME, score("is", 5)),
    (both(score("more_than", 0.1), score("less_than", 0.10000000000000002)), SAME, NOBODY),
    (score("one_of", [1, 2]), INSIDE, score("between", [1, 2])),
    (either(score("less_than", 5), score("at_least", 5)), SAME, score("is_set")),
    (score("at_least", 50), OVERLAP, plan("is", "pro")),
    # Yes and no, several options
    (trait("vip", "is_true"), DISJOINT, trait("vip", "is_false")),
    (trait("vip", "is_false"), INSIDE, no(trait("vip", "is_true"))),
    (tags("has_all", ["gold", "silver"]), INSIDE, tags("has_any", ["SILVER"])),
    (tags("has_none", ["gold"]), SAME, no(tags("has_any", ["gold"]))),
    (tags("has_any", ["gold"]), OVERLAP, tags("has_any", ["silver"])),
    # Dates and times
    (seen("in_last", "30d"), INSIDE, seen("in_last", "8w")),
    (seen("in_last", "30d"), DISJOINT, seen("older_than", "30d")),
    (seen("in_next", "36h"), DISJOINT, seen("in_last", "36h")),
    (seen("on", "2026-03-29"), INSIDE, seen("between", ["2026-03-01", "2026-03-31"])),
    (seen("before", "2026-01-01"), DISJOINT, seen("after", "2026-01-01")),
    (seen("before", "2025-01-01"), OVERLAP, seen("in_next", "7d")),
    (seen("in_period", "today"), INSIDE, seen("in_period", "this_month")),
    (seen("in_period", "last_week"), DISJOINT, seen("in_period", "today")),
    (born("in_last", "30d"), INSIDE, born("in_last", "8w")),
    (born("in_period", "this_week"), DISJOINT, born("in_period", "next_week")),
    (born("in_period", "this_month"), INSIDE, born("in_period", "this_quarter")),
    (born("anniversary_in_next", "7d"), INSIDE, born("anniversary_in_next", "30d")),
    (both(born("anniversary_in_next", "7d"), born("before", "1950-01-01")), INSIDE,
     born("before", "1960-01-01")),
    (born("anniversary_in_next", "7d"), OVERLAP, plan("is", "pro")),
    # Events: how often, which, and how long ago
    (order("30d"), INSIDE, order("8w")),
    (order("30d"), INSIDE, order()),
    (order(**times("at_least", 3)), INSIDE, order(**times("at_least", 2))),
    (order("30d", **times("at_least", 3)), INSIDE, order("8w", **times("at_least", 2))),
    (order("8w", **times("at_most", 1)), INSIDE, order("30d", **times("at_most", 1))),
    (order("8w", **times("exactly", 0)), DISJOINT, order("30d")),
    (order(**times("between", [2, 3])), DISJOINT, order(**times("exactly", 4))),
    (order(where=[AT_LEAST_100]), INSIDE, order(where=[where("at_least", 50)])),
    (order("30d", where=[AT_LEAST_100]), INSIDE, order()),
    (order(where=[where("is", "books", name="kind"), AT_LEAST_100]), INSIDE,
     order(where=[where("one_of", ["BOOKS", "tea"], name="kind")])),
    (order(where=[AT_LEAST_100, LESS_THAN_50]), SAME, NOBODY),
    (both(order(where=[AT_LEAST_100]), order(where=[LESS_THAN_50])), INSIDE,
     order(**times("at_least", 2))),
    (order(where=[AT_LEAST_100]), OVERLAP, order(where=[LESS_THAN_50])),
    (order(**when("last", "older_than", "60d")), SAME,
     both(order(), order("60d", **times("exactly", 0)))),
    (order(**when("last", "in_last", "60d")), SAME, order("60d")),
    (order(**when("first", "in_last", "60d")), INSIDE, order("60d")),
    (order(**when("first", "after", "2026-02-01")), INSIDE,
     order(**when("last", "after", "2026-01-01"))),
    (order(**when("last", "is_set")), SAME, order()),
    (order(**measured("sum", "at_least", 500)), INSIDE, order()),
    (order("30d", **measured("sum", "at_least", 500)), INSIDE, order("30d")),
    (order(where=[AT_LEAST_100], **times("at_least", 5)), INSIDE,
     order(where=[AT_LEAST_100], **measured("sum", "at_least", 500))),
    (order(**measured("sum", "at_least", 500)), OVERLAP,
     order("30d", **measured("sum", "less_than", 500))),
    (order(**measured("max", "at_least", 100)), SAME, order(where=[AT_LEAST_100])),
    (order(**measured("max", "less_than", 50)), DISJOINT, order(where=[AT_LEAST_100])),
    (order(**measured("min", "at_least", 100)), INSIDE, order(**measured("max", "more_than", 99))),
    (order(**then("36h")), INSIDE, order(**then("30d"))),
    (order("30d", **then()), INSIDE, viewed("30d")),
    (order(**then()), OVERLAP, order("30d")),
    # Segments in segments
    ({"segment": "customers"}, SAME, CUSTOMERS),
    ({"segment": "cold"}, DISJOINT, order("30d")),
    ({"segment": "cold"}, SAME, order(**times("exactly", 0))),
    ({"segment": "elsewhere"}, OVERLAP, CUSTOMERS),
    # Rules that nobody or everybody meets
    (NOBODY, INSIDE, plan("is", "pro")),
    (plan("is", "pro"), INSIDE, EVERYBODY),
    (either(plan("is", "pro"), no(plan("is", "pro"))), SAME, EVERYBODY),
]  # fmt: skip


def read(source: Json) -> Rule:
    known = type(CATALOGUE)(CATALOGUE.traits, {**CATALOGUE.segments, "elsewhere": "Elsewhere"})
    return codec.loads(source, known)


def solver() -> Solver:
    rules = {slug: read(source) for slug, source in SEGMENTS.items()}
    return Solver(rules.get, calendar=LISBON, now=NOW)


@pytest.mark.parametrize(("a", "said", "b"), PLANTED)
def test_planted_relations_are_found(a: Json, said: Relation, b: Json) -> None:
    asked = solver()
    one, other = asked.tell(read(a)), asked.tell(read(b))
    found = relate(asked, one, other)
    assert found.relation is said
    opposite = {INSIDE: Relation.CONTAINS}.get(said, said)
    assert relate(asked, other, one).relation is opposite
    for answer, expected in (
        (found.both, (True, True)),
        (found.only_a, (True, False)),
        (found.only_b, (False, True)),
    ):
        assert answer is not No.UNDECIDED
        if isinstance(answer, Witness):
            here = {"now": answer.now, "calendar": LISBON}
            seen = tuple(holds(rule.rule, answer.facts, **here) for rule in (one, other))
            assert seen == expected


@pytest.mark.parametrize(("a", "said", "b"), PLANTED)
def test_a_survey_says_the_same(a: Json, said: Relation, b: Json) -> None:
    rules = {slug: read(source) for slug, source in SEGMENTS.items()}
    survey = Survey(solver(), rules.get)
    one, other = survey.know(read(a)), survey.know(read(b))
    assert survey.relation(one, other) is said
    if not (one.never or other.always):
        assert survey.is_inside(one, other) is (said in (SAME, INSIDE))
    if not (other.never or one.always):
        assert survey.is_inside(other, one) is (said is SAME)


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        (both(score("at_least", 50), score("at_least", 20)), ["all[1]"]),
        (both(score("at_least", 20), plan("is", "pro"), score("at_least", 50)), ["all[0]"]),
        (both(plan("is", "pro"), plan("is", "PRO")), ["all[1]"]),
        (either(order("30d"), order("8w")), ["any[0]"]),
        (both(order(), either(plan("is", "pro"), order("8w"))), []),
        (both(order("30d"), either(order("8w"), plan("is", "pro"))), ["all[1]"]),
        (both(plan("is", "pro"), either(score("is_set"), plan("is", "team"))), ["all[1].any[1]"]),
        (no(either(order("30d"), order("8w"))), ["not.any[0]"]),
        (both(plan("is", "pro"), no(plan("is", "team"))), ["all[1]"]),
        (both(plan("is", "pro"), {"segment": "customers"}, order()), ["all[2]"]),
        (both(plan("is", "pro"), score("at_least", 5)), []),
    ],
)
def test_a_part_that_changes_nothing_is_found_with_its_place(rule: Json, places: list[str]) -> None:
    assert [place(path) for path, _ in idle(solver(), read(rule))] == places


def test_what_contradicts_itself_is_narrowed_down() -> None:
    rule = both(plan("is", "pro"), both(score("at_least", 50), order()), score("less_than", 20))
    found = conflict(solver(), read(rule))
    assert [place(path) for path, _ in found] == ["all[1].all[0]", "all[2]"]


def test_what_takes_too_long_is_undecided_and_not_guessed() -> None:
    """As many letters as one text cannot have at once: true, but not seen in time."""
    many = [plan("contains", chr(code) * 3) for code in range(97, 123)]
    asked = solver()
    told = asked.tell(read(both(*many, plan("like", "??"))))
    assert asked.exists(met=[told]) is No.UNDECIDED


def test_a_claim_about_dates_holds_for_texts_that_are_none() -> None:
    """A profile may hold what has the form of a date only: it lies between two days."""
    rule = both(born("is_set"), *(no(born(op, "2023-03-01")) for op in ("before", "on", "after")))
    strange = Facts(traits={"born": "2023-02-29"})
    assert holds(read(rule), strange, now=NOW, calendar=LISBON)
    asked = solver()
    assert asked.exists(met=[asked.tell(read(rule))]) is not No.PROVED


def test_an_event_that_is_still_to_come_proves_nothing_wrong() -> None:
    late = Facts(events={"order_completed": [Occurrence(datetime(2027, 1, 1, tzinfo=UTC))]})
    assert not holds(read(order()), late, now=NOW, calendar=LISBON)
    asked = solver()
    never = both(order(**when("last", "in_next", "8w")))
    assert asked.exists(met=[asked.tell(read(never))]) is No.PROVED


def test_what_is_so_only_by_the_calendar_of_today_is_no_claim() -> None:
    """Today the 15th of March lies in the last month; on another day it does not."""
    asked = solver()
    one = asked.tell(read(born("on", date(2026, 3, 15).isoformat())))
    other = asked.tell(read(born("in_last", "30d")))
    found = relate(asked, one, other)
    assert found.relation is OVERLAP
    assert isinstance(found.only_a, Witness)
    assert found.only_a.now != NOW


def test_a_long_chain_of_segments_is_seen_through() -> None:
    """Each refers twice to the one below: written out, the last had 2^300 conditions."""
    chain: dict[str, Rule] = {"s0": read(score("at_least", 50))}
    for number in range(1, 300):
        inner = SegmentCondition(f"s{number - 1}")
        chain[f"s{number}"] = All((inner, AnyOf((inner, read(plan("is", f"p{number}"))))))
    asked = Solver(chain.get, calendar=LISBON, now=NOW)
    survey = Survey(asked, chain.get)
    top = SegmentCondition("s299")
    assert relate(asked, asked.tell(top), asked.tell(chain["s0"])).relation is SAME
    assert survey.is_inside(survey.know(top), survey.know(chain["s0"]))


def test_every_relation_is_documented() -> None:
    page = (settings.BASE_DIR / "docs" / "solver.md").read_text()
    assert all(f"`{relation}`" in page for relation in Relation)


@pytest.mark.parametrize("kind", OPERATORS)
def test_every_operator_has_its_formula(kind: str) -> None:
    for row in OPERATORS[kind].values():  # type: ignore[index]
        assert (row.proof is None) is (row.window is not None), row.name
