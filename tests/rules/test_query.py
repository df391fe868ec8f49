"""What only a database can get wrong: casts that fail, keys that mean something, NULL."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts.models import Contact, Event
from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.clock import Calendar
from apps.rules.facts import Facts
from apps.rules.kinds import Kind, Option
from apps.rules.operands import Shape
from apps.rules.operators import OPERATORS
from apps.rules.verdict import holds
from tests.rules.asking import by_condition, by_query, statement
from tests.rules.population import CATALOGUE

LISBON = Calendar(ZoneInfo("Europe/Lisbon"))
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def matched(rule: dict[str, Any], catalogue: Catalogue = CATALOGUE) -> list[int]:
    """Ask the rule as a column and as a condition of its own."""
    read = codec.loads(rule, catalogue)
    here = {"now": NOW, "calendar": LISBON}
    [found] = by_query([read], **here)
    assert found == by_condition(read, **here)
    return sorted(found)


def with_event(**properties: Any) -> int:
    contact = Contact.objects.create()
    Event.objects.create(
        contact=contact,
        name="visited",
        occurred_at=NOW,
        properties=properties,
        message_id=f"m{contact.pk}",
    )
    return contact.pk


def where(key: str, op: str, *value: Any) -> dict[str, Any]:
    compared = {"property": key, "op": op, **({"value": value[0]} if value else {})}
    return {"event": "visited", "where": [compared]}


def test_the_empty_groups_are_everybody_and_nobody_and_so_are_their_opposites() -> None:
    contact = Contact.objects.create()
    assert matched({"all": []}) == matched({"not": {"any": []}}) == [contact.pk]
    assert matched({"any": []}) == matched({"not": {"all": []}}) == []


def test_numbers_no_double_can_hold_count_as_missing_and_fail_no_query() -> None:
    pks = [with_event(total=value) for value in (10**400, -(10**18), 2**63, 5)]
    with connection.cursor() as cursor:  # as another writer may have stored it
        cursor.execute(
            "UPDATE contacts_event SET properties = %s WHERE contact_id = %s",
            ['{"total": 1e-400}', pks[2]],
        )
    assert matched(where("total", "at_least", -(10**15))) == [pks[2], pks[3]]
    assert matched(where("total", "is", 0)) == [pks[2]]
    assert matched(where("total", "is_not", 5)) == pks[:3]
    assert matched(where("total", "is_set")) == pks


@pytest.mark.parametrize("stored", [0.1 + 0.2, 1e-9, 123456.789, 5e-324, 2.2250738585072011e-308])
def test_a_number_equals_itself_and_not_its_neighbour(stored: float) -> None:
    pk = with_event(total=stored)
    assert matched(where("total", "is", stored)) == [pk]
    assert matched(where("total", "one_of", [1, stored])) == [pk]
    assert matched(where("total", "between", [stored, stored])) == [pk]
    assert matched(where("total", "more_than", stored)) == []


KEYS = ["0", "a__b", "contains", "$x", "$", 'a"b', "it's", "a\\", "do.t", "ünï", "%s", "a b", "[0]"]


@pytest.mark.parametrize("key", KEYS)
def test_a_property_key_means_nothing_but_itself(key: str) -> None:
    pk = with_event(**{key: "Yes"})
    with_event(other="Yes", a={"b": "Yes"}, x="Yes")
    assert matched(where(key, "is", "yes")) == [pk]
    assert matched(where(key, "is_set")) == [pk]


@pytest.mark.parametrize("column", ['["Yes"]', '"Yes"', "5", "null", "true", '[{"0": "Yes"}]'])
def test_a_column_that_holds_no_object_has_no_keys(column: str) -> None:
    pk = with_event(total=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_event SET properties = %s", [column])
        cursor.execute("UPDATE contacts_contact SET profile = %s", [column])
    for key in ("0", 'a"b'):
        assert matched(where(key, "is", "Yes")) == []
        assert matched(where(key, "is_not_set")) == [pk]
    assert matched({"trait": "tags", "op": "has_any", "value": ["Yes"]}) == []
    assert matched({"trait": "plan", "op": "is_not", "value": "Yes"}) == [pk]


ODD = ("pro", "Pro", "", 5, 5.5, True, None, ["pro"], {"pro": 1}, "[]", "5", "true", "null", "a\"B",
       "x\\N", "tab\tT", "straße", "STRASSE", "\u212a", "2026-11-23", ["2026-11-23"])  # fmt: skip

TEXTS = tuple(text for text in ODD if isinstance(text, str) and text)
ODDLY = Catalogue(
    {
        key: replace(spec, options=tuple(Option(text, text) for text in TEXTS))
        for key, spec in CATALOGUE.traits.items()
    },
    {},
)


@pytest.mark.parametrize("trait", ["plan", "tier", "tags", "born", "seen", "score", "vip"])
def test_whatever_stands_in_a_profile_every_operator_says_the_same_everywhere(trait: str) -> None:
    stored = [*ODD, [*ODD], ["Pro", 5], [{"pro": "pro"}], [["pro"]], ["", ""], [""], []]
    profiles = [{trait: value} for value in stored] + [{}]
    pks = {Contact.objects.create(profile=profile).pk: profile for profile in profiles}
    kind = ODDLY.traits[trait].kind
    for op, value in asked_of(trait, kind):
        source = {"trait": trait, "op": op, **({} if value is None else {"value": value})}
        rule = codec.loads(source, ODDLY)
        due = [pk for pk, profile in pks.items()
               if holds(rule, Facts(traits=profile), now=NOW, calendar=LISBON)]  # fmt: skip
        assert matched(source, ODDLY) == due, source
        assert matched({"not": source}, ODDLY) == sorted(pks.keys() - set(due)), source


def asked_of(trait: str, kind: Kind) -> Iterator[tuple[str, Any]]:
    """Yield every operator of the trait with values that meet, and that miss, what is stored."""
    texts = [option.value for option in ODDLY.traits[trait].options]
    for name, row in OPERATORS[kind].items():
        match row.shape:
            case Shape.NONE:
                yield name, None
            case Shape.LIST if kind is not Kind.NUMBER:
                yield from ((name, [text]) for text in texts)
                yield name, texts
            case Shape.ONE | Shape.TEXT if kind in (Kind.TEXT, Kind.CHOICE):
                yield from ((name, text) for text in texts)
            case Shape.ONE if kind is Kind.NUMBER:
                yield from ((name, number) for number in (5, 5.5, 6))
            case Shape.ONE | Shape.DAY:
                yield from ((name, day) for day in ("2026-11-23", "2026-11-24"))
            case Shape.DURATION:
                yield name, "3d"


def test_the_text_of_the_query_does_not_depend_on_the_values() -> None:
    def sql(text: str) -> str:
        rule = {
            "all": [
                {"trait": "plan", "op": "contains", "value": text},
                {"trait": "tags", "op": "has_all", "value": [text]},
                where("total", "is", text),
            ]
        }
        read = codec.loads(rule, CATALOGUE)
        query, _ = statement([read], now=NOW, calendar=Calendar(UTC))
        return re.sub(r"\(%s(, %s)+\)", "(%s)", query)  # as many as the text has spellings

    assert sql("kiss") == sql("'; DROP TABLE contacts_contact; -- %s \\")


def test_the_largest_rule_is_still_one_query() -> None:
    pk = with_event(total=1)
    values = [f"{number:03}" for number in range(40)]
    parts = [{"trait": "plan", "op": "none_of", "value": values} for _ in range(190)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert matched({"any": [{"not": {"all": parts}}, where("total", "is", 1)]}) == [pk]
    assert len(queries) == 2  # as a column, and by itself


def test_a_rule_that_only_came_parsed_is_not_larger_than_one_that_came_as_text() -> None:
    texts = [f"{number:0500}" for number in range(200)]
    with pytest.raises(codec.RuleError) as caught:
        codec.loads({"trait": "plan", "op": "one_of", "value": texts}, CATALOGUE)
    assert caught.value.code == "too_large"


def test_a_condition_that_many_rules_share_stands_in_the_statement_once() -> None:
    rule = codec.loads({"all": [where("total", "at_least", 5)]}, CATALOGUE)
    alone, shared = (statement([rule] * times, now=NOW, calendar=Calendar(UTC)) for times in (1, 9))
    assert shared[1] == alone[1]


@pytest.mark.parametrize("together", ["all", "any"])
def test_a_rule_of_very_many_events_is_planned_in_no_time(together: str) -> None:
    pk = with_event(total=1)
    parts = [{"event": f"event_{n}", "count": {"op": "exactly", "value": 0}} for n in range(190)]
    assert matched({together: parts}) == [pk]
    assert matched({"not": {together: parts}}) == []
