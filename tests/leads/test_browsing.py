from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from apps.leads import browsing
from apps.leads.browsing import Asked
from tests.factories import UserFactory
from tests.leads.build import NOW, lead

pytestmark = pytest.mark.django_db


def emails(query, user=None):
    asked = Asked.of(query)
    return [row.contact.email for row in browsing.page(asked, user=user or UserFactory()).leads]


def test_leads_come_newest_first():
    lead("old@example.com", scored_at=NOW - timedelta(days=1))
    lead("new@example.com", scored_at=NOW)
    assert emails({}) == ["new@example.com", "old@example.com"]


@pytest.mark.parametrize(
    "query",
    [
        {"tier": "hot"},
        {"quiz": "ready"},
        {"stage": "working"},
        {"q": "ada"},
        {"tier": "hot", "stage": "working", "q": "ada@ex"},
    ],
)
def test_leads_are_narrowed_by_what_is_asked_for(query):
    lead("ada@example.com", stage="working")
    lead("bob@example.com", tier_key="cold", tier_label="Cold", quiz_slug="other", stage="new")
    assert emails(query) == ["ada@example.com"]


def test_mine_are_the_leads_i_own():
    me = UserFactory()
    lead("mine@example.com", owner=me)
    lead("hers@example.com", owner=UserFactory())
    assert emails({"owner": "mine"}, me) == ["mine@example.com"]


@pytest.mark.parametrize(
    "query",
    [
        {"stage": "sold"},
        {"after": "yesterday~1"},
        {"after": "2026-11-23T12:00:00~1"},
        {"after": "2026-11-23T12:00:00+00:00~x"},
        {"after": f"2026-11-23T12:00:00+00:00~{10**30}"},
        {"after": "9999-99-99T00:00:00+00:00~1"},
    ],
)
def test_nonsense_in_the_address_asks_for_nothing(query):
    lead("ada@example.com")
    assert emails(query) == ["ada@example.com"]


def test_a_nul_character_in_the_search_does_no_harm():
    lead("ada@example.com")
    assert emails({"q": "ada\x00", "tier": "h\x00ot"}) == ["ada@example.com"]


def test_tabs_count_every_tier_best_scores_first():
    lead("a@example.com", score=12)
    lead("b@example.com", tier_key="cold", tier_label="Cold", score=1)
    lead("c@example.com", tier_key="cold", tier_label="Cold", score=2)
    tabs = browsing.tabs(Asked(tier="cold"), user=UserFactory())
    assert [(tab.label, tab.count, tab.current) for tab in tabs] == [
        ("All", 3, False),
        ("Hot", 1, False),
        ("Cold", 2, True),
    ]


def test_pages_follow_one_another_though_leads_arrive_meanwhile(monkeypatch):
    monkeypatch.setattr(browsing, "PAGE", 2)
    for number in range(5):  # three share one instant
        lead(f"{number}@example.com", scored_at=NOW - timedelta(hours=max(0, number - 2)))
    user, seen, address = UserFactory(), [], {}
    for _ in range(3):
        page = browsing.page(Asked.of(address), user=user)
        seen += [row.contact.email for row in page.leads]
        lead(f"new{len(seen)}@example.com", scored_at=NOW + timedelta(hours=1))
        address = {"after": _after(page.older)}
    assert seen == [f"{number}@example.com" for number in (2, 1, 0, 3, 4)]
    assert page.older == ""


def _after(address):
    return parse_qs(address[1:]).get("after", [""])[0]
