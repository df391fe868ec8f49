"""The editor of segments against forms no browser would send: refused in words, never a 500."""

import json
import random
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.events import record_event
from apps.segments.models import Ladder, Segment
from apps.segments.plan import live_plan
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")

FORMS = 150
KEYS = ("plan", "score", "trial_ends", "born", "contact.email", "contact.created_at")
TEXTS = (
    "",
    " ",
    "pro",
    "\x00",
    "a\x00b",
    "'; DROP TABLE contacts_contact; --",
    "%' OR 1=1 --",
    "\\",
    '"',
    "{}",
    "$.plan",
    "\u202e\U0001f600",
    "x" * 600,
    "9" * 30,
    "9" * 5000,
    "-1",
    "1e400",
    "nan",
    "-inf",
    "0x10",
    "٣",
    "²",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59-14:00",
    "30d",
    "99999999999d",
)
OPS = (
    *("is", "is_not", "one_of", "contains", "like", "at_least", "between", "in_last", "before"),
    *("in_next", "older_than", "on", "is_set", "has_any", "never", "exactly", "at_most", "in"),
    *("not_in", "first:", "last:older_than", "first:between", ":", "__class__", "\x00", ""),
    *("did", "sum:at_least", "max:is_set", "text:is", "number:at_least", "any:is_set"),
)
ACTIONS = (
    *("save", "save", "save", "condition-1", "group-1", "json", "rows", "preview", "", "undo"),
    *("remove-2", "remove-", "copy-2", "wrap-3", "up-3", "into-2", "out-3", "drop-2-3-", "where-2"),
    *("remove-" + "9" * 5000, "remove-²", "remove--1", "\x00", "drop", "follow-2", "dry-run"),
)


FIELDS = (
    *("low", "high", "number", "number_unit", "time", "low_time", "high_time", "not", "measured"),
    *("within", "within_unit", "then", "then_within", "property", "match", "implied"),
)


