"""The editor's page through plain requests: nested rules, what is said beside them, and parts."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.event_names import names
from apps.contacts.events import record_event
from apps.contacts.profile import change_profile
from apps.segments.models import Segment
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import BOUGHT_TWICE_IN_30_DAYS, IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")
NEW = "/admin/segments/new/"
NESTED = {
    "all": [
        IS_PRO,
        {"any": [{"not": {"all": [BOUGHT_TWICE_IN_30_DAYS]}}, {"event": "ordered"}]},
    ]
}


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def fields_of(page: str) -> dict[str, list[str]]:
    """Return what a browser would send of a page's builder; good for what the tests show."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        skipped = 'type="checkbox"' in tag and " checked" not in tag
        if name and value and name[1] != "csrfmiddlewaretoken" and not skipped:
            found.setdefault(name[1], []).append(value[1].replace("&quot;", '"'))
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner)
        found[name] = [chosen[1]] if chosen else [""]
    return found


def post(client: Client, address: str, form: dict[str, Any], **more: Any) -> str:
    return client.post(address, {**form, **more}).content.decode()


def test_a_nested_rule_opened_and_saved_is_the_same_rule(marketer: Client) -> None:
    row = segment("nested", NESTED)
    address = f"/admin/segments/{row.pk}/edit/"
    form = fields_of(marketer.get(address).content.decode())
    response = marketer.post(address, {**form, "do": "save"})
    assert response.status_code == 302
    row.refresh_from_db()
    assert (row.rule, row.revision) == (NESTED, 1)


def test_a_three_level_rule_is_built_by_buttons_alone(marketer: Client) -> None:
    page = marketer.get(NEW).content.decode()
    form = fields_of(page) | {"name": ["Built"], "subject-2": ["trait:plan"]}
    form = fields_of(post(marketer, NEW, form, do="preview")) | {"value-2": ["pro"]}
    form = fields_of(post(marketer, NEW, form, do="group-1")) | {"subject-4": ["event:ordered"]}
    form = fields_of(post(marketer, NEW, form, do="group-3"))
    form |= {"subject-6": ["trait:score"], "match-5": ["none"]}
    form = fields_of(post(marketer, NEW, form, do="preview"))
    form |= {"op-6": ["at_least"], "value-6": ["5"]}
    form = fields_of(post(marketer, NEW, form, do="up-5"))
    marketer.post(NEW, {**form, "do": "save"})
    score = {"trait": "score", "op": "at_least", "value": 5}
    inner = {"any": [{"not": {"any": [score]}}, {"event": "ordered"}]}
    assert Segment.objects.get().rule == {"all": [IS_PRO, inner]}


def test_an_event_is_narrowed_by_its_properties_and_by_what_follows(marketer: Client) -> None:
    form = fields_of(marketer.get(NEW).content.decode())
    form |= {"name": ["Narrowed"], "subject-2": ["event:page_viewed"], "op-2": ["did"]}
    form = fields_of(post(marketer, NEW, form, do="where-2"))
    form |= {"property-3": ["path"], "op-3": ["text:starts_with"], "value-3": ["/pricing"]}
    page = post(marketer, NEW, form, do="follow-2")
    assert re.findall(r'<(\w+) id="([^"]+)"[^>]*autofocus', page) == [("select", "then-2")]
    form = fields_of(page) | {"then-2": ["order_completed"], "then_within-2": ["2"]}
    form = fields_of(post(marketer, NEW, form, do="then-2"))
    form |= {"property-4": ["total"], "op-4": ["number:at_least"], "value-4": ["50"]}
    marketer.post(NEW, {**form, "do": "save"})
    total = {"property": "total", "op": "at_least", "value": 50}
    path = {"property": "path", "op": "starts_with", "value": "/pricing"}
    then = {"event": "order_completed", "where": [total], "within": "2d"}
    rule = {"event": "page_viewed", "where": [path], "then": then}
    assert Segment.objects.get().rule == {"all": [rule]}


