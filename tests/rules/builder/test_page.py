"""The builder as HTML: what a page shows of a rule, sent back as it stands, is that rule."""

import random
from collections.abc import Iterator
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string

from apps.rules import codec
from apps.rules.builder import draft, offering
from apps.rules.builder.showing import Subjects, shown
from apps.rules.builder.tree import MATCHES
from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.kinds import Kind, Option
from apps.rules.nodes import Rule
from tests.rules.builder.test_there_and_back import without_double_nots
from tests.rules.population import EVENTS, KINDS, SEGMENTS, TEXTS
from tests.rules.random_rules import random_rule

RULES = 150
ZONE = ZoneInfo("Europe/Berlin")
OPTIONS = tuple(Option(text, text.title()) for text in TEXTS[:4])
KNOWN = Catalogue(
    {
        **CONTACT_TRAITS,
        **{
            key: TraitSpec(key, key.title(), kind, OPTIONS if kind.startswith("choice") else ())
            for key, kind in KINDS.items()
        },
    },
    {slug: slug.title() for slug in SEGMENTS},
)
SUBJECTS = Subjects([("All", [(f"event:{name}", name) for name in EVENTS])], {})


class Sent(HTMLParser):
    """Gathers what a browser would send of a form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.form: dict[str, list[str]] = {}
        self._list = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.form.setdefault(name, []).append(found.get("value", ""))
        elif tag == "select":
            self._list = name
        elif tag == "option" and ("selected" in found or self._list not in self.form):
            self.form[self._list] = [found["value"]]
        elif tag == "textarea":
            self._area = name
            self.form[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.form[self._area][0] += data.replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


def page(one: draft.Draft) -> str:
    context = {
        "root": shown(one.tree, KNOWN, SUBJECTS, problems={}),
        "draft": one,
        "matches": MATCHES.items(),
        "units": offering.UNITS,
        "subject_options": "",
        "events": SUBJECTS.events,
        "address": "/here/",
    }
    return render_to_string("rules/_builder.html", context)


def rules() -> Iterator[Rule]:
    chance = random.Random(8)
    for _ in range(RULES):
        yield codec.loads(random_rule(chance, depth=chance.randint(0, 4)), KNOWN)


def test_a_page_sent_back_as_it_stands_is_the_rule() -> None:
    for rule in rules():
        opened = draft.opened(codec.dumps(rule), KNOWN, ZONE)
        sent = draft.read(Sent(page(opened)).form, "save", KNOWN, ZONE)
        back = codec.loads(sent.rule(KNOWN), KNOWN)
        assert back == without_double_nots(rule)


def test_a_rule_is_shown_with_its_own_operators() -> None:
    for rule in rules():
        opened = draft.opened(codec.dumps(rule), KNOWN, ZONE)
        assert opened.settled(KNOWN) == opened


def test_json_that_says_a_thing_twice_is_not_shown_as_less() -> None:
    source = '{"all": [], "all": [{"segment": "cold"}]}'
    form = {"view": ["json"], "json": [source]}
    assert draft.read(form, "rows", KNOWN, ZONE).as_json
    assert not draft.read({**form, "json": ['{"segment": "gone"}']}, "rows", KNOWN, ZONE).as_json


def test_an_option_that_is_gone_stays_chosen() -> None:
    kinds = {key: kind for key, kind in KINDS.items() if kind is Kind.CHOICE}
    data = {"trait": next(iter(kinds)), "op": "is", "value": "no such option"}
    html = page(draft.opened(data, KNOWN, ZONE))
    assert '<option value="no such option" selected>no such option (no option)</option>' in html
