from typing import Any

import pytest
from django.http import QueryDict

from apps.rules import codec
from apps.rules.catalogue import Catalogue, TraitSpec
from apps.rules.kinds import Kind, Option
from apps.segments import builder
from apps.segments.builder import Draft, Row
from apps.segments.widgets import widgets_of

KNOWN = Catalogue(
    {
        "plan": TraitSpec("plan", "Plan", Kind.TEXT),
        "score": TraitSpec("score", "Score", Kind.NUMBER),
        "tier": TraitSpec(
            "tier", "Tier", Kind.CHOICE, (Option("hot", "Hot"), Option("warm", "Warm"))
        ),
        "born": TraitSpec("born", "Born", Kind.DATE),
        "tags": TraitSpec("tags", "Tags", Kind.CHOICES, (Option("x", "X"), Option("y", "Y"))),
    },
    {"customers": "Customers"},
)
FLAT: list[dict[str, Any]] = [
    {"trait": "plan", "op": "is", "value": "Pro, or so"},
    {"trait": "plan", "op": "one_of", "value": ["a", "b"]},
    {"trait": "plan", "op": "is_set"},
    {"trait": "score", "op": "at_least", "value": 2.5},
    {"trait": "score", "op": "between", "value": [1, 5]},
    {"trait": "score", "op": "one_of", "value": [1, 2]},
    {"trait": "tier", "op": "is", "value": "hot"},
    {"trait": "tier", "op": "one_of", "value": ["hot", "warm"]},
    {"trait": "tags", "op": "has_all", "value": ["x", "y"]},
    {"trait": "born", "op": "in_last", "value": "30d"},
    {"trait": "born", "op": "between", "value": ["2020-01-01", "2021-01-01"]},
    {"trait": "born", "op": "before", "value": "2020-01-01"},
    {"trait": "born", "op": "in_period", "value": "this_month"},
    {"trait": "born", "op": "anniversary_in_next", "value": "1w"},
    {"event": "bought", "last": {"op": "in_period", "value": "yesterday"}},
    {"event": "bought", "first": {"op": "anniversary_in_next", "value": "7d"}},
    {"event": "bought", "count": {"op": "at_least", "value": 2}, "within": "4w"},
    {"event": "bought", "count": {"op": "exactly", "value": 0}},
    {"event": "bought", "last": {"op": "older_than", "value": "60d"}},
    {"event": "bought", "first": {"op": "after", "value": "2024-01-01"}},
    {"not": {"event": "bought", "within": "7d"}},
    {"segment": "customers"},
    {"not": {"segment": "customers"}},
]


def posted(draft: Draft) -> Draft:
    """Send the draft through a form, as the page does."""
    form = QueryDict(mutable=True)
    form["rows"] = str(len(draft.rows))
    form["match"] = draft.match
    for index, row in enumerate(draft.rows):
        form[f"subject-{index}"] = row.subject
        form[f"op-{index}"] = row.op
        form.setlist(f"value-{index}", list(row.values))
        for name in ("low", "high", "number", "unit"):
            form[f"{name}-{index}"] = getattr(row, name)
    return builder.read(form)


@pytest.mark.parametrize("group", ["all", "any", "none"])
def test_a_flat_rule_survives_the_way_through_the_form(group: str) -> None:
    rule = {"not": {"any": FLAT}} if group == "none" else {group: FLAT}
    draft = builder.draft_of(rule)
    assert not draft.as_json
    written = codec.loads(posted(draft).rule(KNOWN), KNOWN)
    assert written == codec.loads(rule, KNOWN)


@pytest.mark.parametrize("condition", FLAT)
def test_every_row_has_operators_and_a_widget(condition: dict[str, Any]) -> None:
    (widget,) = widgets_of(builder.draft_of({"all": [condition]}), KNOWN, {})
    assert widget.row.op in dict(widget.operators)


@pytest.mark.parametrize("subject", ["trait:born", "event:bought"])
def test_a_period_is_chosen_from_a_list(subject: str) -> None:
    op = "last:in_period" if subject.startswith("event") else "in_period"
    draft = Draft("all", (Row(subject, op, ("last_quarter",)),))
    (widget,) = widgets_of(draft, KNOWN, {})
    assert (widget.shows, widget.multiple) == ("options", False)
    assert ("last_quarter", "last quarter") in widget.options


@pytest.mark.parametrize(
    "rule",
    [
        {"all": [{"any": [FLAT[0]]}]},
        {"all": [{"trait": "plan", "op": "one_of", "value": ["a, b", "c"]}]},
        {"event": "bought", "where": [{"property": "total", "op": "at_least", "value": 1}]},
        {"all": [{"event": "bought", "count": {"op": "between", "value": [1, 2]}}]},
        {"all": [{"event": "bought", "sum": {"property": "a", "op": "is", "value": 1}}]},
        {"event": "bought", "min": {"property": "a", "op": "is_set"}, "within": "30d"},
        {"event": "viewed", "then": {"event": "bought"}},
        {"all": [{"not": {"event": "viewed", "then": {"event": "bought"}, "within": "2d"}}]},
    ],
)
def test_a_rule_rows_cannot_show_is_edited_as_json(rule: dict[str, Any]) -> None:
    draft = builder.draft_of(rule)
    assert draft.as_json
    assert codec.loads(draft.rule(KNOWN), KNOWN) == codec.loads(rule, KNOWN)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "rows=x",
        "rows=-1",
        "rows=99999999999999",
        "rows=1",
        "rows=2&subject-0=trait:nope&match=x",
    ],
)
def test_a_strange_form_is_read_without_complaint(form: str) -> None:
    draft = builder.read(QueryDict(form))
    assert draft.match == "all"
    assert len(draft.rows) <= builder.MAX_ROWS


def test_json_that_no_rows_can_show_stays_json() -> None:
    for source in ("", "[", "[" * 100_000, "9" * 5000, '{"all": 1}', '{"event": "a", "count": 1}'):
        assert builder.rows_of_json(source) is None


def test_a_row_is_taken_out_by_its_place() -> None:
    draft = Draft("all", (Row("trait:plan"), Row("trait:score")))
    assert draft.without(0).rows == (Row("trait:score"),)