def test_the_last_act_is_undone_and_done_again(marketer: Client) -> None:
    segment("nested", NESTED)
    address = f"/admin/segments/{Segment.objects.get().pk}/edit/"
    form = fields_of(marketer.get(address).content.decode())
    before = form["node"]
    removed = fields_of(post(marketer, address, form, do="remove-3"))
    assert len(removed["node"]) < len(before)
    back = fields_of(post(marketer, address, removed, do="undo"))
    assert back["node"] == before
    assert fields_of(post(marketer, address, back, do="undo"))["node"] == removed["node"]


def test_focus_goes_to_what_is_to_be_filled_in(marketer: Client) -> None:
    form = fields_of(marketer.get(NEW).content.decode())
    page = post(marketer, NEW, form, do="group-1")
    focused = re.findall(r'<(\w+) id="([^"]+)"[^>]*autofocus', page)
    assert focused == [("select", "subject-4")]
    page = post(marketer, NEW, fields_of(page), do="condition-1")
    page = post(marketer, NEW, fields_of(page), do="up-5")
    assert '<details class="menu" open>' in page
    assert re.findall(r'<(\w+) id="([^"]+)"[^>]*autofocus', page) == [("button", "up-5")]
    page = post(marketer, NEW, fields_of(page), do="up-5")
    assert '<details class="menu" open>' not in page
    # It is at the top now, so there is no "Move up" to go on at.
    assert re.findall(r'<(\w+) id="([^"]+)"[^>]*autofocus', page) == [("summary", "more-5")]


def test_each_condition_has_its_own_complaint(marketer: Client) -> None:
    form = fields_of(marketer.get(NEW).content.decode())
    form = fields_of(post(marketer, NEW, form, do="condition-1"))
    form |= {
        "name": ["Wrong"],
        "subject-2": ["trait:score"],
        "op-2": ["at_least"],
        "value-2": ["many"],
        "subject-3": ["trait:born"],
        "op-3": ["before"],
    }
    page = post(marketer, NEW, form, do="save")
    notes = dict(re.findall(r'<div id="notes-(\d)" class="notes">\s*<p[^>]*>([^<]*)</p>', page))
    assert notes == {
        "2": "Expected a number, got &#x27;many&#x27;.",
        "3": "Fill in what it is compared with.",
    }


def test_what_is_wrong_is_told_at_once_and_what_is_only_empty_when_it_is_saved(
    marketer: Client,
) -> None:
    form = fields_of(marketer.get(NEW).content.decode())
    form = fields_of(post(marketer, NEW, form, do="condition-1"))
    form |= {
        "subject-2": ["event:ordered"],
        "op-2": ["did"],
        "within-2": ["0"],
        "subject-3": ["event:ordered"],
        "op-3": ["sum:at_least"],
    }
    told = re.findall(r'class="field-error">([^<]*)<', post(marketer, NEW, form, do="preview"))
    assert told == ["Expected a duration such as 90s, 15m, 36h, 30d or 8w, at most 100 years."]
    told = re.findall(r'class="field-error">([^<]*)<', post(marketer, NEW, form, do="save"))
    assert told[-1] == "Say which property is meant."


def test_what_is_not_finished_is_left_out_of_the_preview(marketer: Client) -> None:
    change_profile(ContactFactory(), now=NOW, traits={"plan": "pro"}, source="test")
    form = fields_of(marketer.get(NEW).content.decode())
    form |= {"subject-2": ["trait:plan"], "op-2": ["is"], "value-2": ["pro"]}
    response = marketer.post(NEW, {**form, "do": "group-1"})
    assert response.context["preview"].count == 1
    assert "Without 1 condition that is not finished." in response.content.decode()


