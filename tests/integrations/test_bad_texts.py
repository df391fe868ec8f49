"""Texts that a database cannot hold, in every place of every call where a text may stand."""

from typing import Any

import pytest

from apps.contacts.models import Contact, Event, Identity, Trait
from apps.segments.models import Segment
from tests.factories import ContactFactory
from tests.integrations.conftest import Caller
from tests.segments.build import IS_PRO

BAD = ("a\ud800", "\udfff", "a\0b")
TRAIT = {"label": "Plan", "kind": "choice"}
ROW_FIELDS = (
    "external_id", "email", "first_name", "last_name", "phone", "country", "language", "timezone",
)  # fmt: skip


def a_trait(bad: str) -> dict[str, Any]:
    bodies = {
        "label": {"label": bad},
        "kind": {"kind": bad},
        "option": {"options": [bad]},
        "label of an option": {"options": [{"value": "a", "label": bad}]},
        "key of an option": {"options": [{"value": "a", bad: "a"}]},
        "key beside the label": {bad: 1},
    }
    return {name: ("PUT", "/traits/plan", TRAIT | body) for name, body in bodies.items()}


def a_row(bad: str) -> dict[str, Any]:
    rows: dict[str, Any] = {
        "key of a trait": {"traits": {bad: "x"}},
        "key of a trait to remove": {"traits": {bad: None}},
        "trait": {"traits": {"plan": bad}},
        "trait in a list": {"traits": {"tags": ["a", bad]}},
        "key within a trait": {"traits": {"plan": {bad: 1}}},
        "key of a row": {bad: 1},
        **{name: {name: bad} for name in ROW_FIELDS},
    }
    return {
        name: ("POST", "/contacts", {"contacts": [row, {"external_id": "c2"}]})
        for name, row in rows.items()
    }


def an_event(bad: str) -> dict[str, Any]:
    good = {"message_id": "m", "contact": {"external_id": "c1"}, "name": "bought"}
    changes: dict[str, Any] = {
        "message id": {"message_id": bad},
        "name of an event": {"name": bad},
        "contact by external id": {"contact": {"external_id": bad}},
        "contact by email": {"contact": {"email": f"{bad}@example.com"}},
        "contact by another key": {"contact": {"id": 1, bad: "x"}},
        "time": {"occurred_at": bad},
        "property": {"properties": {"a": [bad]}},
        "key of a property": {"properties": {"a": {bad: 1}}},
        "key of an event": {bad: 1},
    }
    after = good | {"message_id": "after"}
    return {
        name: ("POST", "/events", {"events": [good | change, after]})
        for name, change in changes.items()
    }


def a_segment(bad: str) -> dict[str, Any]:
    bodies: dict[str, Any] = {
        "name of a segment": {"name": bad},
        "status": {"status": bad},
        "slug of a ladder": {"ladder": {"slug": bad, "rung": 1}},
        "key of pins": {"pins": {bad: []}},
    }
    found: dict[str, Any] = {
        name: ("PUT", "/segments/s", {"rule": IS_PRO} | body) for name, body in bodies.items()
    }
    found["slug to relate"] = ("POST", "/segments/relations", {"a": bad, "b": IS_PRO})
    found["now"] = ("POST", "/segments/preview", {"rule": IS_PRO, "now": bad})
    return found


def a_rule(bad: str) -> dict[str, Any]:
    def where(**changes: Any) -> dict[str, Any]:
        return {"event": "e", "where": [{"property": "p", "op": "is", "value": "x"} | changes]}

    rules: dict[str, Any] = {
        "trait of a rule": {**IS_PRO, "trait": bad},
        "operator": {**IS_PRO, "op": bad},
        "value": {**IS_PRO, "value": bad},
        "one of the values": {**IS_PRO, "op": "one_of", "value": [bad]},
        "part of a value": {**IS_PRO, "op": "contains", "value": bad},
        "key of a rule": {**IS_PRO, bad: 1},
        "event of a rule": {"event": bad},
        "event that follows": {"event": "e", "then": {"event": bad, "within": "2d"}},
        "window": {"event": "e", "within": bad},
        "property of a rule": where(property=bad),
        "property that is set": {"event": "e", "where": [{"property": bad, "op": "is_set"}]},
        "value of a property": where(value=bad),
        "key beside a property": where(**{bad: 1}),
        "sum of a property": {"event": "e", "sum": {"property": bad, "op": "at_least", "value": 1}},
        "segment": {"segment": bad},
    }
    found: dict[str, Any] = {}
    for name, rule in rules.items():
        found[f"{name}, previewed"] = ("POST", "/segments/preview", {"rule": rule})
        found[f"{name}, kept"] = ("PUT", "/segments/s", {"rule": rule})
    return found


def calls(bad: str) -> dict[str, tuple[str, str, Any]]:
    """Return a call with the text in it for each place, by the place's name."""
    return a_trait(bad) | a_row(bad) | an_event(bad) | a_segment(bad) | a_rule(bad)


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("place", calls(""))
def test_a_text_no_database_holds_is_refused_wherever_it_stands(call: Caller, place: str) -> None:
    Identity.objects.create(contact=ContactFactory(), kind=Identity.Kind.EXTERNAL, value="c1")
    traits = Trait.objects.count()
    for bad in BAD:
        method, path, body = calls(bad)[place]
        said = refusal(call, method, path, body)
        assert said["message"] != "This value cannot be used here."
        assert said["at"].isprintable()
    assert not Segment.objects.exists()
    assert Trait.objects.count() == traits
    assert Contact.objects.exclude(identities__value__in=["c1", "c2"]).count() == 0
    assert Event.objects.exclude(message_id="after").count() == 0


def refusal(call: Caller, method: str, path: str, body: Any) -> Any:
    """Return the one refusal, that of a row where the call has rows: the row after it is kept."""
    answer = call(method, path, body)
    said = answer.json()
    if answer.status_code != 200:
        assert answer.status_code in {404, 422}
        return said
    (error,) = said["errors"]
    assert error["index"] == 0
    assert said.get("accepted", 0) + said.get("duplicates", 0) == 1 or said["ids"][1]
    return error


def test_a_key_that_cannot_be_shown_is_told_as_text(call: Caller) -> None:
    rows = [{"traits": {key: 1}} for key in ("a\ud800", "a\0b", "ö\n")]
    said = call.post("/contacts", {"contacts": rows})
    at = [r"traits.a\ud800", r"traits.a\x00b", r"traits.ö\n"]
    assert [error["at"] for error in said["errors"]] == at
    assert {error["code"] for error in said["errors"]} == {"wrong_value"}