class Hostile:
    """Makes one form after another of what is nearly right and what is not at all."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def form(self) -> dict[str, Any]:
        chance, count = self.chance, self.chance.choice([0, 1, 2, 3, 20])
        form: dict[str, Any] = {
            "do": chance.choice(ACTIONS),
            "name": chance.choice(["Pros", "Pros", *TEXTS]),
            "status": chance.choice(["live", "draft", "archived", "\x00"]),
            "ask": chance.choice(["", "", "preview", "proof", "count", "\x00"]),
            "node": ["group 1", *(self.node(index) for index in range(2, count + 2))],
            "match-1": chance.choice(["all", "any", "none", "not_all", "\x00"]),
            "view": chance.choice(["rows", "json", ""]),
            "json": chance.choice([self.source, self.text])(),
            "undo": chance.choice([self.source, self.text])(),
        }
        for name in ("ladder", "rung", "confirmed"):
            if chance.random() < 0.2:
                form[name] = chance.choice(["1", *TEXTS])
        for name in ("static", "enrol_existing"):
            if chance.random() < 0.2:
                form[name] = "on"
        for index in range(2, min(count, 4) + 2):
            form |= self.row(index)
        return form

    def node(self, index: int) -> str:
        kind = self.chance.choice(["condition", "condition", "condition", "group", "where", "then"])
        return f"{kind} {index} in {self.chance.choice([1, 1, 1, index - 1, 99])}"

    def row(self, index: int) -> dict[str, Any]:
        chance = self.chance
        if chance.random() < 0.5:
            sound = {"subject": "trait:plan", "op": "is", "value": "pro", "match": "any"}
            return {f"{name}-{index}": text for name, text in sound.items()}
        return {
            f"subject-{index}": chance.choice(
                [
                    f"trait:{chance.choice(KEYS)}",
                    f"trait:{self.text()}",
                    f"event:{chance.choice(['ordered', self.text()])}",
                    f"segment:{chance.choice(['pros', 'gone', self.text()])}",
                    self.text(),
                ]
            ),
            f"op-{index}": chance.choice(OPS),
            f"value-{index}": [self.text() for _ in range(chance.choice([0, 1, 1, 3]))],
            **{f"{name}-{index}": self.text() for name in FIELDS},
        }

    def text(self) -> str:
        return self.chance.choice(TEXTS)

    def source(self) -> str:
        """Return a rule from hell as JSON."""
        written = json.dumps(self.rule(0))
        return written.replace('"~surrogate"', r'"\ud800"').replace('"~huge"', "9" * 5000)

    def rule(self, depth: int) -> object:
        chance = self.chance
        if depth < 4 and chance.random() < 0.5:
            parts = [self.rule(depth + 1) for _ in range(chance.choice([0, 1, 2, 5]))]
            return chance.choice(
                [{"all": parts}, {"any": parts}, {"not": self.rule(depth + 1)}, {"none": parts}]
            )
        return chance.choice([self.trait, self.event, self.nonsense])()

    def trait(self) -> object:
        return {
            "trait": self.chance.choice([*KEYS, self.text()]),
            "op": self.chance.choice(OPS),
            "value": self.value(),
        }

    def event(self) -> object:
        chance = self.chance
        condition: dict[str, object] = {"event": chance.choice(["ordered", self.text()])}
        if chance.random() < 0.5:
            where = {"property": self.text(), "op": chance.choice(OPS), "value": self.value()}
            condition["where"] = [where] * chance.choice([1, 1, 250])
        if chance.random() < 0.5:
            asked = chance.choice(["count", "first", "last"])
            condition[asked] = {"op": chance.choice(OPS), "value": self.value()}
        if chance.random() < 0.5:
            condition["within"] = self.value()
        return condition

    def nonsense(self) -> object:
        deep: object = {"all": []}
        for _ in range(self.chance.choice([5, 400])):
            deep = {"not": deep}
        return self.chance.choice(
            [deep, None, [], "x", 0, {"segment": "pros"}, {"segment": 1}, {"all": {"all": []}}]
        )

    def value(self) -> object:
        return self.chance.choice(
            [
                *(self.text(), self.text(), "~surrogate", "~huge", 0, -1, 10**15 + 1, 10**300),
                *(1e308, True, None, [], [1, 2], [[1]], ["pro", "\x00"], {"op": "is"}, "30d"),
                *([self.text(), self.text()], list(range(250)), "7d", 3, ["pro"]),
            ]
        )


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(UserFactory(role=User.Role.MARKETER))
    return client


def test_hostile_forms_are_answered_and_never_break_the_plan(marketer: Client) -> None:
    contact = ContactFactory(profile={"plan": "pro", "score": 3, "born": "1990-02-28"})
    record_event(contact, name="ordered", now=NOW, properties={"total": 5, "": "x"})
    Ladder.objects.create(name="Ladder", slug="ladder")
    pros = segment("pros", IS_PRO)
    hostile = Hostile(seed=20261123)
    statuses: dict[int, int] = {}
    for number in range(FORMS):
        form = hostile.form()
        address = ("new/", f"{pros.pk}/edit/")[number % 2]
        headers = {"HX-Request": "true"} if number % 3 == 0 else {}
        response = marketer.post(f"/admin/segments/{address}", form, headers=headers)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        assert response.status_code in {200, 302}, form
    assert statuses[200] > FORMS / 2
    assert live_plan().broken == {}
    assert marketer.get("/admin/segments/").status_code == 200
    assert Segment.objects.exclude(slug="pros").exists()  # some did make sense


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_email_pins_nobody(marketer: Client, text: str) -> None:
    ContactFactory(email="")
    pros = segment("pros", IS_PRO)
    address = f"/admin/segments/{pros.pk}/pin/"
    assert marketer.post(address, {"email": text, "held": "in"}).status_code == 302
    assert marketer.post(address, {"email": "x@example.com", "held": text}).status_code == 302
    assert not pros.pins.exists()


HUGE = 2**70
ADDRESSES = (
    *(f"/admin/segments/{HUGE}/", f"/admin/segments/{HUGE}/edit/", f"/leads/{HUGE}/"),
    *(f"/admin/segments/why/{HUGE}/pros/", f"/admin/segments/why/{'9' * 5000}/pros/"),
    *(f"/admin/contacts/contact/{HUGE}/event/", f"/admin/nurture/message/{HUGE}/html/"),
    *(f"/admin/nurture/sequence/{HUGE}/preview/", f"/admin/nurture/sequence/step/{HUGE}/html/"),
    *(
        f"/admin/quizzes/question/add/?quiz={HUGE}",
        f"/admin/quizzes/question/add/?quiz={'9' * 5000}",
    ),
)
POSTED = (
    *(f"/admin/segments/{HUGE}/pin/", f"/leads/{HUGE}/stage/", f"/leads/{HUGE}/owner/"),
    *(f"/admin/quizzes/quiz/{HUGE}/publish/", f"/admin/quizzes/quiz/{HUGE}/move/{HUGE}/"),
    f"/admin/nurture/message/{HUGE}/decide/",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_number_no_database_holds_is_not_found(marketer: Client, address: str) -> None:
    segment("pros", IS_PRO)
    assert marketer.get(address).status_code in {404, 414}


@pytest.mark.parametrize("address", POSTED)
def test_a_number_no_database_holds_cannot_be_posted_to(marketer: Client, address: str) -> None:
    assert marketer.post(address).status_code == 404


@pytest.mark.parametrize("words", ["x" * 60_000, "a " * 20_000, "a " * 900, "%", "\\", "²"])
@pytest.mark.parametrize("name", ["q", "after", "p", "tier", "o", "e"])
def test_lists_answer_whatever_is_asked_of_them(marketer: Client, name: str, words: str) -> None:
    pros = segment("pros", IS_PRO)
    for address in (
        *(f"/admin/segments/{pros.pk}/", "/leads/", "/admin/contacts/contact/"),
        *("/admin/nurture/message/", "/admin/contacts/event/", "/admin/quizzes/quiz/"),
    ):
        response = marketer.get(address, {name: words})
        assert response.status_code < 500, (address, response.content[:200])