def proof(client: Client, rule: object) -> str:
    """Ask as the page does for what is proved of a rule."""
    form = fields_of(
        post(client, NEW, {"view": "json", "json": json.dumps(rule), "do": "rows", "name": "New"})
    )
    headers = {"HX-Request": "true"}
    return client.post(NEW, {**form, "ask": "proof"}, headers=headers).content.decode()


def test_a_warning_stands_at_the_condition_it_is_about(marketer: Client) -> None:
    twice = {"trait": "score", "op": "at_least", "value": 5}
    rule = {"all": [IS_PRO, {"any": [twice, {"trait": "score", "op": "at_least", "value": 7}]}]}
    page = proof(marketer, rule)
    notes = re.findall(r'<div id="notes-(\d)" class="notes" hx-swap-oob="true">\s*(?:<div)', page)
    assert notes == ["5"]
    assert "changes nothing" in page
    never = {"all": [twice, {"trait": "score", "op": "less_than", "value": 3}]}
    assert "Nobody can match: Score cannot be both" in proof(marketer, never)


def test_being_inside_another_segment_is_shown_with_an_example(marketer: Client) -> None:
    segment("pros", IS_PRO)
    page = proof(marketer, {"all": [IS_PRO, BOUGHT_TWICE_IN_30_DAYS]})
    assert "Everyone in here is already in &#x27;Pros&#x27;." in page
    example = "In &#x27;Pros&#x27; but not in here: a contact with Plan &#x27;pro&#x27;"
    assert example in page
    assert "purchases" in page


def test_the_first_answer_proves_nothing_and_a_page_without_javascript_proves_all(
    marketer: Client,
) -> None:
    segment("pros", IS_PRO)
    form = {
        "node": ["group 1", "condition 2 in 1"],
        "subject-2": "trait:plan",
        "op-2": "is",
        "value-2": "pro",
        "do": "preview",
    }
    headers = {"HX-Request": "true"}
    part = marketer.post(NEW, {**form, "ask": "preview"}, headers=headers).content.decode()
    assert part.lstrip().startswith("<h2>")
    assert "This is the same as" not in part
    assert "This is the same as" in post(marketer, NEW, form)
    count = marketer.post(NEW, {**form, "ask": "count"}, headers=headers).content.decode()
    assert count.lstrip().startswith('<div id="count"')
    assert "figure-number" in count


def test_a_rule_that_lost_its_trait_is_shown_and_can_be_mended(marketer: Client) -> None:
    row = segment("nested", NESTED)
    Segment.objects.update(rule={"all": [{"trait": "gone", "op": "is", "value": "x"}, IS_PRO]})
    address = f"/admin/segments/{row.pk}/edit/"
    page = marketer.get(address).content.decode()
    assert "There is no trait &#x27;gone&#x27;." in page
    form = fields_of(page)
    form = fields_of(post(marketer, address, form, do="remove-2"))
    marketer.post(address, {**form, "do": "save"})
    row.refresh_from_db()
    assert row.rule == {"all": [IS_PRO]}


def test_json_that_is_no_rule_stays_with_its_place(marketer: Client) -> None:
    source = '{"all": [{"trait": "plan", "op": "is", "value": 5}]}'
    form = {"view": "json", "json": source, "name": "New"}
    page = post(marketer, NEW, form, do="save")
    assert "<code>all[0].value</code>" in page
    assert 'name="json"' in page


def test_the_page_asks_few_questions_however_large_the_rule(
    marketer: Client, django_assert_max_num_queries: Any
) -> None:
    row = segment("large", {"any": [IS_PRO] * 150})
    with django_assert_max_num_queries(16):
        page = marketer.get(f"/admin/segments/{row.pk}/edit/").content.decode()
    assert page.count('class="condition"') == 150


def test_the_names_of_events_are_found_one_by_one() -> None:
    assert names() == []
    contact = ContactFactory()
    for name in ("b", "a", "b", "c d", "B"):
        record_event(contact, name=name, now=NOW)
    assert sorted(names()) == ["B", "a", "b", "c d"]
