"""An edit is rehearsed, looked through and saved: in a browser as it is, and without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.test_pages import findings
from tests.journeys.visiting import Visitor
from tests.running import wait_for

pytestmark = pytest.mark.browser
LATELY = '{"event": "order_completed", "within": "90d"}'
EVER = '{"event": "order_completed"}'


@pytest.fixture(params=[True, False], ids=["javascript", "plain"])
def marketer(
    demo: Site, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[tuple[Visitor, str]]:
    """Someone with a name of their own for what they make, for both ways share a company."""
    options = {"java_script_enabled": request.param, "reduced_motion": "reduce"}
    visitor = Visitor(browser, demo.url, **options)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    yield visitor, f"Buyers {request.node.callspec.id}"
    visitor.context.close()


def figure(visitor: Visitor, name: str) -> int:
    """Return the number in the heading of a list."""
    heading = visitor.page.get_by_role("heading", name=name)
    return int(re.sub(r"\D", "", heading.inner_text()))


def is_built(visitor: Visitor) -> bool:
    visitor.page.reload()
    return "Built" in visitor.page.locator("dl.facts").inner_text()


def test_an_edit_is_rehearsed_looked_through_and_saved(marketer: tuple[Visitor, str]) -> None:
    visitor, name = marketer
    page = visitor.page
    page.goto("/admin/segments/new/")
    page.get_by_label("Name").fill(name)
    visitor.press("Show as JSON")
    page.get_by_label("The rule as JSON").fill(LATELY)
    visitor.press("See what this would do")
    page.get_by_role("heading", name=f"What saving {name} would do").wait_for()
    members = figure(visitor, "Would enter")
    assert members > 0
    visitor.press("Save it")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    wait_for(lambda: is_built(visitor))
    page.get_by_role("link", name="Edit").click()
    visitor.press("Show as JSON")
    page.get_by_label("The rule as JSON").fill(EVER)
    visitor.press("See what this would do")
    page.get_by_role("heading", name=f"What saving {name} would do").wait_for()
    entering = figure(visitor, "Would enter")
    assert figure(visitor, "Would leave") == 0
    expect(page.get_by_text(f"{members} in it now, {members + entering} then.")).to_be_visible()

    page.get_by_role("link", name=f"All {entering} who would enter").click()
    seen: set[str] = set()
    while True:
        rows = page.locator(".people a")
        first = rows.first.inner_text()
        seen |= {str(row.get_attribute("href")) for row in rows.all()}
        more = page.get_by_role("link", name="More contacts")
        if not more.count():
            break
        more.click()
        expect(rows.first).not_to_have_text(first)
    assert len(seen) == entering
    page.get_by_role("link", name="What saving would do").click()

    visitor.press("Back to editing")
    expect(page.get_by_label("The rule as JSON")).to_have_value(EVER)
    visitor.press("See what this would do")
    visitor.press("Save it")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_text("is saved as revision 2")).to_be_visible()
    assert visitor.complaints == []


def test_nothing_is_wrong_with_the_pages_of_a_dry_run(demo: Site, browser: Browser) -> None:
    visitor = Visitor(browser, demo.url, reduced_motion="reduce")
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    page = visitor.page
    page.goto("/admin/segments/")
    page.get_by_role("link", name="Explorers to win").click()
    page.get_by_role("link", name="Edit").click()
    visitor.press("Show as JSON")
    page.get_by_label("The rule as JSON").fill('{"event": "quiz_finished"}')
    visitor.press("See what this would do")
    page.get_by_role("heading", name="What saving Explorers to win would do").wait_for()
    assert findings(visitor) == []
    page.get_by_role("link", name=re.compile("who would enter")).click()
    page.get_by_role("heading", name=re.compile("would enter Explorers to win")).wait_for()
    assert findings(visitor) == []
    visitor.context.close()
